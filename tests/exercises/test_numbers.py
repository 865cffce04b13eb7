"""Right answers pass, wrong ones fail, and each known mistake gets its own explanation and no other.

PyTorch computes every right number from the definition of its derivative: where a number in the notebook is
not right, that answer fails; and where a mistake's number is not right, its wrong answer misses its words.
"""

import functools

import pytest

from backprop_lib import checks
from tests.exercises.notebooks import ROOT, Marker, meta, parts, visible
from tests.exercises.right_answers import PARTS, RIGHT
from tests.exercises.wrong_answers import NAMED, OTHER

SOURCE = ROOT / "solutions/worked_example/worked_example.ipynb"


@functools.cache
def marker():
    return Marker(SOURCE)


def rows(table):
    return [
        pytest.param(part, words, answer, id=f"{part}-{i}")
        for part in PARTS
        for i, (words, answer) in enumerate(table[part])
    ]


def test_tables_cover_every_part():
    in_notebook = [meta(test)["grade_id"].removeprefix("test_") for *_, test in parts(marker())]
    assert in_notebook == PARTS == list(NAMED) == list(OTHER)
    assert all(list(answers) == PARTS for answers in RIGHT.values())
    assert all(len(rows) >= 10 for rows in OTHER.values())


@pytest.mark.parametrize("part", PARTS)
def test_every_mistake_that_the_notebook_names_has_its_wrong_answer(part, monkeypatch):
    named = []

    def record(what, got, expected, mistakes=None, **_):
        named.extend(f"{what}: {words}" for words in mistakes or {})

    monkeypatch.setattr(checks, "equal", record)
    assert marker().mark(part, RIGHT["PyTorch"][part]) is None
    assert sorted(named) == sorted(words for words, _ in NAMED[part])


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("style", RIGHT)
def test_right_answer(style, part):
    assert marker().mark(part, RIGHT[style][part]) is None


@pytest.mark.parametrize(("part", "words", "answer"), rows(NAMED))
def test_known_mistake_gets_its_own_words(part, words, answer):
    assert marker().mark(part, answer) == ("visible", words)


@pytest.mark.parametrize(("part", "begins", "answer"), rows(OTHER))
def test_other_mistake_fails_and_is_not_taken_for_a_known_one(part, begins, answer):
    _, message = marker().mark(part, answer)
    assert message.startswith(begins)
    known = [words for words, _ in NAMED[part] if words == message]
    assert not known or not begins.endswith(": "), f"misleading: {message}"


@pytest.mark.parametrize("part", PARTS)
def test_hidden_tests_alone_reject_every_known_mistake(part):
    """A student could fit an answer to the visible numbers: the hidden ones must find what is missing."""
    only_hidden = Marker(SOURCE)
    test = only_hidden.test_cell(part)
    test.source = test.source.removeprefix(visible(test).rstrip())
    assert "HIDDEN" in test.source
    assert visible(test).strip() == ""
    passed = [words for words, answer in NAMED[part] if only_hidden.mark(part, answer) is None]
    assert passed == []
