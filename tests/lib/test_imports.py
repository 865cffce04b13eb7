"""Arrows point one way: backprop_lib imports NumPy, the standard library and itself, and nothing else."""

import ast
import sys
from pathlib import Path

import pytest

LIBRARY = Path(__file__).parents[2] / "backprop_lib"
FILES = sorted(LIBRARY.rglob("*.py"))
STANDARD_ONLY = {"__init__.py", "scalar.py", "scalar_nn.py"}


def imported(file):
    """The top-level names of all modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module.partition(".")[0] if node.module and not node.level else "backprop_lib"


def test_the_library_is_found():
    assert {"scalar.py", "tensor.py", "core.py"} <= {file.name for file in FILES}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_file_imports_only_what_it_may(file):
    allowed = {*sys.stdlib_module_names, "backprop_lib"}
    if file.name not in STANDARD_ONLY:
        allowed.add("numpy")
    assert set(imported(file)) - allowed == set()
