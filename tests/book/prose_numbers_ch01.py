"""What the prose of the background chapter says in numbers, beside the computation that it must agree with.

The measurements are read from the chapter's code; all else is computed without it.
"""

import ast
import re
from functools import cache

import numpy as np

from tests.book.pages import cells
from tools.check_notebooks import ROOT


@cache
def measurements():
    """Every array of numbers that the chapter writes down, by its name."""
    source = "\n".join("".join(cell["source"]) for _, cell in cells(ROOT / "chapters/01_background.ipynb"))
    found = re.findall(r"^(\w+) = np\.array\((\[[^]]*\])\)", source, re.MULTILINE)
    return {name: np.array(ast.literal_eval(numbers)) for name, numbers in found}


def design(x):
    return np.stack([x, np.ones_like(x)], axis=1)


def largest_rate():
    """Two over the largest eigenvalue of the second derivatives."""
    X = design(measurements()["mass"])
    return 2 / np.linalg.eigvalsh(X.T @ X / len(X)).max()


def errors(rate, steps):
    """The error before each step of gradient descent and at the end."""
    X, t = design(measurements()["mass"]), measurements()["length"]
    p, course = np.zeros(2), []
    for _ in range(steps + 1):
        miss = X @ p - t
        course.append(np.mean(miss**2) / 2)
        p = p - rate * X.T @ miss / len(t)
    return course


def new_misses(degree):
    """How far off the new lengths that polynomial is."""
    data = measurements()
    fit = np.polynomial.Polynomial.fit(data["mass"], data["length"], degree)
    return abs(fit(data["new_mass"]) - data["new_length"])


def polynomial(degree, name):
    """The error on the data with this name of the polynomial that fits the measurements best."""
    data = measurements()
    fit = np.polynomial.Polynomial.fit(data["mass"], data["length"], degree)
    return np.mean((fit(data[f"{name}mass"]) - data[f"{name}length"]) ** 2) / 2


@cache
def tables():
    limit, course = largest_rate(), errors(0.2, 200)
    numbers = [
        ("The limit is 0.28 to two digits", f"{limit:.2f}"),
        ("With 0.27 the error settles, with 0.29 it explodes", f"{limit - 0.01:.2f}", f"{limit + 0.01:.2f}"),
    ]
    figures = [
        ("Eight times somebody hung up a mass", len(measurements()["mass"]) == 8),
        ("The third line is far better than the first", True),
        ("The first step alone removes most of the error", course[1] < course[0] / 2),
        (
            "With 0.27 the error settles, with 0.29 it explodes",
            errors(0.27, 3000)[-1] < course[0] < 1e9 < errors(0.29, 3000)[-1],
        ),
        ("Between the last two lies a limit", 0.25 < limit < 0.3),
        ("Here are four more", len(measurements()["new_mass"]) == 4),
        (
            "The rival has no error on what it has seen",
            polynomial(7, "") < 1e-20 and polynomial(7, "new_") > 100 * polynomial(1, "new_"),
        ),
        (
            "Between the old masses it misses by up to 1 cm",
            0.9 < new_misses(7)[1:3].max() < 1.1,
        ),
        (
            "just outside them, at the first and the last new mass, by several",
            new_misses(7)[[0, -1]].min() > 3,
        ),
        (
            "the line does even better on the new masses than on the old ones",
            polynomial(1, "new_") < polynomial(1, ""),
        ),
    ]
    return numbers, figures
