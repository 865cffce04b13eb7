"""What the prose of the derivation says in numbers, beside the computation that it must agree with.

In `numbers`: a phrase as the page has it, then each of its decimals and powers of ten, computed.
In `figures`: a phrase with a number in words, then whether the computation bears it out.
"""

import re
from functools import cache
from itertools import pairwise

import numpy as np
import torch

from tests.book.pages import cells
from tools.check_notebooks import ROOT, text_of


def paths_behind(layers, neurons):
    """How many paths lead from one wire through so many fully connected layers."""
    arriving = [1]
    for _ in range(layers):
        arriving = [sum(arriving)] * neurons
    return sum(arriving)


def power(number, braces=True):
    """A power of ten as LaTeX writes it."""
    exponent = round(np.log10(float(number)))
    assert number == 10**exponent
    return f"10^{{{exponent}}}" if braces else f"10^{exponent}"


def signal(loss, z):
    """dE/dz of a sigmoid output whose target is 1."""
    z = torch.tensor(z, dtype=torch.float64, requires_grad=True)
    loss(torch.sigmoid(z), torch.ones((), dtype=torch.float64)).backward()
    return z.grad.item()


def half_square(y, t):
    return 0.5 * (y - t) ** 2


def lowest_error_of_double_softmax(classes):
    """The cross-entropy of probabilities taken for logits, when the network is as sure as can be."""
    sure = torch.zeros(classes, dtype=torch.float64)
    sure[0] = 1
    return torch.nn.functional.cross_entropy(sure, torch.tensor(0)).item()


def source(beginning):
    """The code of the cell of the chapter that begins so."""
    found = [text_of(c["source"]) for _, c in cells(ROOT / "chapters/04_derivation.ipynb")]
    (code,) = [text for text in found if text.startswith(beginning)]
    return code


def lines_of_the_equations():
    """The lines of forward and backward that are not empty."""
    functions = source("def forward").partition("\nz, a = ")[0]
    return len([line for line in functions.splitlines() if line.strip()])


def products_of_the_example():
    """J u and J^T v at the page's point, with J by PyTorch."""

    def f(x):
        return torch.stack([x[0] * x[1], x[0] ** 2, x[0] + 3 * x[1]])

    J = torch.autograd.functional.jacobian(f, torch.tensor([2.0, 5.0])).numpy()
    u, v = np.array([1, -1]), np.array([1, 2, -1])
    return J, J @ u, J.T @ v, v @ J @ u


def multiplications(sizes):
    """Of a forward pass, and of BP2 and BP4 together, for one example."""
    layers = list(pairwise(sizes))
    forward = sum(n * m for n, m in layers)
    outer = forward
    through_the_transpose = sum(n * m for n, m in layers[1:])
    return forward, outer + through_the_transpose


def tiny_gradients():
    """What y1 and y2 send to the activation of the 1-1-2 network."""
    w, b, v1, v2 = (torch.tensor(v, dtype=torch.float64) for v in (0.5, -1.0, 0.8, 1.2))
    a = torch.sigmoid(2 * w + b).requires_grad_()
    shares = [torch.autograd.grad(half_square(v * a, t), a)[0].item() for v, t in ((v1, 1), (v2, 0))]
    return shares, sum(shares)


@cache
def tables():
    """The rows (phrase, number, number, ...) and the rows (phrase, whether it is true)."""
    rows, columns = 100 * 1000, 1000 * 1000
    entropy, squares = signal(torch.nn.functional.binary_cross_entropy, -6.0), signal(half_square, -6.0)
    output = torch.sigmoid(torch.tensor(-6.0)).item()
    J, Ju, JTv, both = products_of_the_example()
    alt = re.search(r"Backward, a receives .*?\n.*?in all 0.24", source("from backprop_lib.stepper"), re.S)
    shares, received = tiny_gradients()
    forward, backward = multiplications([100] * 10)

    numbers = [
        (
            "With ten layers of 100 neurons behind it that makes $10^{20}$ paths for one weight",
            power(paths_behind(10, 100)),
        ),
        ("At $z = -6$ the output is 0.0025 where it should be 1", f"{output:.4f}"),
        (
            "answers with the signal −0.9975, half squares with −0.0025",
            f"{entropy:.4f}",
            f"{squares:.4f}",
        ),
        (
            r"With three classes an error of that kind can never fall below $\log(1 + 2/e)$, about 0.5514",
            f"{lowest_error_of_double_softmax(3):.4f}",
        ),
        (
            "has a Jacobian of $10^5$ rows and $10^6$ columns",
            power(rows, braces=False),
            power(columns, braces=False),
        ),
        ("Those are $10^{11}$ numbers", power(rows * columns)),
    ]
    figures = [
        ("one matrix product, a million numbers", columns == 1_000_000),
        (
            "some hundreds of gigabytes",
            all(200 < rows * columns * size / 1e9 < 1000 for size in (4, 8)),
        ),
        ("The four equations in twenty lines", lines_of_the_equations() <= 20),
        ("cost about as much as two more forward passes", 1.8 < backward / forward <= 2),
        (
            "At $x = (2, 5)$ the rows are $(5, 2)$, $(4, 0)$ and $(1, 3)$",
            J.tolist() == [[5, 2], [4, 0], [1, 3]],
        ),
        ("= (3, 4, -2)$", Ju.tolist() == [3, 4, -2]),
        ("= (12, -1)$", JTv.tolist() == [12, -1]),
        ("Here both sides are 13", both == 13),
        (
            "the two outputs send it shares of opposite sign, and what has arrived is their sum",
            bool(alt) and np.allclose([*shares, received], [-0.48, 0.72, 0.24], atol=1e-12),
        ),
        ("the two differ by a factor of exactly 2", 2 == (2 / (1 * 1)) / (2 * (1 / 2))),
        (
            r"$\log(1 + 2/e)$",
            bool(np.isclose(np.log(1 + 2 / np.e), lowest_error_of_double_softmax(3), atol=1e-12)),
        ),
    ]
    return numbers, figures
