"""Checks of the formulas of the background chapter: a straight line, its error, and a product of numbers."""

import math

import numpy as np
import torch

import backprop_lib as bp
from backprop_lib.gradcheck import numerical_gradient
from backprop_lib.scalar import Value
from tests.book.formulas import assert_gradient, assert_same, checks, like


def measurements(rng):
    """Inputs x, targets t and the parameters w and b of a line."""
    n = int(rng.integers(1, 9))
    return rng.normal(size=n), rng.normal(size=n), *rng.normal(size=2)


def error(w, b, x, t):
    """The error of a line by its definition in words: half the mean of the squared misses."""
    return 0.5 * ((w * like(w, x) + b - like(w, t)) ** 2).mean()


def slopes(x, t, w, b):
    """The derivatives by w and by b as the page has them."""
    n = len(x)
    y = [w * x[i] + b for i in range(n)]
    return sum((y[i] - t[i]) * x[i] for i in range(n)) / n, sum(y[i] - t[i] for i in range(n)) / n


@checks("eq-ch1-line", r"y_i = w\,x_i + b")
def line(rng):
    x, _, w, b = measurements(rng)
    y = [w * x[i] + b for i in range(len(x))]
    assert_same(y, np.polyval([w, b], x))
    for lib in (bp, torch):
        weight, bias = lib.tensor(np.array([[w]])), lib.tensor(np.array([b]))
        layer = lib.nn.functional.linear(lib.tensor(x[:, None]), weight, bias)
        assert_same(y, layer.reshape(-1))


@checks("eq-ch1-error", r"E = \frac{1}{2n} \sum_{i=1}^{n} (y_i - t_i)^2")
def half_mean_square(rng):
    y, t, *_ = measurements(rng)
    n = len(y)
    E = 1 / (2 * n) * sum((y[i] - t[i]) ** 2 for i in range(n))
    assert_same(E, *(lib.nn.MSELoss()(lib.tensor(y), lib.tensor(t)) / 2 for lib in (bp, torch)))


@checks(
    "eq-ch1-slopes",
    r"\begin{gathered} \dd{E}{w} = \frac1n \sum_{i=1}^{n} (y_i - t_i)\,x_i \\[4pt]"
    r" \dd{E}{b} = \frac1n \sum_{i=1}^{n} (y_i - t_i) \end{gathered}",
)
def gradient(rng):
    x, t, w, b = measurements(rng)
    dw, db = slopes(x, t, w, b)
    assert_gradient(dw, lambda w: error(w, like(w, np.array(b)), x, t), w)
    assert_gradient(db, lambda b: error(like(b, np.array(w)), b, x, t), b)
    w_value, b_value = Value(w), Value(b)
    misses = [w_value * xi + b_value - ti for xi, ti in zip(x, t)]
    (sum(miss**2 for miss in misses) / (2 * len(x))).backward()
    assert_same([dw, db], [w_value.grad, b_value.grad])


@checks(
    "eq-ch1-update",
    r"w \leftarrow w - \alpha\,\dd{E}{w}, \qquad b \leftarrow b - \alpha\,\dd{E}{b}",
)
def update(rng):
    x, t, w, b = measurements(rng)
    alpha = rng.uniform(0.01, 1)
    numerical = numerical_gradient(lambda both: error(*map(np.array, both), x, t), [w, b])
    for lib in (bp, torch):
        leaves = [lib.tensor(number, dtype=lib.float64, requires_grad=True) for number in (w, b)]
        error(*leaves, x, t).backward()
        lib.optim.SGD(leaves, lr=alpha).step()
        stepped = [leaf.item() for leaf in leaves]
        np.testing.assert_allclose([w - alpha * numerical[0], b - alpha * numerical[1]], stepped, rtol=1e-6)


@checks(
    "eq-ch1-product",
    r"\frac{\partial}{\partial x_i} \prod_{j=1}^{n} x_j = \prod_{j \ne i} x_j",
)
def product(rng):
    x = rng.normal(size=rng.integers(2, 8))
    others = [math.prod(x[j] for j in range(len(x)) if j != i) for i in range(len(x))]

    def of_all(x):
        result = x[0]
        for k in range(1, len(others)):
            result = result * x[k]
        return result

    assert_gradient(others, of_all, x)
    values = [Value(number) for number in x]
    of_all(values).backward()
    assert_same(others, [value.grad for value in values])
