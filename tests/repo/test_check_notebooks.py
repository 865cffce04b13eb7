"""tools/check_notebooks.py passes good notebooks and names file, cell, finding and remedy of bad ones."""

import json
import subprocess
import sys

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import check_notebooks

KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)"}}


def stream(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def code(source, count, *outputs, **fields):
    return new_code_cell(source, execution_count=count, outputs=list(outputs), **fields)


def graded(source, grade_id, points=1, **fields):
    grading = {"grade": True, "grade_id": grade_id, "points": points, "locked": True, "schema_version": 3}
    return new_code_cell(source, metadata={"nbgrader": grading}, **fields)


ANSWER = "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION"
TEST = "assert f() == 1\n### BEGIN HIDDEN TESTS\nassert f() != 2\n### END HIDDEN TESTS"


@pytest.fixture
def check(tmp_path, monkeypatch):
    """A function that writes a notebook into a small repository and returns the problems found in it."""
    monkeypatch.setattr(check_notebooks, "ROOT", tmp_path)

    def write_and_check(name, cells, metadata=KERNEL, **changes):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({**new_notebook(metadata=metadata), "cells": cells, **changes}))
        return check_notebooks.check(path)

    return write_and_check


def test_good_chapter(check):
    cells = [
        new_markdown_cell("# Title, see https://example.org/home/page and chapters/home/"),
        code("print(1)", 1, stream("1\n")),
        new_markdown_cell("Text"),
        code("2 / 3", 2, new_output("execute_result", data={"text/plain": "0.6667"}, execution_count=2)),
        code("plt.show()", 3, new_output("display_data", data={"image/png": "QUJD /home/x"})),
    ]
    assert check("chapters/good.ipynb", cells) == []


def test_good_assignment(check):
    assert check("solutions/one/one.ipynb", [new_code_cell(ANSWER), graded(TEST, "test_f")]) == []


BAD_CHAPTERS = {
    "not run": ([code("1", None)], ", cell 1: a cell that was not run, where 1 is expected; restart"),
    "run out of order": (
        [code("1", 1), new_markdown_cell("x"), code("2", 4)],
        ", cell 3: execution count 4, where 2 is expected; restart",
    ),
    "empty": ([code("1", 1), code(" ", None)], ", cell 2: an empty code cell; delete it"),
    "error": (
        [code("1/0", 1, new_output("error", ename="ZeroDivisionError", evalue="division", traceback=[]))],
        ", cell 1: an error, ZeroDivisionError: division; mend the cell",
    ),
    "stderr": (
        [code("f()", 1, stream("a warning\n", "stderr"))],
        ", cell 1: text on stderr, 'a warning'; remove",
    ),
    "big": ([code("f()", 1, stream("x" * 1_200_000))], ", cell 1: 1.2 MB in one cell; print or draw less"),
}


@pytest.mark.parametrize(("cells", "problem"), BAD_CHAPTERS.values(), ids=BAD_CHAPTERS.keys())
def test_bad_chapter(check, cells, problem):
    found = check("chapters/bad.ipynb", cells)
    assert len(found) == 1
    assert found[0].startswith(f"chapters/bad.ipynb{problem}")


PATHS = ["/home/ada/x.py", "/Users/ada/x.py", "/tmp/x.py", r"C:\Users\ada\x.py", "file:///home/ada/x.py"]


@pytest.mark.parametrize("path", PATHS)
def test_paths_of_one_machine(check, path):
    end = "; use a relative path"
    (in_source,) = check("chapters/a.ipynb", [code(f"open({path!r})", 1)])
    assert in_source.startswith("chapters/a.ipynb, cell 1: a path of one machine in the source")
    assert in_source.endswith(end)
    (in_output,) = check("chapters/b.ipynb", [code("f()", 1, stream(f'File "{path}", line 1'))])
    assert in_output.startswith("chapters/b.ipynb, cell 1: a path of one machine in the output")
    html = new_output("display_data", data={"text/html": f"<b>{path}</b>"})
    assert len(check("chapters/c.ipynb", [code("f()", 1, html)])) == 1


