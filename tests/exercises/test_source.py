"""The instructor's notebooks keep the rules that nbgrader and a student's working day demand."""

import ast
import re
from collections import Counter

import nbformat
import pytest

from tests.exercises.notebooks import (
    SOURCES,
    is_graded,
    is_manual,
    is_test,
    meta,
    parts,
    read,
    region,
    stub,
    visible,
)

each_source = pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
SHAPE = r"(\([\w, ]+\)|any shape|number|same shape)"


def functions(source):
    return [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]


def points(text):
    """The numbers of points in each line: `(6 points)` and, in a mark scheme, `(2)` or `(2 + 1)`."""
    found = [
        re.findall(r"(?<=\s)\((\d+(?: \+ \d+)*)(?: points?\b[^)]*)?\)", line) for line in text.splitlines()
    ]
    return [sum(int(n) for group in line for n in group.split(" + ")) for line in found if line]


def test_there_is_an_exercise():
    assert SOURCES


@each_source
def test_valid_notebook(path):
    nbformat.validate(read(path))


@each_source
def test_metadata(path):
    used = [meta(cell) for cell in read(path).cells if meta(cell)]
    assert {m["schema_version"] for m in used} == {3}
    assert [name for name, n in Counter(m["grade_id"] for m in used).items() if n > 1] == []
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", m["grade_id"]) for m in used)
    for m in used:
        assert m["solution"] or m["locked"], f"{m['grade_id']}: a student could edit it"
        assert ("points" in m) == m["grade"], m["grade_id"]


@each_source
def test_points(path):
    graded = [cell for cell in read(path).cells if is_graded(cell)]
    assert sum(meta(cell)["points"] for cell in graded) == 100
    assert sum(is_test(cell) for cell in graded) >= 6
    assert sum(is_manual(cell) for cell in graded) >= 1


@each_source
def test_points_stand_in_the_headings(path):
    cells = read(path).cells
    for i, cell in enumerate(cells):
        if is_graded(cell):
            task = next(c for c in reversed(cells[:i]) if c.cell_type == "markdown")
            assert re.search(rf"^## .*\({meta(cell)['points']} points\)", task.source), meta(cell)["grade_id"]


@each_source
def test_parts(path):
    """Each part: a task with a hint that opens, an answer cell, and a cell of visible and hidden tests."""
    for task, answer, test in parts(read(path)):
        name = meta(test)["grade_id"]
        assert [c.cell_type for c in (task, answer, test)] == ["markdown", "code", "code"], name
        assert meta(answer)["solution"], name
        assert not is_graded(answer), name
        hint = re.search(r"<details>\s*<summary>.+?</summary>(.+?)</details>", task.source, re.DOTALL)
        assert hint, f"{name}: no hint"
        assert hint.group(1).strip(), f"{name}: an empty hint"
        assert region(answer, "SOLUTION").strip(), name
        assert "checks." in visible(test), f"{name}: no visible test"
        assert "checks." in region(test, "HIDDEN TESTS"), f"{name}: no hidden test"


@each_source
def test_no_region_is_left_open(path):
    for cell in read(path).cells:
        assert not re.search(r"(BEGIN|END) (SOLUTION|HIDDEN TESTS)", visible(cell)), meta(cell)


@each_source
def test_starting_code_raises_not_implemented(path):
    for _, answer, _ in parts(read(path)):
        namespace = {}
        exec(stub(answer), namespace)
        for function in functions(answer.source):
            arguments = [None] * len(function.args.args)
            with pytest.raises(NotImplementedError):
                namespace[function.name](*arguments)


@each_source
def test_docstrings_state_shapes(path):
    for _, answer, _ in parts(read(path)):
        for function in functions(stub(answer)):
            text = ast.get_docstring(function) or ""
            head, *_ = text.split("\n")
            assert head.endswith("."), f"{function.name}: {head!r} is no sentence"
            for parameter in (a.arg for a in function.args.args):
                stated = rf"\b{parameter}\b(, \w+)*: [^.]*{SHAPE}"
                assert re.search(stated, text), f"{function.name}: no shape of {parameter}"
            assert re.search(r"Returns ", text), f"{function.name}: what does it return?"


@each_source
def test_manual_parts_have_a_rubric_and_a_mark_scheme(path):
    """The points of each question are those of the mark scheme, and add up to those of the cell."""
    cells = read(path).cells
    for i, cell in enumerate(cells):
        if is_manual(cell):
            questions = re.split(r"^\d+\. ", cells[i - 1].source, flags=re.MULTILINE)[1:]
            stated = [int(re.search(r"\((\d+) points", question).group(1)) for question in questions]
            answer, scheme = cell.source.split("**Mark scheme.**")
            assert len(re.findall(r"^\d+\. ", answer, re.MULTILINE)) == len(questions)
            assert points(scheme) == stated
            assert sum(stated) == meta(cell)["points"]


@each_source
def test_no_outputs(path):
    assert [c.id for c in read(path).cells if c.get("outputs") or c.get("execution_count")] == []
