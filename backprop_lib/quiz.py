"""Show multiple-choice and numeric questions, each choice a fold that says why it is right or wrong.

Questions are kept in the JSON format of jupyterquiz.
The page needs no script, no kernel and no network: a fold is an HTML `<details>`, which keyboards and
screen readers know. In the PDF the answers stand below the question.
"""

import json
import re
from html import escape
from pathlib import Path

_MARKS = re.compile(r"`(?P<code>[^`]+)`|\$(?P<math>[^$]+)\$|\*(?P<emphasis>[^*\s](?:[^*]*[^*\s])?)\*")
_LETTERS = "ABCDEFGH"
_HINT = {"many_choice": "Several may be right.", "numeric": "Work it out, then open the answer."}
_STYLE = (
    ".bp-quiz>li{margin:0 0 1.4rem}.bp-quiz details{margin:.4rem 0;padding:0 .7rem;border:1px solid #8a8a8a;"
    "border-radius:6px}.bp-quiz summary{padding:.45rem 0;cursor:pointer}"
    ".bp-quiz details p{margin:.2rem 0 .6rem}"
    ".bp-quiz details[open]{border-left-width:5px;border-left-style:dashed}"
    ".bp-quiz details.bp-right[open]{border-left-style:solid}.bp-quiz pre{overflow-x:auto}"
)


def quiz(path):
    """The questions of a JSON file, to be the last value of a cell.

    Raises ValueError if a question has another type or lacks a right answer.
    """
    return Quiz(json.loads(Path(path).read_text(encoding="utf-8")))


class Quiz:
    """Questions that notebooks, the book and the PDF show."""

    def __init__(self, questions):
        self.questions = [_Question(question) for question in questions]

    def _repr_mimebundle_(self, include=None, exclude=None):
        items = "\n".join(question.as_html() for question in self.questions)
        return {
            "text/html": f'<style>{_STYLE}</style>\n<ol class="bp-quiz">\n{items}\n</ol>',
            "text/markdown": "\n\n".join(q.as_markdown(n) for n, q in enumerate(self.questions, 1)),
            "text/plain": f"{len(self.questions)} questions",
        }


class _Question:
    """One question; of a numeric one, the wrong answers are known mistakes."""

    def __init__(self, given):
        self.kind, self.text, self.code = given["type"], given["question"], given.get("code")
        if self.kind not in ("multiple_choice", "many_choice", "numeric"):
            raise ValueError(f"no such type of question: {self.kind!r}")
        answers = given["answers"]
        if self.kind == "numeric":
            self.answers = [(_value(a), a.get("correct", False), a["feedback"]) for a in answers]
        else:
            self.answers = [(a["answer"], a["correct"], a["feedback"]) for a in answers]
        if not any(correct for _, correct, _ in self.answers):
            raise ValueError(f"a question without a right answer: {self.text!r}")

    def _numeric_folds(self):
        """(summary, is right, explanation) of the folds of a numeric question, the right answer first."""
        for value, correct, why in sorted(self.answers, key=lambda answer: not answer[1]):
            yield ("Show the answer" if correct else f"I got {value}"), correct, why

    def as_html(self):
        """The question as an item of a list."""
        folds = self._numeric_folds() if self.kind == "numeric" else self.answers
        parts = [f"<p>{_html(self.text)}"]
        parts[0] += f" <em>{_HINT[self.kind]}</em></p>" if self.kind in _HINT else "</p>"
        if self.code:
            parts.append(f"<pre><code>{escape(self.code)}</code></pre>")
        for letter, (summary, correct, why) in zip(_LETTERS, folds):
            lead = "" if self.kind == "numeric" else f"<strong>{letter}</strong> "
            verdict = "✓ Right." if correct else "✗ Not so."
            if self.kind == "numeric" and correct:
                verdict = f"✓ {next(value for value, right, _ in self.answers if right)}."
            kind = ' class="bp-right"' if correct else ""
            parts.append(
                f"<details{kind}><summary>{lead}{_html(summary)}</summary>"
                f"<p><strong>{verdict}</strong> {_html(why)}</p></details>"
            )
        return f"<li>{''.join(parts)}</li>"

    def as_markdown(self, number):
        """The question, its choices, then every explanation: for paper, where nothing unfolds."""
        hint = f" *{_HINT['many_choice']}*" if self.kind == "many_choice" else ""
        parts = [f"**Question {number}.** {self.text}{hint}"]
        if self.code:
            parts.append(f"```\n{self.code}\n```")
        if self.kind != "numeric":
            parts.append("\n".join(f"- {x}: {answer}" for x, (answer, *_) in zip(_LETTERS, self.answers)))
        named = zip(_LETTERS, self.answers)
        lines = [
            f"- {answer if self.kind == 'numeric' else letter} is {'right' if correct else 'wrong'}. {why}"
            for letter, (answer, correct, why) in named
        ]
        return "\n\n".join([*parts, "*Answers*", "\n".join(lines)])


def _value(answer):
    return str(answer.get("value", "another number")).replace("-", "−")


def _html(text):
    """Text with `code`, $mathematics$ and *emphasis*; everything else is escaped."""
    parts, end = [], 0
    for found in _MARKS.finditer(text):
        parts.append(escape(text[end : found.start()], quote=False))
        kind, inner = found.lastgroup, escape(found[found.lastgroup], quote=False)
        if kind == "code":
            parts.append(f"<code>{inner}</code>")
        elif kind == "emphasis":
            parts.append(f"<em>{inner}</em>")
        else:  # MathJax of the book and of JupyterLab typesets this
            parts.append(rf'<span class="math notranslate nohighlight">\({inner}\)</span>')
        end = found.end()
    return "".join(parts) + escape(text[end:], quote=False)
