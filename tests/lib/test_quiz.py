"""A quiz is HTML that needs no script, and Markdown for paper; both explain every choice."""

import json
import re

import pytest

from backprop_lib.quiz import quiz

CHOICE = {
    "question": "What is $\\sigma'(0)$ of `sigmoid`, if 1 < 2?",
    "type": "multiple_choice",
    "code": "a < b",
    "answers": [
        {"answer": "$0.25$", "correct": True, "feedback": "The *largest* value."},
        {"answer": "1 & more", "correct": False, "feedback": "That is the slope of $x$."},
    ],
}
NUMERIC = {
    "question": "How much is 1 − 3?",
    "type": "numeric",
    "answers": [
        {"type": "value", "value": 2, "correct": False, "feedback": "Turned round."},
        {"type": "value", "value": -2, "correct": True, "feedback": "First minus second."},
        {"type": "default", "feedback": "Count again."},
    ],
}


@pytest.fixture
def shown(tmp_path):
    path = tmp_path / "q.json"
    path.write_text(json.dumps([CHOICE, NUMERIC]), encoding="utf-8")
    return quiz(path)._repr_mimebundle_()


def test_choices_are_folds_that_say_right_or_wrong(shown):
    folds = re.findall(
        r"<details(.*?)><summary>(.*?)</summary><p><strong>(.*?)</strong> (.*?)</p></details>",
        shown["text/html"],
    )
    assert [(kind, verdict) for kind, _, verdict, _ in folds] == [
        (' class="bp-right"', "✓ Right."),
        ("", "✗ Not so."),
        (' class="bp-right"', "✓ −2."),
        ("", "✗ Not so."),
        ("", "✗ Not so."),
    ]
    assert folds[0][3] == "The <em>largest</em> value."
    assert folds[1][1] == "<strong>B</strong> 1 &amp; more"
    assert [summary for _, summary, *_ in folds[2:]] == ["Show the answer", "I got 2", "I got another number"]


def test_marks_are_typeset_and_the_rest_is_escaped(shown):
    assert r"""<span class="math notranslate nohighlight">\(\sigma'(0)\)</span>""" in shown["text/html"]
    assert "<code>sigmoid</code>, if 1 &lt; 2?" in shown["text/html"]
    assert "<pre><code>a &lt; b</code></pre>" in shown["text/html"]


def test_paper_shows_the_answers_below_the_question(shown):
    question, _, answers = shown["text/markdown"].partition("*Answers*")
    assert "- A: $0.25$\n- B: 1 & more" in question
    assert "- A is right. The *largest* value.\n- B is wrong." in answers
    assert "- −2 is right. First minus second." in answers


def test_nothing_runs_loads_or_has_an_id(shown):
    assert not re.search(r"<script|\bid=|\bon\w+=|https?:|url\(", shown["text/html"])


@pytest.mark.parametrize(
    ("change", "words"),
    [({"type": "string"}, "no such type"), ({"answers": CHOICE["answers"][1:]}, "without a right answer")],
)
def test_a_mistake_is_refused_in_words(tmp_path, change, words):
    path = tmp_path / "q.json"
    path.write_text(json.dumps([CHOICE | change]), encoding="utf-8")
    with pytest.raises(ValueError, match=words):
        quiz(path)
