"""The instructor's notebook runs from top to bottom; the students' one asks for code and nothing else."""

import nbclient
import nbformat
import pytest

from tests.exercises.notebooks import SOURCES, is_test, meta, read

each_source = pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)


def run(notebook, folder, **options):
    """The notebook with the outputs of a fresh kernel."""
    notebook = nbformat.from_dict(notebook)
    resources = {"metadata": {"path": str(folder)}}
    nbclient.NotebookClient(notebook, timeout=60, resources=resources, **options).execute()
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def names(outputs):
    return [output.get("name") or output.get("ename") or output.output_type for output in outputs]


@each_source
def test_instructors_notebook(path, tmp_path):
    for cell in run(read(path), tmp_path):
        assert set(names(cell.outputs)) <= {"stdout"}, cell.id
        if is_test(cell):
            assert cell.outputs, f"{cell.id}: a check that passes says so"
    assert list(tmp_path.iterdir()) == []


@each_source
def test_students_notebook(releases, path, tmp_path):
    for cell in run(releases[1][path], tmp_path, allow_errors=True):
        errors = [name for name in names(cell.outputs) if name != "stdout"]
        if is_test(cell):
            assert errors == ["NotImplementedError"], cell.id
        elif meta(cell):
            assert cell.outputs == [], cell.id
        else:
            assert set(errors) <= {"NotImplementedError"}, cell.id
    assert list(tmp_path.iterdir()) == []
