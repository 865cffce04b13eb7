"""Checks of the formulas of the tools chapter, on random layers."""

import numpy as np
import torch

import backprop_lib as bp
from tests.book.formulas import assert_gradient, assert_same, checks, sigmoid


def layer(rng):
    """W, x and a function that applies the layer in the library of its argument."""
    n_in, n_out = rng.choice([2, 3, 4, 5, 6], size=2, replace=False)
    W, x = rng.normal(size=(n_out, n_in)), rng.normal(size=n_in)

    def f(x):
        lib = torch if isinstance(x, torch.Tensor) else bp
        return sigmoid((W if isinstance(x, np.ndarray) else lib.tensor(W)) @ x)

    return W, x, f, {n_in: 2, n_out: 3}


def jacobian(W, x):
    a = sigmoid(W @ x)
    return (a * (1 - a))[:, None] * W


def sizes(page, *arrays):
    return [tuple(page[length] for length in array.shape) for array in arrays]


@checks(
    "eq-ch14-jvp",
    r"\begin{gathered} J = \dd{a}{x}, \qquad \dot a = J\,\dot x \\[4pt]"
    r" \text{shapes: } (3, 2),\quad (3,) = (3, 2)\,(2,) \end{gathered}",
)
def jvp(rng):
    W, x, f, page = layer(rng)
    J, x_dot = jacobian(W, x), rng.normal(size=x.size)
    for i, row in enumerate(J):
        assert_gradient(row, lambda x, i=i: f(x)[i], x)
    assert_same(J, torch.func.jacrev(f)(torch.tensor(x)), bp.autograd.functional.jacobian(f, bp.tensor(x)))
    a_dot = J @ x_dot
    step = 1e-6
    differences = (f(x + step * x_dot) - f(x - step * x_dot)) / (2 * step)
    np.testing.assert_allclose(a_dot, differences, rtol=1e-5, atol=1e-8)
    _, by_torch = torch.func.jvp(f, (torch.tensor(x),), (torch.tensor(x_dot),))
    _, by_library = bp.autograd.functional.jvp(f, bp.tensor(x), bp.tensor(x_dot))
    assert_same(a_dot, by_torch, by_library)
    return sizes(page, J, a_dot, J, x_dot)


@checks(
    "eq-ch14-vjp",
    r"\begin{gathered} \bar x = J^{\mathsf T}\,\bar a \\[4pt]"
    r" \text{shapes: } (2,) = (2, 3)\,(3,) \end{gathered}",
)
def vjp(rng):
    W, x, f, page = layer(rng)
    J = jacobian(W, x)
    centre = rng.normal(size=W.shape[0])
    a_bar = f(x) - centre  # the gradient of E = ½ |a - centre|²
    x_bar = J.T @ a_bar

    def E(x):
        lib = torch if isinstance(x, torch.Tensor) else bp
        return 0.5 * (f(x) - (centre if isinstance(x, np.ndarray) else lib.tensor(centre))) ** 2

    assert_gradient(x_bar, E, x)
    _, pull_back = torch.func.vjp(f, torch.tensor(x))
    _, by_library = bp.autograd.functional.vjp(f, bp.tensor(x), bp.tensor(a_bar))
    assert_same(x_bar, pull_back(torch.tensor(a_bar))[0], by_library)
    return sizes(page, x_bar, J.T, a_bar)
