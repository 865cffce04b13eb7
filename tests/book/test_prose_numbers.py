"""Numbers in the prose of a chapter are those of the computation, whether written in digits or in words."""

import re

import pytest

from tests.book.pages import DISPLAYED, FENCED, chapter_paths, markdown_cells, on_one_line
from tests.book.prose_numbers import TABLES

# A decimal, with its power of ten if it has one; or a power of ten alone.
NUMBER = re.compile(
    r"(?<![\w.])[-−]?\d+\.\d+(?!\.?\d)(?: ?(?:\\times|·|×) ?10\^(?:\{-?\d+\}|\d)|e[-+]?\d+)?"
    r"|(?<![\w.])10\^(?:\{-?\d+\}|\d)|(?<![\w.])\d+e[-+]?\d+"
)
SECTION = re.compile(r"(?:sections?|§) ?\d+(?:\.\d+)+")


def prose(path):
    """(number, text on one line) of each Markdown cell, without listings and displayed formulas."""
    return [
        (number, on_one_line(DISPLAYED.sub(" ", FENCED.sub(" ", text))))
        for number, text in markdown_cells(path)
    ]


PROSE = {path.stem: prose(path) for path in chapter_paths()}


def numbers_in(text):
    return [found[0].replace("−", "-") for found in NUMBER.finditer(SECTION.sub("", text))]


def gone(chapter, phrases):
    """The phrases that the chapter does not say any more."""
    text = " ".join(text for _, text in PROSE[chapter])
    return [phrase for phrase in phrases if phrase not in text]


@pytest.mark.parametrize("chapter", PROSE)
def test_every_row_is_about_a_phrase_of_the_chapter(chapter):
    numbers, figures = TABLES[chapter]()
    assert gone(chapter, [row[0] for row in numbers + figures]) == [], (
        "change or delete these rows of the table"
    )


@pytest.mark.parametrize("chapter", PROSE)
def test_numbers_are_the_computed_ones(chapter):
    numbers, _ = TABLES[chapter]()
    assert [(phrase, computed) for phrase, *computed in numbers if numbers_in(phrase) != computed] == []


@pytest.mark.parametrize("chapter", PROSE)
def test_figures_in_words_are_true(chapter):
    _, figures = TABLES[chapter]()
    assert [phrase for phrase, is_true in figures if not is_true] == []


@pytest.mark.parametrize("chapter", PROSE)
def test_no_number_is_left_out_of_the_table(chapter):
    numbers, _ = TABLES[chapter]()
    left_out = []
    for cell, text in PROSE[chapter]:
        for phrase, *_ in numbers:
            text = text.replace(phrase, " ")
        left_out += [f"cell {cell}: {number}" for number in numbers_in(text)]
    assert left_out == [], f"add each to the table of {chapter}, with its computation"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("is 0.9933, then", ["0.9933"]),
        (r"$-4.9 \times 10^{-3}$", [r"-4.9 \times 10^{-3}"]),
        ("−0.005: and 3 · 10^6 or 1e-12", ["-0.005", "10^6", "1e-12"]),
        ("from 2.0050 to 2.0020.", ["2.0050", "2.0020"]),
        ("in section 4.3 of it, § 5.1, and 4.3 here", ["4.3"]),
        ("5 − 0.1 · (−10)", ["0.1"]),
        ("$w^2_{11}$, 60 minutes, $x_2 = 2$", []),
    ],
)
def test_numbers_are_found(text, expected):
    assert numbers_in(text) == expected
