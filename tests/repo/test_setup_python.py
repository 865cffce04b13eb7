"""tools/setup_env.py finds a Python that is new enough, or says what to do."""

import ast
import re
import subprocess
import sys
import tomllib

import pytest

from tools import setup_env
from tools.check_notebooks import ROOT

AS_OLD = """
import runpy, sys
sys.version_info = (3, 6, 0, "final", 0)
runpy.run_path({script!r}, run_name="__main__")
"""


def setup_as_old_python(small):
    code = AS_OLD.format(script=str(small.root / "tools/setup_env.py"))
    return subprocess.run([sys.executable, "-c", code], env=small.env, capture_output=True, text=True)


def test_old_python_can_read_the_script():
    ast.parse((ROOT / "tools/setup_env.py").read_text(), feature_version=(3, 6))


def test_needed_version_is_that_of_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == ">=" + setup_env.version_text(setup_env.NEEDED)


def test_old_python_alone_is_told_what_is_needed(small):
    small.add_program("python3.13", "#!/bin/sh\nexit 127\n")  # as a pyenv shim without its version
    result = setup_as_old_python(small)
    assert result.returncode == 1
    assert "Python 3.11 or newer is needed. Found 3.6" in result.stderr
    assert "make PYTHON=" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (small.root / ".venv").exists()


def test_old_python_hands_over_to_a_newer_one(small):
    small.add_program("python3.13", "#!/bin/sh\nexit 127\n")
    small.add_program("python3.12", f'#!/bin/sh\necho "with python3.12" >&2\nexec "{sys.executable}" "$@"\n')
    result = setup_as_old_python(small)
    assert result.returncode == 0, result.stderr
    assert "with python3.12" in result.stderr
    assert small.installed("tiny") == "1.0"


def test_started_from_its_own_environment_it_uses_the_outer_python(small):
    small.setup()
    (small.root / ".venv/setup.stamp").unlink()
    inner = small.root / ".venv/bin/python"
    result = subprocess.run(
        [inner, small.root / "tools/setup_env.py"], env=small.env, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("Remaking .venv")
    assert small.installed("tiny") == "1.0"


@pytest.mark.parametrize("missing", ["venv", "ensurepip"])
def test_python_without_venv_names_the_package(monkeypatch, tmp_path, missing):
    monkeypatch.setattr(setup_env.importlib.util, "find_spec", lambda name: None if name == missing else name)
    monkeypatch.setattr(setup_env, "VENV", str(tmp_path / ".venv"))
    name = f"python3.{sys.version_info[1]}"
    with pytest.raises(setup_env.SetupError, match=re.escape(f"sudo apt install {name}-venv")):
        setup_env.make_venv(uv=None)
    assert not (tmp_path / ".venv").exists()
