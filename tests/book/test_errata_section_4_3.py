"""The chapter's table "what the article printed, and what is true", and the published errata are right."""

import re
from decimal import Decimal

import numpy as np
import pytest

from tests.book.pages import cells
from tests.book.worked_example import ALPHA, ARTICLE, W1, W2, by_decimals, by_pytorch, train
from tools.check_notebooks import ROOT, text_of

# The errata as they were first published, with all their digits: {linear output: {name: numbers}}.
PUBLISHED = {
    False: {
        "a1": "0.9933071490757153 0.999983298578152 0.9999999586006244",
        "z2": "5.993273622033893",
        "y": "0.997510730524519",
        "E": "2.0049816371822224",
        "dW1": "-3.3056312e-05 -6.6112624e-05 -1.6608709e-07 -3.3217417e-07 -6.1755368e-10 -1.2351073e-09",
        "dW2": "-0.0049390480 -0.0049722440 -0.0049723269",
    },
    True: {
        "y": "5.993273622033893",
        "E": "4.479843488181951",
        "dW1": "1.98994527e-02 3.97989053e-02 9.99821811e-05 1.99964364e-04 3.71758961e-07 7.43517923e-07",
        "dW2": "2.9732400879 2.9932236301 2.9932734981",
    },
}
# Their last digits that are not true: float64 rounded, two numbers were cut off, not rounded, one is a slip.
CORRECTED = {
    "0.9933071490757153": "0.9933071490757151",
    "0.9999999586006244": "0.9999999586006245",
    "2.0049816371822224": "2.0049816371822227",
    "-3.3217417e-07": "-3.3217418e-07",
    "-1.2351073e-09": "-1.2351074e-09",
    "4.479843488181951": "4.479843488181949",
    "1.99964364e-04": "1.99964362e-04",
    "3.71758961e-07": "3.71758960e-07",
    "7.43517923e-07": "7.43517921e-07",
}


def table():
    """The rows of the chapter's table: {quantity: (what the article printed, true value)}."""
    texts = [
        text_of(output["data"]["text/markdown"])
        for _, cell in cells(ROOT / "chapters/05_worked_example.ipynb")
        for output in cell.get("outputs", [])
        if "text/markdown" in output.get("data", {})
    ]
    (found,) = [text for text in texts if "the article" in text.splitlines()[0]]
    rows = [[part.strip() for part in line.strip("| ").split(" | ")] for line in found.splitlines()[2:]]
    return {quantity: (printed, true) for quantity, printed, true in rows}


def true_values():
    """{quantity: Decimal} for every row of the table, in its order."""
    true = by_decimals()
    values = [*true.a1, true.y, true.E, *flat(true.dW2), *flat(true.dW1)]
    values += [-Decimal("0.1") * slope for slope in (*flat(true.dW2), *flat(true.dW1))]
    return dict(zip(ARTICLE, values, strict=True))


def flat(rows):
    return [number for row in rows for number in row]


def number(text):
    return text.replace("−", "-")


def to_as_many_digits(true, text):
    """The Decimal `true`, rounded to the digits of `text` and in its notation."""
    mantissa = text.partition("e")[0]
    decimals = len(mantissa.partition(".")[2])
    if "e" not in text:
        return f"{true:.{decimals}f}"
    mantissa, _, exponent = f"{true:.{decimals}e}".partition("e")
    return f"{mantissa}e{int(exponent):+03}"


def test_the_table_quotes_the_article():
    assert {quantity: printed for quantity, (printed, _) in table().items()} == ARTICLE


@pytest.mark.parametrize("quantity", ARTICLE)
def test_every_digit_of_the_true_value_is_true(quantity):
    shown, true = number(table()[quantity][1]), true_values()[quantity]
    assert shown == f"{float(true):.8g}"


@pytest.mark.parametrize("linear", [False, True])
def test_decimals_and_pytorch_agree(linear):
    exact, found = by_decimals(linear), by_pytorch(linear=linear)
    for name in ("a1", "z2", "y", "E"):
        digits = np.array(getattr(exact, name), dtype=float)
        np.testing.assert_allclose(getattr(found, name).squeeze(), digits, rtol=1e-15)
    for name in ("dW1", "dW2"):
        digits = np.array(getattr(exact, name), dtype=float)
        np.testing.assert_allclose(getattr(found, name), digits, rtol=1e-8)


@pytest.mark.parametrize("linear", PUBLISHED)
def test_published_errata(linear):
    """Every published number is true to its last digit or corrected to the true one."""
    for name, numbers in PUBLISHED[linear].items():
        true = np.ravel(np.array(getattr(by_decimals(linear), name), dtype=object))
        for text, exact in zip(numbers.split(), true, strict=True):
            assert CORRECTED.get(text, text) == to_as_many_digits(exact, text), name


def test_only_wrong_numbers_are_corrected():
    published = {text for numbers in PUBLISHED.values() for text in " ".join(numbers.values()).split()}
    assert set(CORRECTED) <= published
    assert [text for text, true in CORRECTED.items() if text == true] == []


def test_the_article_multiplies_by_the_weights_own_value():
    for j, k in np.ndindex(3, 2):
        printed = ARTICLE[rf"$\partial E/\partial w^1_{{{j + 1}{k + 1}}}$"]
        assert float(number(printed)) == (1 - 3) * W1[j][k]


def test_the_article_miscalculates_the_last_two_of_its_own_updates():
    for j, k in np.ndindex(3, 2):
        said = ARTICLE[f"change of $w^1_{{{j + 1}{k + 1}}}$"]
        step, before, after = map(float, re.findall(r"[\d.]+", said))
        assert after - before == pytest.approx(step)
        assert before == W1[j][k]
        own_update = W1[j][k] - ALPHA * (1 - 3) * W1[j][k]
        assert np.isclose(after, own_update) == (j < 2), (after, own_update)


def test_one_step_of_the_optimiser_changes_the_weights_as_the_table_says():
    _, *new = train(steps=1)
    shown = table()
    for layer, (after, before) in enumerate(zip(new, (W1, W2)), 1):
        for (j, k), change in np.ndenumerate(after - np.array(before)):
            text = number(shown[f"change of $w^{layer}_{{{j + 1}{k + 1}}}$"][1])
            # 6 + 1e-10 keeps 15 decimals
            np.testing.assert_allclose(change, float(text), rtol=1e-7, atol=1e-15)
