"""Read the pages of the book: which there are, their Markdown cells, and the formulas displayed in them."""

import json
import re

import yaml

from tools.check_notebooks import ROOT, text_of

FENCED = re.compile(r"^(```+|~~~+).*?^\1[^\n]*$", re.DOTALL | re.MULTILINE)
INLINE_CODE = re.compile(r"`[^`\n]+`")
DISPLAYED = re.compile(r"\$\$(.*?)\$\$(?:[ \t]*\(([\w-]+)\))?", re.DOTALL)


def page_paths():
    """The source file of every page in _toc.yml, in its order; raises LookupError if there is none."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return [_source_file(name) for name in [toc["root"], *_files(toc)]]


def _files(node):
    for key in ("parts", "chapters", "sections"):
        for child in node.get(key, []):
            if "file" in child:
                yield child["file"]
            yield from _files(child)


def _source_file(name):
    for suffix in (".ipynb", ".md"):
        path = ROOT / (name + suffix)
        if path.exists():
            return path
    raise LookupError(f"_toc.yml names {name}, but there is no {name}.ipynb and no {name}.md")


def chapter_paths():
    """The pages that are numbered notebooks; the others are appendices."""
    return [path for path in page_paths() if path.suffix == ".ipynb" and path.name[0].isdigit()]


def cells(path):
    """Each cell of a page as (number from 1, cell); a Markdown page is one Markdown cell."""
    if path.suffix == ".ipynb":
        return list(enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"], 1))
    return [(1, {"cell_type": "markdown", "source": path.read_text(encoding="utf-8")})]


def markdown_cells(path):
    """(number, text) of each Markdown cell."""
    found = cells(path)
    return [(number, text_of(cell["source"])) for number, cell in found if cell["cell_type"] == "markdown"]


def on_one_line(text):
    """The text with every run of white space as one space."""
    return " ".join(text.split())


def formulas(text):
    """(label or None, LaTeX on one line) of each displayed formula in the text of a Markdown cell."""
    return [
        (found[2], on_one_line(found[1]))
        for found in DISPLAYED.finditer(INLINE_CODE.sub(" ", FENCED.sub(" ", text)))
    ]


def page_formulas():
    """(file name and cell, label or None, LaTeX) of every displayed formula of the book."""
    return [
        (f"{path.name}, cell {number}", label, latex)
        for path in page_paths()
        for number, text in markdown_cells(path)
        for label, latex in formulas(text)
    ]
