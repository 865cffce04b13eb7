"""Every page exists and is a valid notebook, opens and ends as all chapters do, and describes its images."""

import re

import nbformat
import pytest

from tests.book.pages import cells, chapter_paths, markdown_cells, page_paths
from tools.check_notebooks import ROOT, check, text_of

CHAPTERS = chapter_paths()
DOWNLOAD = re.compile(r"\{download\}`[^`<]*<\.\./(classroom/release/(\w+)/(\w+)\.ipynb)>`")
# Which graded assignments belong to which chapter; a chapter links to those that are made.
ASSIGNMENTS = {
    "02": ["chain_rule", "neuron"],
    "03": ["four_steps"],
    "04": ["derivation"],
    "05": ["worked_example"],
    "06": ["micrograd"],
    "07": ["tensor_autograd"],
    "08": ["pytorch"],
    "09": ["images"],
    "10": ["text"],
    "11": ["recommender"],
    "12": ["diagnosis"],
}
IN_MARKDOWN = re.compile(r"!\[(.*?)\]\(([^)]*)\)|<img\b([^>]*)>")
PATH = re.compile(r"[/\\]|\.(?:png|svg|jpe?g|gif)$")

for_each_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=[path.stem for path in CHAPTERS])


def is_description(text):
    """Alternative text says something, and is not the name of a file."""
    return bool(text and text.strip()) and not PATH.search(text)


def images(path):
    """(cell number, alternative text or None) of each image of a page."""
    for number, cell in cells(path):
        if cell["cell_type"] == "markdown":
            for alt, _, attributes in IN_MARKDOWN.findall(text_of(cell["source"])):
                found = re.search(r'alt="([^"]*)"', attributes)
                yield number, found[1] if found else alt
        for output in cell.get("outputs", []):
            kinds = output.get("data", {})
            if "image/svg+xml" in kinds:
                title = re.search(r"<title>(.*?)</title>", text_of(kinds["image/svg+xml"]))
                yield number, title[1] if title else None
            elif {"image/png", "image/jpeg"} & set(kinds):
                yield number, cell["metadata"].get("mystnb", {}).get("image", {}).get("alt")


def test_every_page_of_the_table_of_contents_exists():
    assert len(page_paths()) > 2
    assert CHAPTERS != []


def test_every_chapter_is_in_the_table_of_contents():
    assert set((ROOT / "chapters").glob("*.ipynb")) == {p for p in page_paths() if p.suffix == ".ipynb"}


@for_each_chapter
def test_chapter_is_a_valid_notebook(path):
    nbformat.validate(nbformat.read(path, as_version=nbformat.NO_CONVERT))
    assert check(path) == []


@for_each_chapter
def test_chapter_opens_with_aims_time_and_prerequisites(path):
    _, opening = markdown_cells(path)[0]
    assert opening.startswith("# ")
    parts = ["**You will be able to**\n\n- ", "**Time**: about ", "**You need**: "]
    assert [part for part in parts if part not in opening] == []


@for_each_chapter
def test_chapter_ends_with_what_to_remember_and_its_assignment(path):
    _, ending = markdown_cells(path)[-1]
    headings = re.findall(r"^## (.*)$", ending, re.MULTILINE)
    assert headings[:2] == ["What to remember", "Now you"]
    remember, now_you = ending.split("## Now you")
    assert remember.count("\n- ") >= 3
    links = DOWNLOAD.findall(now_you)
    made = [name for name in ASSIGNMENTS.get(path.stem[:2], ()) if (ROOT / "solutions" / name).is_dir()]
    assert {name for _, _, name in links} >= set(made), "a {download} link to ../classroom/release/NAME/…"
    for _, folder, name in links:
        assert folder == name
        assert (ROOT / f"solutions/{name}/{name}.ipynb").exists()


@pytest.mark.parametrize("path", page_paths(), ids=lambda path: path.stem)
def test_every_image_is_described(path):
    assert [f"cell {number}: {alt!r}" for number, alt in images(path) if not is_description(alt)] == []


def test_a_description_is_not_a_file_name():
    assert is_description("Two curves fall.")
    assert [alt for alt in (None, "", " ", "../_images/a1.png", "curve.svg") if is_description(alt)] == []
