"""The book as one PDF: every page of the table of contents, nothing missing, no line beyond the paper."""

import re
import shutil

import pytest

from tests.book.pages import page_paths
from tests.site.conftest import build

PROGRAMS = ("latexmk", "xelatex", "xindy", "rsvg-convert")
MISSING = [name for name in PROGRAMS if shutil.which(name) is None]
MARGIN = 10  # points that a line may run into the margin of 72

pytestmark = pytest.mark.skipif(MISSING != [], reason=f"not installed: {', '.join(MISSING)}: run .ci/system")


@pytest.fixture(scope="module")
def latex(tmp_path_factory):
    """The folder in which LaTeX has made the PDF."""
    folder = tmp_path_factory.mktemp("pdf") / "book"
    build(folder, "pdflatex")
    return folder / "_build/latex"


@pytest.fixture(scope="module")
def log(latex):
    """What LaTeX said in its last run, with its lines of 79 characters joined again."""
    text = (latex / "backpropagation.log").read_text(encoding="utf-8", errors="replace")
    return re.sub(r"(?<=^.{79})\n", "", text, flags=re.MULTILINE)


def test_has_a_chapter_for_each_page_and_a_bibliography_and_an_index(latex):
    contents = (latex / "backpropagation.toc").read_text(encoding="utf-8")
    titles = re.findall(r"\\contentsline \{chapter\}\{(?:\\numberline \{\d+\})?(.*?)\}\{\d+\}", contents)
    below = 1 + 1  # the introduction comes before the chapters; Fashion-MNIST is a section of chapter 9
    assert titles[-2:] == ["Bibliography", "Index"]
    assert len(titles) - 2 == len(page_paths()) - below


def test_is_whole(latex, log):
    pages = int(re.search(r"Output written on backpropagation\.pdf \((\d+) pages", log)[1])
    assert pages > 300
    assert (latex / "backpropagation.pdf").read_bytes().endswith(b"%%EOF\n")


@pytest.mark.parametrize(
    "complaint",
    [
        "Missing character",
        "LaTeX Warning: Reference",
        "LaTeX Warning: Citation",
        "There were undefined",
        "multiply-defined",
        "Undefined control sequence",
    ],
)
def test_latex_found_nothing_missing(log, complaint):
    assert [line for line in log.splitlines() if complaint in line] == []


def test_no_line_runs_off_the_page(log):
    widths = {float(width) for width in re.findall(r"Overfull \\hbox \(([\d.]+)pt too wide", log)}
    assert {width for width in widths if width > MARGIN} == set()
