"""Every displayed formula has a label and a check, which was written for it as it stands and passes."""

import importlib
import re
from pathlib import Path

import numpy as np
import pytest

from tests.book.formulas import CHECKS, checks
from tests.book.pages import cells, formulas, markdown_cells, page_formulas, page_paths

for _file in sorted(Path(__file__).parent.glob("formulas_*.py")):
    importlib.import_module(f"tests.book.{_file.stem}")  # its checks register themselves

SHAPE = re.compile(r"\((\d+(?:, ?\d+)*),?\)")


def stated_shapes(latex):
    """The shapes in the line "shapes:" of a formula, as tuples; an empty list without such a line."""
    _, _, line = latex.partition(r"\text{shape")
    return [tuple(map(int, found.split(","))) for found in SHAPE.findall(line)]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("label", CHECKS)
def test_formula_is_true(label, seed):
    shapes = CHECKS[label].run(np.random.default_rng(seed))
    assert (shapes or []) == stated_shapes(CHECKS[label].latex)


def test_every_formula_has_a_label_of_its_own():
    labels = [label for _, label, _ in page_formulas()]
    assert [where for where, label, _ in page_formulas() if label is None or labels.count(label) > 1] == []


def test_every_formula_has_a_check():
    assert [f"{where}: {label}" for where, label, _ in page_formulas() if label not in CHECKS] == []


def test_every_check_has_a_formula():
    assert set(CHECKS) - {label for _, label, _ in page_formulas()} == set()


def test_no_formula_was_edited_without_its_check():
    edited = [
        f"{where}: {label} now reads\n  {latex}\nbut its check was written for\n  {CHECKS[label].latex}\n"
        "Make the check evaluate the new formula, then copy the formula into it."
        for where, label, latex in page_formulas()
        if label in CHECKS and latex != CHECKS[label].latex
    ]
    assert edited == [], "\n".join(edited)


def test_formulas_are_displayed_in_no_other_way():
    """The checks see only $$ ... $$ in Markdown cells."""
    others = re.compile(r"\{math\}|\\\[|\\begin\{(?:align|equation|gather|multline|eqnarray)\*?\}")
    found = [
        f"{path.name}, cell {number}: {other}"
        for path in page_paths()
        for number, text in markdown_cells(path)
        for other in others.findall(re.sub(r"\$\$.*?\$\$", "", text, flags=re.DOTALL))
    ]
    printed = [
        f"{path.name}, cell {number}: $$ in an output"
        for path in page_paths()
        for number, cell in cells(path)
        for output in cell.get("outputs", [])
        if "$$" in "".join(output.get("data", {}).get("text/markdown", ""))
    ]
    assert found + printed == []


def test_formulas_are_found_with_and_without_label():
    text = "a\n\n$$\nx\n  = 1\n$$ (eq-a)\n\nand `$$ code $$`\n```\n$$ more $$\n```\n> $$y$$\n"
    assert formulas(text) == [("eq-a", "x = 1"), (None, "y")]


def test_a_formula_has_one_check():
    with pytest.raises(ValueError, match="eq-ch5-error has two checks: error and second"):

        @checks("eq-ch5-error", "E = 0")
        def second(rng):
            pass
