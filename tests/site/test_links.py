"""Everything that the pages link to or load is in the site, and only links to other sites lead out of it."""

import re
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest

from tests.book.pages import page_paths
from tools.check_notebooks import ROOT

LOADED = {
    ("script", "src"),
    ("link", "href"),
    ("img", "src"),
    ("source", "src"),
    ("iframe", "src"),
    ("object", "data"),
}
IN_CSS = re.compile(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)")


class Page(HTMLParser):
    """The anchors of a page and the addresses in it, as (tag, attribute, address)."""

    def __init__(self, path):
        super().__init__()
        self.anchors, self.addresses = set(), []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id" or (tag == "a" and name == "name"):
                self.anchors.add(value)
            if name in ("src", "href", "data") and ((tag, name) in LOADED or (tag, name) == ("a", "href")):
                self.addresses.append((tag, name, value))


@pytest.fixture(scope="module")
def pages(site):
    """{file: Page} for every page; the theme keeps templates among its static files."""
    return {
        path: Page(path) for path in site.rglob("*.html") if "_static" not in path.relative_to(site).parts
    }


def target(site, path, address):
    """The file and the anchor that an address inside the site means."""
    parts = urlsplit(address)
    file = path.parent / unquote(parts.path) if parts.path else path
    if file.is_dir():
        file = file / "index.html"
    return file.resolve(), unquote(parts.fragment)


def is_external(address):
    return bool(urlsplit(address).scheme or urlsplit(address).netloc)


def broken(site, pages):
    """What an internal link or a loaded file names that is not there, one line each."""
    for path, page in pages.items():
        for tag, name, address in page.addresses:
            where = f"{path.relative_to(site)}: <{tag} {name}={address!r}>"
            if address is None or address.startswith("data:"):
                continue
            if is_external(address):
                if tag != "a":
                    yield f"{where} is loaded from another site"
                elif urlsplit(address).scheme not in ("http", "https", "mailto"):
                    yield f"{where} is no address on the web"
                continue
            file, anchor = target(site, path, address)
            if not file.is_file() or not file.is_relative_to(site.resolve()):
                yield f"{where} has no file in the site"
            elif anchor and file.suffix == ".html" and anchor not in pages.get(file, page).anchors:
                yield f"{where} has no such anchor"


def broken_in_styles(site, pages):
    """The same for what the stylesheets load that a page uses."""
    pending = {
        target(site, path, address)[0]
        for path, page in pages.items()
        for tag, _, address in page.addresses
        if tag == "link" and not is_external(address)
    }
    seen = set()
    while pending:
        path = pending.pop()
        seen.add(path)
        if path.suffix != ".css":
            continue
        for found in IN_CSS.finditer(path.read_text(encoding="utf-8")):
            address = found[1] or found[2]
            where = f"{path.relative_to(site.resolve())}: {address[:80]}"
            if address.startswith(("data:", "#")):
                continue
            if is_external(address):
                yield f"{where} is loaded from another site"
                continue
            file, _ = target(site, path, address)
            if not file.is_file():
                yield f"{where} has no file in the site"
            elif file not in seen:
                pending.add(file)


def test_every_page_was_built(site, pages):
    built = {path.relative_to(site).as_posix() for path in pages}
    expected = {path.relative_to(ROOT).with_suffix(".html").as_posix() for path in page_paths()}
    assert expected | {"index.html", "search.html"} <= built


def test_nothing_is_broken_or_loaded_from_elsewhere(site, pages):
    assert list(broken(site, pages)) == []


def test_nothing_in_the_styles_is_broken_or_loaded_from_elsewhere(site, pages):
    assert list(broken_in_styles(site, pages)) == []


def test_every_assignment_can_be_downloaded(pages):
    addresses = [address for page in pages.values() for *_, address in page.addresses if address]
    downloads = {address.rpartition("/")[2] for address in addresses if "_downloads/" in address}
    assert downloads == {f"{folder.name}.ipynb" for folder in (ROOT / "solutions").iterdir()}


BROKEN = """
<a href="other.html#here">good</a> <a id="top" href="#top">good</a> <a href="https://example.org/x">good</a>
<a href="missing.html">x</a> <a href="other.html#gone">x</a> <a href="#gone">x</a>
<a href="../outside.html">x</a>
<a href="file:///x">x</a> <img src="no.png"> <script src="https://example.org/x.js"></script>
<link rel="stylesheet" href="a.css"> <img src="data:image/png;base64,AA">
"""


def test_broken_links_are_found(tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    (tmp_path / "outside.html").write_text("")
    (site / "page.html").write_text(BROKEN)
    (site / "other.html").write_text('<p id="here">')
    (site / "a.css").write_text("a{b:url(no.woff)} @import 'https://example.org/b.css'; c{d:url(other.html)}")
    pages = {path: Page(path) for path in site.glob("*.html")}
    assert len(list(broken(site, pages))) == 7
    assert len(list(broken_in_styles(site, pages))) == 2
