"""What the prose of the tools chapter says in numbers, beside what it must agree with."""

import re

import numpy as np

from tests.book.pages import cells, markdown_cells
from tools.check_notebooks import ROOT, text_of

PATH = ROOT / "chapters/14_tools.ipynb"


def code():
    return "\n".join(text_of(cell["source"]) for _, cell in cells(PATH) if cell["cell_type"] == "code")


def works():
    """How many works the reading list has."""
    (text,) = [text for _, text in markdown_cells(PATH) if "## What to read" in text]
    listed = text.partition("## What to read")[2].partition("## Exercises")[0]
    return len(re.findall(r"^- .*\{cite:t\}", listed, re.MULTILINE))


def tables():
    by_cell = re.search(r"x0, x_dot.* = np\.array\(\[([\d.]+), (-[\d.]+)\]\)", code())
    (momentum,) = set(re.findall(r"momentum=(0\.\d)", text_of([t for _, t in markdown_cells(PATH)])))
    x = np.array(re.search(r"x = torch\.tensor\(\[(0\.2), (2\.0)\]", code()).groups(), dtype=float)
    a_bar = 2 * x
    x_bar = np.clip(a_bar, -1, 1)
    numbers = [
        ("with $x = [0.1, -0.2]$, $", *by_cell.groups()),
        (
            r"with $a = x = [0.2, 2]$: $\bar a = 2a = [0.4, 4]$, so $\bar x = [0.4, 1]$",
            f"{x[0]:g}",
            f"{a_bar[0]:g}",
            f"{x_bar[0]:g}",
        ),
        ("Gradient descent with momentum 0.5 keeps", momentum),
        (r"does $v \leftarrow 0.5\, v + g$", momentum),
        ("check it against `torch.optim.SGD` with `momentum=0.5`", momentum),
    ]
    figures = [
        ("Nineteen works, each with", works() == 19),
        ("the learning rate is a tenth", "lr=0.1" in code() and "W1 - 0.1 *" in code()),
        ("[0.4, 4]", (a_bar[1], x_bar[1]) == (4, 1)),
    ]
    return numbers, figures
