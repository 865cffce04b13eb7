"""A real browser shows every page as it should be: wide and narrow, light and dark, without the network."""

import re
import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.book.pages import formulas, markdown_cells, page_paths
from tools.check_notebooks import ROOT

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FORMULAS = {  # {page of the site: the number of displayed formulas in its source}
    path.relative_to(ROOT).with_suffix(".html").as_posix(): sum(
        len(formulas(text)) for _, text in markdown_cells(path)
    )
    for path in page_paths()
}
# The theme declares this constant twice on every page; nothing depends on it.
KNOWN_ERROR = "Identifier 'THEBE_JS_URL' has already been declared"

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium, chromium-browser or google-chrome on PATH"
)


@pytest.fixture(scope="module")
def browser():
    """One Chromium for this file; it ends here, because other tests of this worker may need an event loop."""
    options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield browser
        browser.close()


class Visit:
    """A browser tab that notes every error on the console and every request, failed or to another site."""

    def __init__(self, browser, base, width=1280, theme="light"):
        self.context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
        self.page = self.context.new_page()
        self.problems = []
        self.page.on("pageerror", lambda error: self.note(str(error)))
        self.page.on("console", lambda message: message.type == "error" and self.note(message.text))
        self.page.on("requestfailed", lambda request: self.note(f"failed: {request.url}"))
        self.page.on(
            "response", lambda response: response.ok or self.note(f"{response.status}: {response.url}")
        )
        self.page.on(
            "request",
            lambda request: request.url.startswith((base, "data:")) or self.note(f"outside: {request.url}"),
        )

    def note(self, problem):
        if problem != KNOWN_ERROR:
            self.problems.append(problem)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.context.close()

    def open(self, address):
        self.page.goto(address)
        self.page.evaluate(READY)
        return self.page


READY = "async () => { await window.MathJax?.startup?.promise; await document.fonts.ready }"
LOOK = """() => {
    const all = selector => [...document.querySelectorAll(selector)]
    return {
        tooWide: document.documentElement.scrollWidth - innerWidth,
        theme: document.documentElement.dataset.theme,
        formulas: all('.math').length,
        displayed: all('div.math').length,
        typeset: all('.math').filter(f => f.querySelector('mjx-math') && f.offsetHeight > 5).length,
        badFormulas: all('mjx-merror, [data-mjx-error]').map(e => e.textContent),
        images: all('img').map(i => [i.alt, i.complete && i.naturalWidth > 0]),
        text: document.querySelector('main').innerText,
    }
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", [*FORMULAS, "search.html", "genindex.html"])
def test_page(browser, address, name, width, theme):
    with Visit(browser, address, width, theme) as visit:
        check_page(visit, f"{address}/{name}", theme, FORMULAS.get(name, 0))


@pytest.mark.parametrize("name", FORMULAS)
def test_page_without_a_server(browser, site, name):
    with Visit(browser, site.as_uri()) as visit:
        check_page(visit, f"{site.as_uri()}/{name}", "light", FORMULAS.get(name, 0))


def check_page(visit, address, theme, displayed):
    look = visit.open(address).evaluate(LOOK)
    assert visit.problems == []
    assert look["theme"] == theme
    assert look["tooWide"] <= 0, "the page scrolls sideways"
    assert look["typeset"] == look["formulas"]
    assert look["displayed"] == displayed
    assert look["badFormulas"] == []
    assert re.findall(r"Math input error|\\\(|\\\[|\$\$", look["text"]) == []
    for alt, is_loaded in look["images"]:
        assert is_loaded
        assert alt.strip(), "an image without alternative text"
        assert not re.search(r"[/\\]|\.(png|svg|jpe?g)$", alt), alt


def test_the_first_page_is_found(browser, address):
    with Visit(browser, address) as visit:
        visit.page.goto(address)
        expect(visit.page).to_have_title(re.compile("Backpropagation"), timeout=10_000)
        assert visit.page.url.endswith("/chapters/index.html")


@pytest.mark.parametrize("served", [True, False], ids=["http", "file"])
def test_search(browser, site, address, served):
    base = address if served else site.as_uri()
    with Visit(browser, base) as visit:
        visit.page.goto(f"{base}/search.html?q=vanishing")
        expect(visit.page.locator("#search-results")).to_contain_text("Worked example", timeout=10_000)
        assert [problem for problem in visit.problems if "outside" in problem] == []
