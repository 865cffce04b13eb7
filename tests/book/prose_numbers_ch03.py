"""What the prose of the algorithm says in numbers, beside the computation that it must agree with."""

import contextlib
import io
import re
from functools import cache

import numpy as np
import torch

from backprop_lib.gradcheck import numerical_gradient
from tests.book.pages import cells
from tools.check_notebooks import ROOT, text_of


def code():
    notebook = cells(ROOT / "chapters/03_algorithm.ipynb")
    return "\n".join("".join(cell["source"]) for _, cell in notebook if cell["cell_type"] == "code")


def passes(numbers):
    """How often a numerical gradient of so many numbers runs the function."""
    seen = []
    numerical_gradient(lambda w: seen.append(w) or 0.0, np.zeros(numbers))
    return len(seen)


@cache
def early_and_right(alpha):
    """Errors of 3000 steps with each layer updated too early, and by the page's own program."""
    names = {}
    sources = [text_of(cell["source"]) for _, cell in cells(ROOT / "chapters/03_algorithm.ipynb")]
    for needed in ("from itertools import pairwise", "def backward(weights", "def train(weights"):
        (source,) = [source for source in sources if needed in source and not source.startswith("#")]
        with contextlib.redirect_stdout(io.StringIO()):
            exec(source, names)
    markdown = " ".join(f"{source}\n" for source in sources if "def train_early" in source)
    exec(re.search(r"```python\n(def train_early.*?)```", markdown, re.DOTALL)[1], names)
    with np.errstate(all="ignore"):
        early = np.array(names["train_early"](names["start"](2, 16, 1), 3000, alpha))
    return early, names["train"](names["start"](2, 16, 1), 3000, alpha)[0]


@cache
def tables():
    """The rows (phrase, number, number, ...) and the rows (phrase, whether it is true)."""
    page = code()
    weights = sum(
        p.numel() for p in [*torch.nn.Linear(2, 16).parameters(), *torch.nn.Linear(16, 1).parameters()]
    )
    activations = 512 * sum([1000] * 50)
    slow, slow_right = early_and_right(0.1)
    fast, fast_right = early_and_right(0.5)
    numbers = [
        (r"Try $\alpha = 0.1$ and $\alpha = 0.5$, for 3000 steps each", "0.1", "0.5"),
        (r"With $\alpha = 0.1$ the new weights are nearly the old ones", "0.1"),
        (r"With $\alpha = 0.5$ they stay within a few percent for more than a thousand", "0.5"),
    ]
    figures = [
        ("those of the right program to within a percent", np.abs(slow / slow_right - 1).max() < 0.01),
        ("for more than a thousand steps", np.abs(fast[:1001] / fast_right[:1001] - 1).max() < 0.05),
        ("then they explode, while the right program goes on", not fast[-1] < 1 and fast_right[-1] < 0.001),
        ("a batch has 64 examples with two inputs each", "rng.uniform(-1, 1, (64, 2))" in page),
        ("the hidden layer has 16 neurons", "start(2, 16, 1)" in page),
        ("After 150 steps both runs are at the same place", page.count("descent, 150, weights") == 2),
        ("has 65 numbers to train", weights == 65),
        ("$w_1$ to $w_{65}$", weights == 65),
        ("two forward passes for each weight, 130 in all", passes(weights) == 130),
        ("a million weights would need two million", passes(1000) == 2 * 1000),
        ("The widest network has a thousand times as many weights", (1024 / 32) ** 2 == 1024),
        ("With 64 inputs and one output", "sizes = (1, 2, 4, 8, 16, 32, 64)" in page),
        ("At 50 layers the recording pass", "memory_depths = (1, 10, 20, 30, 40, 50)" in page),
        ("of 4 bytes, about 102 MB", round(activations * 4 / 1e6) == 102),
        ("of 4 bytes, 200 MB", 50 * 1000 * 1000 * 4 == 200e6),
    ]
    return numbers, figures
