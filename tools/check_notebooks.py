"""Check that chapters were run from top to bottom and that solution notebooks are fit for nbgrader.

`python tools/check_notebooks.py` checks every notebook of the repository, with file names only those.
Each problem is one line: the file, the cell (counted from 1), what was found, and what to do.
"""

import json
import re
import sys
from collections import Counter
from pathlib import Path

from nbformat.validator import iter_validate

ROOT = Path(__file__).resolve().parent.parent
MEGABYTE = 1_000_000
# Folders of somebody's machine, but not the same words inside an address such as https://example.org/home/
FOLDERS = r"/(?:home|Users|root|tmp|var/folders)/"
MACHINE_PATH = re.compile(rf"(?:file://{FOLDERS}|(?<![\w.+/=~-]){FOLDERS}|\b[A-Za-z]:[\\/]+Users[\\/])\S*")
RUN_AGAIN = "restart the kernel, run all cells and save"
REGIONS = ["SOLUTION", "HIDDEN TESTS"]


def text_of(value):
    """A notebook field as one string; the format also allows a list of lines, and JSON for some outputs."""
    if isinstance(value, list):
        return "".join(value)
    return value if isinstance(value, str) else json.dumps(value)


def texts(cell):
    """The readable parts of a cell: its source and its outputs, without images in base64."""
    yield "source", text_of(cell.get("source", ""))
    for output in cell.get("outputs", []):
        yield "output", text_of(output.get("text", ""))
        yield "output", "\n".join(output.get("traceback", []))
        for kind, data in output.get("data", {}).items():
            if not kind.startswith("image/") or kind == "image/svg+xml":
                yield "output", text_of(data)


def check_format(notebook):
    """The notebook format, with the cell ids that came with version 4.5."""
    version = (notebook.get("nbformat", 0), notebook.get("nbformat_minor", 0))
    if version < (4, 5):
        yield None, "a notebook format before 4.5, which has no cell ids; save it with JupyterLab"
        return
    for error in iter_validate(notebook):
        where = "/".join(str(part) for part in error.absolute_path) or "the notebook"
        found = error.message.splitlines()[0]
        yield None, f"not valid at {where} ({found}); save it with JupyterLab"


def check_cells(notebook):
    """What holds in every notebook: the kernel's name, cell ids used once, small cells, no machine paths."""
    kernel = notebook["metadata"].get("kernelspec", {}).get("name")
    if kernel != "python3":
        yield None, f"kernelspec name {kernel!r}; choose the kernel 'Python 3 (ipykernel)', named python3"
    seen = Counter()
    for number, cell in enumerate(notebook["cells"], 1):
        name = cell.get("id")
        seen[name] += 1
        if name is not None and seen[name] == 2:
            yield number, f"cell id {name!r} was used before; give the copy an id of its own"
        size = len(json.dumps(cell))
        if size > MEGABYTE:
            yield number, f"{size / MEGABYTE:.1f} MB in one cell; print or draw less"
        for part, text in texts(cell):
            found = MACHINE_PATH.search(text)
            if found:
                yield number, f"a path of one machine in the {part}, {found.group()!r}; use a relative path"
                break


def check_run(notebook):
    """A chapter's code cells count 1, 2, 3, ... and show neither errors nor warnings."""
    expected = 0
    for number, cell in enumerate(notebook["cells"], 1):
        if cell["cell_type"] != "code":
            continue
        if not text_of(cell["source"]).strip():
            yield number, "an empty code cell; delete it"
            continue
        expected += 1
        count = cell.get("execution_count")
        if count != expected:
            found = "a cell that was not run" if count is None else f"execution count {count}"
            yield number, f"{found}, where {expected} is expected; {RUN_AGAIN}"
            expected = count or expected
        for output in cell["outputs"]:
            if output["output_type"] == "error":
                found = f"{output['ename']}: {output['evalue'][:60]}"
                yield number, f"an error, {found}; mend the cell, then {RUN_AGAIN}"
            elif output.get("name") == "stderr":
                found = text_of(output["text"]).strip()[-80:]
                yield number, f"text on stderr, {found!r}; remove its cause, then {RUN_AGAIN}"


def check_regions(source):
    """Every BEGIN has its END, in order and not nested; nbgrader would publish or lose what is left open."""
    for region in REGIONS:
        is_open = False
        for line in source.splitlines():
            if f"BEGIN {region}" in line:
                if is_open:
                    yield f"a second BEGIN {region} before the END {region} of the first; close the first"
                is_open = True
            elif f"END {region}" in line:
                if not is_open:
                    yield f"an END {region} without its BEGIN {region}; add the BEGIN or delete the END"
                is_open = False
        if is_open:
            yield f"a BEGIN {region} that is never closed; add END {region}"


def check_grading(notebook):
    """A solution notebook: no outputs, grade ids used once, points on graded cells, regions closed."""
    grade_ids = Counter()
    for number, cell in enumerate(notebook["cells"], 1):
        if cell.get("outputs") or cell.get("execution_count") is not None:
            yield number, "outputs or an execution count; clear all outputs and save"
        for problem in check_regions(text_of(cell["source"])):
            yield number, problem
        grading = cell["metadata"].get("nbgrader")
        if not grading:
            continue
        name = grading.get("grade_id")
        grade_ids[name] += 1
        if not name:
            yield number, "an nbgrader cell without a grade_id; give it one"
        elif grade_ids[name] == 2:
            yield number, f"grade_id {name!r} was used before; give the copy another"
        points = grading.get("points")
        if grading.get("grade") and (not isinstance(points, int | float) or points <= 0):
            yield number, f"a graded cell with points {points!r}; give it a positive number"
    if not grade_ids:
        yield None, "no nbgrader cell; mark the answers and tests with Create Assignment"


def check_name(path):
    """nbgrader looks for an assignment's notebook; here each has one, with the folder's name."""
    if path.stem != path.parent.name:
        yield None, f"in the folder {path.parent.name!r}; folder and notebook need one name"


def problems_of(path, notebook):
    """Pairs of cell number, or None for the whole notebook, and text."""
    unreadable = list(check_format(notebook))
    if unreadable:
        return unreadable
    problems = list(check_cells(notebook))
    if path.parent.parent.name == "solutions":
        problems += [*check_name(path), *check_grading(notebook)]
    elif path.parent.name == "chapters":
        problems += check_run(notebook)
    return problems


def check(path):
    """The problems of one notebook, each a line of text; an empty list when it is in order."""
    path = Path(path).resolve()
    shown = (path.relative_to(ROOT) if path.is_relative_to(ROOT) else Path(path.name)).as_posix()
    try:
        notebook = dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        return [f"{shown}: cannot be read as a notebook ({error}); restore it or save it again"]
    return [
        f"{shown}: {text}" if number is None else f"{shown}, cell {number}: {text}"
        for number, text in problems_of(path, notebook)
    ]


def notebooks():
    """Every notebook that the repository must keep in order."""
    return sorted([*ROOT.glob("chapters/*.ipynb"), *ROOT.glob("solutions/*/*.ipynb")])


def main(arguments):
    problems = [problem for path in arguments or notebooks() for problem in check(path)]
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
