"""Read the instructor's notebooks: their regions, their parts, and what of them no student may see."""

import contextlib
import io
import re
from html.parser import HTMLParser

import nbformat
from nbgrader.preprocessors import ClearSolutions

from tools.check_notebooks import ROOT

SOURCES = sorted(ROOT.glob("solutions/*/*.ipynb"))
REGION = re.compile(r"[ \t]*### BEGIN (SOLUTION|HIDDEN TESTS)\n(.*?)[ \t]*### END \1(?:\n|$)", re.DOTALL)


def read(path):
    return nbformat.read(path, as_version=4)


def meta(cell):
    return cell.metadata.get("nbgrader", {})


def is_graded(cell):
    return meta(cell).get("grade", False)


def is_manual(cell):
    """A cell that a person marks: the student's text is the answer and carries the points."""
    return is_graded(cell) and meta(cell).get("solution", False)


def is_test(cell):
    return is_graded(cell) and not is_manual(cell)


def by_id(notebook, grade_id):
    """The cell with this grade_id; raises StopIteration if there is none."""
    return next(cell for cell in notebook.cells if meta(cell).get("grade_id") == grade_id)


def region(cell, kind):
    """The text of all regions of a kind, SOLUTION or HIDDEN TESTS."""
    return "".join(body for found, body in REGION.findall(cell.source) if found == kind)


def visible(cell):
    """What of a cell every student sees."""
    return "" if is_manual(cell) else REGION.sub("", cell.source)


def parts(notebook):
    """(task, answer, test) for each autograded part."""
    for i, cell in enumerate(notebook.cells):
        if is_test(cell):
            yield tuple(notebook.cells[i - 2 : i + 1])


def stub(cell):
    """The starting code of an answer cell, as nbgrader makes it."""
    cell = nbformat.from_dict(cell)
    ClearSolutions().preprocess_cell(cell, {"language": "python"}, 0)
    return cell.source


def squeeze(text):
    return "".join(text.split())


def secrets(notebook, kinds=("solution", "hidden", "model answer")):
    """The lines, and of model answers the sentences, that only the instructor may have, without spaces."""
    texts = []
    for cell in notebook.cells:
        if "solution" in kinds:
            texts += region(cell, "SOLUTION").splitlines()
        if "hidden" in kinds:
            texts += region(cell, "HIDDEN TESTS").splitlines()
        if "model answer" in kinds and is_manual(cell):
            texts += re.split(r"\n|(?<=[.;:])\s", cell.source)
    # A line without three letters or digits is a bracket or an `else:` in anybody's code.
    return sorted({squeeze(text) for text in texts if len(re.findall(r"\w", text)) > 2})


def leaks(text, allowed, secret_lines):
    """The secret lines that stand in `text` more often than in `allowed`, which a student may have."""
    text, allowed = squeeze(text), squeeze(allowed)
    return [line for line in secret_lines if text.count(line) > allowed.count(line)]


def strings(value):
    """Every string in a notebook or in any other structure: sources, outputs, metadata, attachments."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    return "\n".join(strings(item) for item in value) if isinstance(value, list | tuple) else ""


class _Text(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.parts = []
        self.feed(page)

    def handle_data(self, data):
        self.parts.append(data)

    def handle_starttag(self, tag, attrs):
        self.parts += [value for name, value in attrs if value and name not in ("class", "style", "id")]


def text_of_page(page):
    """What a page of HTML says, attributes included: code is coloured there word by word."""
    return "".join(_Text(page).parts)


class Marker:
    """Runs one part's test cell on an answer, in this process: the same code that nbgrader runs."""

    def __init__(self, path):
        self.cells = read(path).cells
        self.solutions = [
            cell.source for cell in self.cells if region(cell, "SOLUTION") and cell.cell_type == "code"
        ]
        self.setup = "\n".join(c.source for c in self.cells[:2] if c.cell_type == "code")

    def test_cell(self, part):
        return next(cell for cell in self.cells if meta(cell).get("grade_id") == f"test_{part}")

    def mark(self, part, answer):
        """None for a full mark, otherwise ("visible" or "hidden", the message); other parts are right."""
        namespace = {"__name__": "student"}
        for code in (self.setup, *self.solutions, answer):
            exec(code, namespace)
        cell = self.test_cell(part)
        for where, code in (("visible", visible(cell)), ("hidden", region(cell, "HIDDEN TESTS"))):
            try:
                with contextlib.redirect_stdout(io.StringIO()):
                    exec(code, namespace)
            except Exception as error:
                name = "" if isinstance(error, AssertionError) else f"{type(error).__name__}: "
                return where, f"{name}{error}"
        return None
