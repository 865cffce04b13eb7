"""No line of a solution, a hidden test or a model answer reaches the students' notebooks."""

import nbformat
import pytest

from tests.exercises.notebooks import (
    SOURCES,
    is_manual,
    leaks,
    meta,
    read,
    secrets,
    squeeze,
    strings,
    visible,
)

each_source = pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)


def allowed(source):
    return "\n".join(visible(cell) for cell in source.cells)


def in_markdown(notebook, line):
    notebook.cells[0].source += f"\n\n{line}"


def in_code(notebook, line):
    cell = next(cell for cell in notebook.cells if cell.cell_type == "code")
    cell.source = cell.source.replace("\n", f"\n    {line}\n", 1)


def in_comment(notebook, line):
    notebook.cells[-1].source += "  # " + "   ".join(line)  # spread out


def in_output(notebook, line):
    cell = next(cell for cell in notebook.cells if cell.cell_type == "code")
    cell.outputs = [nbformat.v4.new_output("stream", text=f"{line}\n")]


def in_traceback(notebook, line):
    cell = next(cell for cell in notebook.cells if cell.cell_type == "code")
    cell.outputs = [nbformat.v4.new_output("error", ename="E", evalue="", traceback=["---", f"> 3 {line}"])]


def in_cell_metadata(notebook, line):
    notebook.cells[0].metadata["note"] = {"deep": [line]}


def in_notebook_metadata(notebook, line):
    notebook.metadata["note"] = line


def in_new_cell(notebook, line):
    notebook.cells.append(nbformat.v4.new_raw_cell(line))


WAYS = [
    in_markdown,
    in_code,
    in_comment,
    in_output,
    in_traceback,
    in_cell_metadata,
    in_notebook_metadata,
    in_new_cell,
]


@each_source
def test_no_leak(releases, path):
    source = read(path)
    assert leaks(strings(releases[1][path]), allowed(source), secrets(source)) == []


def test_no_leak_in_any_other_file(releases):
    """Whatever else nbgrader copies to the students, none of it has a secret line of any exercise."""
    everything = [line for path in SOURCES for line in secrets(read(path))]
    tasks = "\n".join(allowed(read(path)) for path in SOURCES)
    for file in releases[0].rglob("*"):
        if file.is_file() and file.suffix != ".ipynb":
            assert leaks(file.read_text(errors="replace"), tasks, everything) == [], file.name


@each_source
def test_secrets_are_found(path):
    """There are secrets of every kind, and what students may see is none of them."""
    source = read(path)
    for kind in ("solution", "hidden", "model answer"):
        assert len(secrets(source, [kind])) >= 10, kind
    assert leaks(allowed(source), allowed(source), secrets(source)) == []
    assert leaks(strings(source), allowed(source), secrets(source)) == secrets(source)


@each_source
@pytest.mark.parametrize("way", WAYS)
def test_every_leak_would_be_found(releases, path, way):
    """Each secret line, alone, put into the release in each way, with other white space."""
    source, tasks = read(path), allowed(read(path))
    for line in secrets(source):
        tampered = nbformat.from_dict(releases[1][path])
        way(tampered, line[:2] + " " + line[2:])
        assert leaks(strings(tampered), tasks, [line]) == [line]


@each_source
def test_release_has_all_that_students_need(releases, path):
    released = {cell.id: cell for cell in releases[1][path].cells}
    for cell in read(path).cells:
        if is_manual(cell):
            assert released[cell.id].source == "YOUR ANSWER HERE"
        elif meta(cell).get("solution"):
            assert "# YOUR CODE HERE\n    raise NotImplementedError()" in released[cell.id].source
            assert released[cell.id].source.startswith(visible(cell).split("\n")[0])
        else:
            assert squeeze(released[cell.id].source) == squeeze(visible(cell))
