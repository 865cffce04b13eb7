"""The worked example: what the article printed, and the numbers found without the formulas of the page.

They come from PyTorch, and from differences of long decimals.
Decimals with 60 digits and a step of 1e-20 give derivatives to some 35 digits and use no calculus.
PyTorch's float64 gives eight for the smallest ones, because 1 - σ(17) loses the others.
"""

from decimal import Decimal, localcontext
from functools import cache
from types import SimpleNamespace

import numpy as np
import torch

X, T, ALPHA = [1.0, 2.0], 3.0, 0.1
W1, W2 = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [[1.0, 2.0, 3.0]]

# The article, section 4.3: what it prints for each quantity, or that it prints nothing.
ARTICLE = {
    r"$h_1 = \sigma(5)$": "1",
    r"$h_2 = \sigma(11)$": "1",
    r"$h_3 = \sigma(17)$": "left out",
    "$y$": "σ(6) = 1",
    "$E$": "½ · (1 − 3)² = 4",
    r"$\partial E/\partial w^2_{11}$": "not computed",
    r"$\partial E/\partial w^2_{12}$": "not computed",
    r"$\partial E/\partial w^2_{13}$": "not computed",
    r"$\partial E/\partial w^1_{11}$": "−2",
    r"$\partial E/\partial w^1_{12}$": "−4",
    r"$\partial E/\partial w^1_{21}$": "−6",
    r"$\partial E/\partial w^1_{22}$": "−8",
    r"$\partial E/\partial w^1_{31}$": "−10",
    r"$\partial E/\partial w^1_{32}$": "−12",
    "change of $w^2_{11}$": "not updated",
    "change of $w^2_{12}$": "not updated",
    "change of $w^2_{13}$": "not updated",
    "change of $w^1_{11}$": "0.2 (1 to 1.2)",
    "change of $w^1_{12}$": "0.4 (2 to 2.4)",
    "change of $w^1_{21}$": "0.6 (3 to 3.6)",
    "change of $w^1_{22}$": "0.8 (4 to 4.8)",
    "change of $w^1_{31}$": "0.5 (5 to 5.5)",
    "change of $w^1_{32}$": "0.6 (6 to 6.6)",
}


def forward(W1, W2, linear):
    """z1, a1, z2, y and E by PyTorch."""
    z1 = W1 @ torch.tensor(X, dtype=torch.float64)
    a1 = torch.sigmoid(z1)
    z2 = W2 @ a1
    y = z2 if linear else torch.sigmoid(z2)
    return z1, a1, z2, y, 0.5 * ((y - T) ** 2).sum()


def by_pytorch(W1=W1, W2=W2, linear=False):
    """Every number and both weight gradients, as NumPy float64 arrays."""
    weights = [torch.tensor(W, dtype=torch.float64, requires_grad=True) for W in (W1, W2)]
    numbers = forward(*weights, linear)
    for number in numbers:
        number.retain_grad()
    numbers[-1].backward()
    found = {name: number.detach().numpy() for name, number in zip(("z1", "a1", "z2", "y", "E"), numbers)}
    found |= {f"d{name}": number.grad.numpy() for name, number in zip(("z1", "a1", "z2", "y"), numbers)}
    return SimpleNamespace(**found, dW1=weights[0].grad.numpy(), dW2=weights[1].grad.numpy())


def train(steps, linear=False):
    """The errors before and after each step of torch.optim.SGD, and the final weights."""
    weights = [torch.tensor(W, dtype=torch.float64, requires_grad=True) for W in (W1, W2)]
    optimizer = torch.optim.SGD(weights, lr=ALPHA)
    errors = []
    for _ in range(steps):
        optimizer.zero_grad()
        E = forward(*weights, linear)[-1]
        errors.append(E.item())
        E.backward()
        optimizer.step()
    errors.append(forward(*weights, linear)[-1].item())
    return np.array(errors), *(W.detach().numpy() for W in weights)


def decimal_forward(W1, W2, linear):
    """a1, z2, y and E from weights that are Decimals."""

    def sigmoid(z):
        return 1 / (1 + (-z).exp())

    a1 = [sigmoid(sum(w * Decimal(v) for w, v in zip(row, X))) for row in W1]
    z2 = sum(w * a for w, a in zip(W2[0], a1))
    y = z2 if linear else sigmoid(z2)
    return a1, z2, y, (y - Decimal(T)) ** 2 / 2


@cache
def by_decimals(linear=False):
    """a1, z2, y, E and both weight gradients, as Decimals with at least 30 true digits."""
    with localcontext(prec=60):
        step = Decimal("1e-20")
        weights = [[[Decimal(w) for w in row] for row in W] for W in (W1, W2)]
        gradients = []
        for W in weights:
            gradients.append([[None] * len(row) for row in W])
            for j, k in np.ndindex(len(W), len(W[0])):
                centre, errors = W[j][k], []
                for W[j][k] in (centre + step, centre - step):
                    errors.append(decimal_forward(*weights, linear)[-1])
                W[j][k] = centre
                gradients[-1][j][k] = (errors[0] - errors[1]) / (2 * step)
        a1, z2, y, E = decimal_forward(*weights, linear)
    return SimpleNamespace(a1=a1, z2=z2, y=y, E=E, dW1=gradients[0], dW2=gradients[1])
