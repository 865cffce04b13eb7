"""What a page includes from the library by {literalinclude} is there, and a page includes it whole."""

import re

import pytest
from sphinx.pycode import ModuleAnalyzer

from tests.book.pages import markdown_cells, page_paths

INCLUDE = re.compile(r"^```\{literalinclude\} (\S+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
OPTION = re.compile(r"^:([\w-]+): *(.*)$", re.MULTILINE)


def includes():
    """(page and cell, path of the file, options) of every included piece of code."""
    return [
        (f"{path.stem}-{number}", path.parent / file, {k: v.strip("\"'") for k, v in OPTION.findall(options)})
        for path in page_paths()
        for number, text in markdown_cells(path)
        for file, options in INCLUDE.findall(text)
    ]


def missing(source, options):
    """What the options name and the source does not have, as a list."""
    absent = []
    name = options.get("pyobject")
    if name is not None and name not in ModuleAnalyzer.for_string(source, "included").find_tags():
        absent.append(name)
    rest = source
    for option in ("start-at", "start-after", "end-at", "end-before"):
        text = options.get(option)
        if text is None:
            continue
        if option.startswith("start") and source.count(text) > 1:
            absent.append(f"{text} (more than once)")
        _, found, rest = rest.partition(text)
        if not found:
            absent.append(text)
    return absent


@pytest.mark.parametrize(
    ("path", "options"),
    [pytest.param(path, options, id=f"{where}-{i}") for i, (where, path, options) in enumerate(includes())],
)
def test_included_code_exists(path, options):
    assert path.exists()
    assert {"pyobject", "start-at"} & set(options), "include a piece, not a whole file"
    assert missing(path.read_text(encoding="utf-8"), options) == []


def test_missing_code_is_found():
    source = "class A:\n    def f(self):\n        return 1\n\n\ndef g():\n    pass\n"
    assert missing(source, {"pyobject": "A.f"}) == []
    assert missing(source, {"start-at": "class A:", "end-before": "def g"}) == []
    assert missing(source, {"pyobject": "A.g"}) == ["A.g"]
    assert missing(source, {"start-at": "def g", "end-before": "class A"}) == ["class A"]
    assert missing(source, {"start-at": "def "}) == ["def  (more than once)"]
