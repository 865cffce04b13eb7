"""What the prose of the chapter on text says in numbers, beside the computation; the rest is glued."""

import re
from functools import cache

from tests.book.pages import cells
from tools.check_notebooks import ROOT, text_of


@cache
def printed():
    """What the cells of the page printed, as one text."""
    outputs = [
        output for _, cell in cells(ROOT / "chapters/10_text.ipynb") for output in cell.get("outputs", [])
    ]
    return "\n".join(
        text_of(output.get("text", "")) + text_of(output.get("data", {}).get("text/markdown", ""))
        for output in outputs
    )


def number_after(words):
    return float(re.search(re.escape(words) + r"\D*?([\d.]+)", printed())[1])


def tables():
    accuracies = [number_after(f"| embedding bag, {kind} |") for kind in ("characters", "with bigrams")]
    numbers = [
        ("accuracy near 0.8 is about", "0.8"),
        ("$\\partial E/\\partial v = (0.5, -1)$", "0.5"),
        ("Row 2 was looked up once: $(0.5, -1)$", "0.5"),
    ]
    figures = [
        ("accuracy near 0.8 is about", all(round(share, 1) == 0.8 for share in accuracies)),
        (
            "Here it has $V = 4382$ rows of 16 numbers",
            number_after("characters seen in training:") + 2 == 4382,
        ),
        ("we keep 32,768 rows", 2**15 == 32768),
    ]
    return numbers, figures
