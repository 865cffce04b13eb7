"""In a real browser a figure is stepped through and a quiz answered: by mouse, by keys, without a script."""

import re

import pytest
from playwright.sync_api import expect

from tests.site.test_browser import CHROMIUM, Visit, browser

__all__ = ["browser"]  # the fixture

PAGE = "chapters/05_worked_example.html"
LAST = "Step 18 of 18, backward"

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium, chromium-browser or google-chrome on PATH"
)


@pytest.fixture
def visit(browser, site):
    with Visit(browser, site.as_uri()) as visit:
        yield visit
        assert visit.problems == []


def first_figure(visit, site):
    figure = visit.open(f"{site.as_uri()}/{PAGE}").locator(".bp-step").first
    expect(figure.get_by_role("button", name="Next step")).to_be_visible()
    return figure


def press(figure, name, times=1, **options):
    for _ in range(times):
        figure.get_by_role("button", name=name).click(**options)


def step(figure):
    return figure.locator(".bp-count").inner_text()


def caption(figure):
    return figure.locator(".bp-caption").inner_text()


def box(figure, name):
    """The visible lines of the box whose title begins with the name."""
    title = re.compile(f"^{re.escape(name)}( =|$)")
    node = figure.locator(".bp-view .node").filter(has=figure.page.locator(".t", has_text=title))
    lines = node.locator("text").all()
    visible = [
        line.text_content()
        for line in lines
        if line.evaluate("e => getComputedStyle(e).visibility") != "hidden"
    ]
    return [line for line in visible if line]


def test_buttons_walk_through_values_then_gradients(visit, site):
    figure = first_figure(visit, site)
    assert step(figure) == "Step 1 of 18, forward"
    assert box(figure, "x") == ["x", "shape (2,)", "[1, 2]"]
    assert box(figure, "z¹") == ["z¹ = W¹ @ x", "shape (3,)"]
    press(figure, "Next step")
    assert "[5, 11, 17]" in caption(figure)
    assert box(figure, "z¹")[-1] == "[5, 11, 17]"
    press(figure, "Back one step")
    assert box(figure, "z¹") == ["z¹ = W¹ @ x", "shape (3,)"]
    press(figure, "Next step", 9)
    assert step(figure) == "Step 10 of 18, backward"
    assert box(figure, "E")[-1] == "∂ 1"
    press(figure, "Next step", 5)
    assert "local derivative 0.002483 × incoming −2.002" in caption(figure)
    assert box(figure, "z²")[-1] == "∂ [−0.004972]"
    assert box(figure, "x") == ["x", "shape (2,)", "[1, 2]"]
    press(figure, "Last step")
    assert step(figure) == LAST
    assert box(figure, "x")[-1] == "∂ [−3.356e−05, −6.678e−05]"
    press(figure, "Next step", force=True)  # at the end it is marked as disabled, but keeps the focus
    assert step(figure) == LAST
    press(figure, "First step")
    press(figure, "Back one step", force=True)
    assert step(figure) == "Step 1 of 18, forward"


def test_slider_and_keys(visit, site):
    figure = first_figure(visit, site)
    slider = figure.get_by_role("slider", name="Step")
    slider.fill("16")
    assert step(figure) == "Step 16 of 18, backward"
    assert slider.get_attribute("aria-valuetext") == step(figure)
    figure.focus()
    for key, then in [("ArrowLeft", 15), ("ArrowRight", 16), ("End", 18), ("Home", 1)]:
        figure.page.keyboard.press(key)
        assert step(figure).startswith(f"Step {then} of")
        assert slider.input_value() == str(then)
    slider.focus()
    figure.page.keyboard.press("ArrowRight")
    assert step(figure).startswith("Step 2 of")
    figure.get_by_role("button", name="Next step").focus()
    figure.page.keyboard.press("Enter")
    figure.page.keyboard.press("ArrowRight")
    assert step(figure).startswith("Step 4 of")
    assert figure.page.url.endswith("05_worked_example.html")  # no arrow key turned the page


def test_the_node_at_work_is_marked_and_in_view(visit, site):
    figure = first_figure(visit, site)
    visit.page.emulate_media(reduced_motion="reduce")
    for number in (2, 9, 12, 18):
        figure.get_by_role("slider").fill(str(number))
        inside = figure.locator(".bp-view").evaluate(
            """view => {
                const frame = view.getBoundingClientRect(), on = view.querySelectorAll('.node.on rect')
                const box = on[0].getBoundingClientRect()
                return on.length === 1 && box.top >= frame.top - 1 && box.bottom <= frame.bottom + 1
            }"""
        )
        assert inside, number


