"""Each quiz has three to six questions, with the right number of right answers, all of them explained."""

import json
import re

import pytest

from backprop_lib.quiz import quiz
from tests.book.pages import cells, chapter_paths
from tools.check_notebooks import ROOT, text_of

QUIZZES = sorted((ROOT / "chapters/quizzes").glob("*.json"))
KINDS = ("multiple_choice", "many_choice", "numeric")


def problems(questions):
    """What is wrong with a quiz, one line each."""
    if not 3 <= len(questions) <= 6:
        yield f"{len(questions)} questions, not 3 to 6"
    for number, question in enumerate(questions, 1):
        kind, answers = question.get("type"), question.get("answers", [])
        right = [answer for answer in answers if answer.get("correct") is True]
        if kind not in KINDS:
            yield f"question {number} has the type {kind!r}"
        if kind == "numeric":
            others = [answer for answer in answers if answer.get("type") != "default"]
            if not all(isinstance(answer.get("value"), int | float) for answer in others):
                yield f"question {number} has an answer without a value"
        elif not 2 <= len(answers) <= 6 or len({answer.get("answer") for answer in answers}) < len(answers):
            yield f"question {number} has not 2 to 6 different choices"
        if not right or (kind != "many_choice" and len(right) > 1):
            yield f"question {number} has {len(right)} right answers"
        if kind == "many_choice" and len(right) == len(answers):
            yield f"question {number} has no wrong answer"
        if not all(len(answer.get("feedback", "")) >= 20 for answer in answers):
            yield f"question {number} has a choice that is not explained"
        texts = [
            question.get("question", ""),
            *(a.get(part, "") for a in answers for part in ("answer", "feedback")),
        ]
        for text in texts:
            if text.count("$") % 2 or text.count("`") % 2 or re.search(r"\$\$|\\dd\b|<[a-z/]", text):
                yield f"question {number}: a $ or ` without its partner, $$, \\dd or HTML in {text!r}"


@pytest.mark.parametrize("path", QUIZZES, ids=[path.stem for path in QUIZZES])
def test_quiz_is_complete(path):
    assert list(problems(json.loads(path.read_text(encoding="utf-8")))) == []


def shown_quizzes(path):
    """(file name, cell) of each quiz that a chapter shows."""
    for _, cell in cells(path):
        if cell["cell_type"] == "code":
            for name in re.findall(r'\bquiz\("quizzes/([\w.]+)"\)', text_of(cell["source"])):
                yield name, cell


@pytest.mark.parametrize("path", chapter_paths(), ids=lambda path: path.stem)
def test_chapter_shows_its_quiz(path):
    ((name, cell),) = shown_quizzes(path)
    assert name in (f"{path.stem[:2]}.json", f"{path.stem}.json")
    stored = text_of(cell["outputs"][0]["data"]["text/html"])
    assert stored == quiz(ROOT / "chapters/quizzes" / name)._repr_mimebundle_()["text/html"]


def test_every_quiz_of_a_listed_chapter_is_shown_once():
    shown = [name for path in chapter_paths() for name, _ in shown_quizzes(path)]
    numbers = {path.stem[:2] for path in chapter_paths()}
    assert sorted(shown) == sorted(path.name for path in QUIZZES if path.stem[:2] in numbers)


def question(*answers, kind="multiple_choice"):
    return {"question": "Why?", "type": kind, "answers": list(answers)}


def answer(correct, text="this", feedback="An explanation that is long enough."):
    return {"answer": text, "correct": correct, "feedback": feedback}


GOOD = question(answer(True), answer(False, "that"))


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (question(answer(True), answer(True, "that")), "2 right answers"),
        (question(answer(False), answer(False, "that")), "0 right answers"),
        (question(answer(True), answer(True, "that"), kind="many_choice"), "no wrong answer"),
        (question(answer(True), answer(False, "that", feedback="No.")), "not explained"),
        (question(answer(True), answer(False)), "different choices"),
        (question(answer(True), answer(False, "$x")), "without its partner"),
        (question(answer(True), answer(False, r"$\dd{a}{b}$")), r"\dd"),
        (question(answer(True), answer(False, "that"), kind="string"), "the type 'string'"),
        (question(answer(True), kind="numeric"), "without a value"),
    ],
)
def test_a_bad_question_is_found(bad, words):
    assert list(problems([GOOD, GOOD, GOOD])) == []
    assert any(words in line for line in problems([GOOD, GOOD, bad])), words


def test_too_few_and_too_many_questions_are_found():
    assert "2 questions" in next(problems([GOOD] * 2))
    assert "7 questions" in next(problems([GOOD] * 7))