BAD_ASSIGNMENTS = {
    "outputs": ([graded(TEST, "a", outputs=[stream("1")])], ", cell 1: outputs or an execution count; clear"),
    "count": ([graded(TEST, "a", execution_count=3)], ", cell 1: outputs or an execution count; clear"),
    "same id": ([graded(TEST, "a"), graded(TEST, "a")], ", cell 2: grade_id 'a' was used before; give"),
    "no id": ([graded(TEST, "")], ", cell 1: an nbgrader cell without a grade_id; give it one"),
    "no points": ([graded(TEST, "a", points=None)], ", cell 1: a graded cell with points None; give"),
    "zero points": ([graded(TEST, "a", points=0)], ", cell 1: a graded cell with points 0; give"),
    "open solution": (
        [new_code_cell("### BEGIN SOLUTION\n1"), graded(TEST, "a")],
        ", cell 1: a BEGIN SOLUTION that is never closed; add END SOLUTION",
    ),
    "unopened solution": (
        [new_code_cell("1\n### END SOLUTION"), graded(TEST, "a")],
        ", cell 1: an END SOLUTION without its BEGIN SOLUTION; add",
    ),
    "nested solution": (
        [new_code_cell("### BEGIN SOLUTION\n" + ANSWER), graded(TEST, "a")],
        ", cell 1: a second BEGIN SOLUTION before the END",
    ),
    "open hidden tests": (
        [graded("### BEGIN HIDDEN TESTS\nassert 1", "a")],
        ", cell 1: a BEGIN HIDDEN TESTS that is never closed",
    ),
    "nothing to grade": ([new_code_cell("1")], ": no nbgrader cell; mark"),
}


@pytest.mark.parametrize(("cells", "problem"), BAD_ASSIGNMENTS.values(), ids=BAD_ASSIGNMENTS.keys())
def test_bad_assignment(check, cells, problem):
    found = check("solutions/one/one.ipynb", cells)
    assert len(found) == 1
    assert found[0].startswith(f"solutions/one/one.ipynb{problem}")


def test_folder_and_notebook_of_different_names(check):
    (problem,) = check("solutions/one/two.ipynb", [graded(TEST, "a")])
    assert problem == "solutions/one/two.ipynb: in the folder 'one'; folder and notebook need one name"


def test_other_kernel(check):
    (problem,) = check(
        "chapters/a.ipynb", [], metadata={"kernelspec": {"name": "course", "display_name": "Course"}}
    )
    assert problem.startswith("chapters/a.ipynb: kernelspec name 'course'; choose the kernel")


def test_old_format(check):
    (problem,) = check("chapters/a.ipynb", [], nbformat_minor=4)
    assert problem.startswith("chapters/a.ipynb: a notebook format before 4.5")


def test_invalid_notebook(check):
    (problem,) = check("chapters/a.ipynb", [{"cell_type": "code", "id": "x", "metadata": {}}])
    assert problem.startswith("chapters/a.ipynb: not valid at cells/0 (")


def test_same_cell_id_twice(check):
    cells = [new_markdown_cell("x", id="same"), new_markdown_cell("y", id="same")]
    (problem,) = check("chapters/a.ipynb", cells)
    assert (
        problem == "chapters/a.ipynb, cell 2: cell id 'same' was used before; give the copy an id of its own"
    )


@pytest.mark.parametrize("text", ["", "[]", "{}", "<<<<<<< HEAD"])
def test_no_notebook_at_all(tmp_path, text):
    path = tmp_path / "chapters/a.ipynb"
    path.parent.mkdir()
    path.write_text(text)
    assert len(check_notebooks.check(path)) == 1


def test_as_a_hook_it_prints_the_problems_and_fails(tmp_path):
    path = tmp_path / "chapters/a.ipynb"
    path.parent.mkdir()
    path.write_text("")
    command = [sys.executable, check_notebooks.__file__, path]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stdout.startswith("a.ipynb: cannot be read as a notebook")
    path.write_text(json.dumps(new_notebook(cells=[code("1", 1)], metadata=KERNEL)))
    assert subprocess.run(command, capture_output=True, text=True).returncode == 0