def test_captions_are_announced_and_everything_has_a_name(visit, site):
    figure = first_figure(visit, site)
    assert figure.locator("[aria-live=polite]").inner_text().startswith("Step 1 of 18")
    assert figure.get_attribute("aria-label").startswith("Step-through figure: ")
    names = figure.locator("button").evaluate_all("all => all.map(b => [b.type, b.ariaLabel])")
    assert names == [["button", f"{n} step"] for n in ("First",)] + [
        ["button", "Back one step"],
        ["button", "Next step"],
        ["button", "Last step"],
    ]
    figure.get_by_text("All steps in words").click()
    assert figure.locator(".bp-all li").count() == 18


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_figure_and_quiz_can_be_read_and_fit(browser, site, theme, width):
    with Visit(browser, site.as_uri(), width, theme) as visit:
        figure = first_figure(visit, site)
        press(figure, "Last step")
        assert visit.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        visit.page.wait_for_timeout(300)  # a change of colour takes 0.2 s
        for least, texts in (
            (4.5, [".bp-caption", ".bp-count", "button", ".bp-all summary"]),
            (4.5, [".bp-view .t", ".bp-view .s", ".bp-view .v", ".bp-view .g", ".bp-view .node.on .g"]),
        ):
            for text in texts:
                assert figure.locator(text).first.evaluate(CONTRAST) >= least, text
        quiz = visit.page.locator(".bp-quiz")
        quiz.locator("summary").first.click()
        for text in ("summary", "details p", "details strong", "p code"):
            assert quiz.locator(text).first.evaluate(CONTRAST) >= 4.5, text
        assert visit.problems == []


CONTRAST = """element => {
    const parse = colour => colour.match(/[\\d.]+/g).map(Number)
    const light = colour => parse(colour).slice(0, 3).map(v => v / 255)
        .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0)
    const inBox = element.closest('.node')?.querySelector('rect')
    let ground = inBox && getComputedStyle(inBox).fill
    for (let e = element; !ground; e = e.parentElement) {
        const colour = getComputedStyle(e).backgroundColor
        if (e === document.documentElement || (parse(colour)[3] ?? 1) > 0) ground = colour
    }
    const style = getComputedStyle(element)
    const [a, b] = [light(inBox ? style.fill : style.color), light(ground)].sort((x, y) => y - x)
    return (a + 0.05) / (b + 0.05)
}"""


def test_paper_shows_the_last_state(visit, site):
    figure = first_figure(visit, site)
    visit.page.emulate_media(media="print")
    expect(figure.locator("img")).to_be_visible()
    expect(figure.locator(".bp-view")).to_be_hidden()
    expect(figure.locator("button").first).to_be_hidden()


def test_without_a_script_there_is_a_picture_and_the_steps_in_words(browser, site):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 900})
    page = context.new_page()
    page.goto(f"{site.as_uri()}/{PAGE}")
    figure = page.locator(".bp-step").first
    picture = figure.locator("img")
    expect(picture).to_be_visible()
    assert "graph" in picture.get_attribute("alt")
    assert "3.356e%E2%88%9205" in picture.get_attribute("src")  # a gradient of the last step
    assert figure.locator("button").count() == 0
    figure.get_by_text("All steps in words").click()
    expect(figure.locator("li").last).to_be_visible()
    quiz = page.locator(".bp-quiz")
    expect(quiz.get_by_text("✗ Not so.").first).to_be_hidden()
    quiz.locator("summary").first.click()
    expect(quiz.get_by_text("✗ Not so.").first).to_be_visible()
    context.close()


def test_a_quiz_is_answered_by_keys(visit, site):
    quiz = visit.open(f"{site.as_uri()}/{PAGE}").locator(".bp-quiz")
    assert quiz.locator("> li").count() == 5
    assert quiz.locator("details[open]").count() == 0
    right = quiz.locator("details.bp-right")
    assert right.count() == 6  # one question has two
    right.first.locator("summary").focus()
    visit.page.keyboard.press("Enter")
    expect(right.first.get_by_text("✓ Right.")).to_be_visible()
    visit.page.keyboard.press("Enter")
    expect(right.first.get_by_text("✓ Right.")).to_be_hidden()


def test_figures_on_one_page_do_not_disturb_each_other(visit, site):
    figure = first_figure(visit, site)
    html = figure.evaluate("e => e.previousElementSibling.outerHTML + STILL(e)".replace("STILL(e)", STILL))
    script = figure.evaluate("e => e.nextElementSibling.textContent")
    visit.page.evaluate("html => document.querySelector('main').insertAdjacentHTML('beforeend', html)", html)
    visit.page.evaluate(script)
    second = visit.page.locator(".bp-step").last
    press(second, "Next step", 3)
    assert step(second).startswith("Step 4 of")
    assert step(figure).startswith("Step 1 of")
    assert figure.locator("button").count() == 4


STILL = """(() => {
    const copy = e.cloneNode(true)
    copy.classList.remove('bp-live')
    copy.querySelector('.bp-bar').parentElement.remove()
    return copy.outerHTML
})()"""
