"""What the prose of the chapter on the scalar engine says in numbers; see prose_numbers_ch05.py."""

import math
import random
from functools import cache

import numpy as np
import torch

from backprop_lib import scalar, scalar_nn
from tests.book.pages import cells
from tools.check_notebooks import ROOT, text_of

W, X, M = 3.0, 2.0, -4.0


def gradients(function):
    """The gradient of a function of w, x and m at the numbers of the page, by PyTorch."""
    at = torch.tensor([W, X, M], dtype=torch.float64, requires_grad=True)
    function(*at).backward()
    return at.grad.tolist()


def square_last(w, x, m):
    r = w * x + m
    return r + r * r


def page_code():
    """The code cells of the page as one text."""
    notebook = cells(ROOT / "chapters/06_micrograd.ipynb")
    return "\n".join(text_of(cell["source"]) for _, cell in notebook if cell["cell_type"] == "code")


def from_the_page(*names):
    """Classes and functions of the page, in their last version."""
    space, blocks = {}, page_code().split("\n\n\n")
    for name in names:
        for block in blocks:
            if f"class {name}:" in block or f"def {name}(" in block:
                start = min(i for i in (block.find(f"class {name}:"), block.find(f"def {name}(")) if i >= 0)
                source = block[start:].split("\n\n\n")[0]
                lines = source.split("\n")
                body = [lines[0], *[line for line in lines[1:] if not line or line.startswith(" ")]]
                exec("\n".join(body), space)
    return space


def second_call():
    """What the page's engine gives for w after one and after two calls that clear nothing."""
    page = from_the_page("Value", "in_order", "backward_in_order")
    w, x, m = map(page["Value"], (W, X, M))
    root = square_last(w, x, m)
    found = []
    for _ in range(2):
        page["backward_in_order"](root)
        found.append(w.grad)
    return found


def triangular(calls, k):
    """The gradient at the end of a chain of k steps after some calls that clear nothing."""
    page = from_the_page("Value", "in_order", "backward_in_order")
    leaf = end = page["Value"](1.0)
    for _ in range(k):
        end = end + page["Value"](1.0)
    for _ in range(calls):
        page["backward_in_order"](end)
    return leaf.grad


def nodes_a_point():
    """How many results one point of the moons has without dot."""
    random.seed(0)
    model = scalar_nn.MLP(2, [16, 16, 1])
    return len((1 - model([0.5, 0.5])).relu()._results_in_order())


def engine_lines():
    """The lines of the class, the order and the walk that are the page's engine in the end."""
    code = page_code()
    value = code[code.index("class Value:") : code.index("w, x, m = Value(3.0)")]
    order = code[code.rindex("def in_order(") :].split("\n\n\n")[0]
    walk = code[code.rindex("def backward(") :].split("\n\n\n")[0]
    return sum(1 for part in (value, order, walk) for line in part.splitlines() if line.strip())


def exp_overflows(z):
    """Whether e to the power z is larger than any float."""
    try:
        math.exp(z)
    except OverflowError:
        return True
    return False


@cache
def tables():
    """The rows (phrase, number, number, ...) and the rows (phrase, whether it is true)."""
    r = W * X + M
    once, twice = second_call()
    model = scalar_nn.MLP(2, [16, 16, 1])
    neuron = scalar_nn.Neuron(16)
    sums = len(neuron([1.0] * 16)._results_in_order()) - 1  # without ReLU
    softplus = 1 / (1 + np.exp(-3.0))
    figures = [
        ("in about forty lines", 30 < engine_lines() < 45),
        ("But the result, 2, has forgotten", r == 2),
        ("The slopes of the product are 2 and 3", (X, W) == (2, 3)),
        (
            "Every number is half of what it should be",
            gradients(lambda w, x, m: (w * x + m) ** 2)[2] == 2 * r,
        ),
        ("each time with the gradient $r = 2$", r == 2),
        ("the second gradient is five times too small", gradients(square_last)[2] == 5),
        ("At $r = 2$ the common factor is 5", 1 + 2 * r == 5),
        ("The other 4 arrive later", 2 * r == 4),
        ("After 60 additions, at a million calls a second", "years = 2**61 / 1e6" in page_code()),
        ("Twice 10 is 20, and this is 48", (once, twice) == (10, 48)),
        ("`r` still had its 5", 1 + 2 * r == 5),
        ("PyTorch gets all 337", len(model.parameters()) == 337),
        ("Ten of the weights are nudged", len(range(0, 337, 34)) == 10),
        ("has these six attributes and no others", len(scalar.Value.__slots__) == 6),
        ("sixteen products and as many sums: 32 nodes", sums == 32),
        ("each of the 100 points makes some six hundred nodes", 600 < nodes_a_point() < 700),
        ("give 3, 6 and 10, the triangular numbers", [triangular(3, k) for k in (1, 2, 3)] == [3, 6, 10]),
        ("$(k+1)(k+2)/2$, and $k = 4$ gives 15", triangular(3, 4) == 15),
        ("After two calls the same reasoning gives $k + 1$", triangular(2, 4) == 5),
        ("how many of its 2001 nodes are still in memory", 1000 + 1 + 1000 == 2001),
        ("From $z = 710$ on this text overflows", np.isfinite(np.exp(709.0)) and exp_overflows(710.0)),
        (
            "which has its minimum at $w = 2$",
            gradients(lambda w, x, m: (2 * x - 4 + 0 * w + 0 * m) ** 2)[1] == 0,
        ),
    ]
    assert f"{softplus:.4f}" in "0.9526 three times"
    return [], figures
