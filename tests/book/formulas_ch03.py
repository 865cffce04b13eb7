"""Checks of the formulas of the algorithm, on random networks and batches."""

from dataclasses import dataclass

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

import backprop_lib as bp
from backprop_lib.gradcheck import numerical_gradient
from tests.book.formulas import assert_gradient, assert_same, checks, like

PAGE = {"batch": 64, "inputs": 2, "hidden": 16, "outputs": 1}


@dataclass
class Network:
    """A random network with one tanh layer and a linear one, on a batch of rows."""

    X: np.ndarray
    T: np.ndarray
    W1: np.ndarray
    b1: np.ndarray
    W2: np.ndarray
    b2: np.ndarray

    def __post_init__(self):
        self.Z1 = self.X @ self.W1.T + self.b1
        self.A1 = np.tanh(self.Z1)
        self.Y = self.A1 @ self.W2.T + self.b2
        self.B = len(self.X)
        # The error signals as the page writes them.
        self.D2 = 1 / self.B * (self.Y - self.T)
        self.D1 = (self.D2 @ self.W2) * (1 - np.tanh(self.Z1) ** 2)

    def E_of_Y(self, Y):
        return ((Y - like(Y, self.T)) ** 2).sum() / (2 * self.B)

    def E_of_Z1(self, Z1):
        A1 = np.tanh(Z1) if isinstance(Z1, np.ndarray) else Z1.tanh()
        return self.E_of_Y(A1 @ like(Z1, self.W2.T) + like(Z1, self.b2))

    def E_of_W1(self, W1):
        return self.E_of_Z1(like(W1, self.X) @ W1.T + like(W1, self.b1))

    def E_of_b1(self, b1):
        return self.E_of_Z1(like(b1, self.X @ self.W1.T) + b1)

    def E_of_W2(self, W2):
        return self.E_of_Y(like(W2, self.A1) @ W2.T + like(W2, self.b2))

    def E_of_b2(self, b2):
        return self.E_of_Y(like(b2, self.A1 @ self.W2.T) + b2)

    def parameters(self):
        """Each parameter with the error as a function of it."""
        return [
            (self.W1, self.E_of_W1),
            (self.b1, self.E_of_b1),
            (self.W2, self.E_of_W2),
            (self.b2, self.E_of_b2),
        ]

    def shapes(self, *arrays):
        """The arrays' shapes with the sizes of the page in place of this network's."""
        sizes = self.B, self.X.shape[1], len(self.b1), len(self.b2)
        page = dict(zip(sizes, PAGE.values()))
        return [tuple(page[length] for length in np.shape(array)) for array in arrays]


def network(rng):
    """Four sizes that differ from each other, so that a shape tells what it counts."""
    B, n, hidden, m = (int(k) for k in rng.choice([1, 2, 3, 4, 5, 6, 7], size=4, replace=False))
    shapes = (B, n), (B, m), (hidden, n), (hidden,), (m, hidden), (m,)
    return Network(*(rng.normal(size=shape) for shape in shapes))


@checks(
    "eq-ch3-forward",
    r"\begin{gathered} Z^l = A^{l-1} (W^l)^{\mathsf T} + b^l \\[4pt] A^l = \sigma(Z^l) \\[4pt]"
    r" \text{shapes: } (64, 16) = \\ (64, 2)\,(2, 16) + (16,) \end{gathered}",
)
def forward(rng):
    net = network(rng)
    Z1 = net.X @ net.W1.T + net.b1
    by_example = [net.W1 @ x + net.b1 for x in net.X]
    layer = torch.nn.functional.linear(*(torch.tensor(a) for a in (net.X, net.W1, net.b1)))
    assert_same(Z1, by_example, layer, bp.nn.functional.linear(*map(bp.tensor, (net.X, net.W1, net.b1))))
    assert_same(np.tanh(Z1), layer.tanh(), bp.tensor(Z1).tanh())
    return net.shapes(Z1, net.X, net.W1.T, net.b1)


@checks("eq-ch3-error", r"E = \frac{1}{2B} \sum_{i=1}^{B} \lVert y_i - t_i \rVert^2")
def error(rng):
    net = network(rng)
    E = 1 / (2 * net.B) * sum(np.linalg.norm(y - t) ** 2 for y, t in zip(net.Y, net.T))
    halves = net.T.shape[1] / 2
    assert_same(E, *(halves * lib.nn.MSELoss()(lib.tensor(net.Y), lib.tensor(net.T)) for lib in (bp, torch)))
    assert_gradient((net.Y - net.T) / net.B, net.E_of_Y, net.Y)


@checks(
    "eq-ch3-backward",
    r"\begin{gathered} \Delta^L = \tfrac1B\,(Y - T) \\[4pt]"
    r" \Delta^l = \bigl(\Delta^{l+1} W^{l+1}\bigr) \odot \sigma'(Z^l) \\[4pt]"
    r" \text{shapes: } (64, 16) = \\ (64, 1)\,(1, 16) \odot (64, 16) \end{gathered}",
)
def backward(rng):
    net = network(rng)
    assert_gradient(net.D2, net.E_of_Y, net.Y)  # the last layer is linear: Y is its Z
    assert_gradient(net.D1, net.E_of_Z1, net.Z1)
    return net.shapes(net.D1, net.D2, net.W2, net.Z1)


@checks(
    "eq-ch3-gradients",
    r"\begin{gathered} \dd{E}{W^l} = (\Delta^l)^{\mathsf T} A^{l-1} \\[4pt]"
    r" \dd{E}{b^l} = \sum_{i=1}^{B} \Delta^l_{i} \\[4pt]"
    r" \text{shapes: } (16, 2) = (16, 64)\,(64, 2) \end{gathered}",
)
def gradients(rng):
    net = network(rng)
    claimed = [net.D1.T @ net.X, sum(net.D1), net.D2.T @ net.A1, sum(net.D2)]
    for gradient, (parameter, E) in zip(claimed, net.parameters(), strict=True):
        assert_gradient(gradient, E, parameter)
    return net.shapes(claimed[0], net.D1.T, net.X)


@checks(
    "eq-ch3-update",
    r"\begin{gathered} W^l \leftarrow W^l - \alpha\,\dd{E}{W^l} \\[4pt]"
    r" b^l \leftarrow b^l - \alpha\,\dd{E}{b^l} \end{gathered}",
)
def update(rng):
    net, alpha = network(rng), rng.uniform(0.01, 1)
    for parameter, E in net.parameters():
        claimed = parameter - alpha * numerical_gradient(E, parameter)
        for lib in (bp, torch):
            leaf = lib.tensor(parameter, requires_grad=True)
            E(leaf).backward()
            lib.optim.SGD([leaf], lr=alpha).step()
            np.testing.assert_allclose(claimed, np.asarray(leaf.detach()), rtol=1e-7, atol=1e-8)


@checks(
    "eq-ch3-differences",
    r"\begin{gathered} \dd{E}{w_k} \approx \frac{E^+ - E^-}{2h} \\[4pt]"
    r" E^+ = E(w + h\,u_k) \\ E^- = E(w - h\,u_k) \end{gathered}",
)
def differences(rng):
    net = network(rng)

    def off(h):
        """How far the right side is from the gradient by PyTorch and by backprop_lib, which agree."""
        claimed = np.empty(net.W1.size)
        for k, u_k in enumerate(np.eye(net.W1.size).reshape(-1, *net.W1.shape)):
            above = net.E_of_W1(net.W1 + h * u_k)
            below = net.E_of_W1(net.W1 - h * u_k)
            claimed[k] = (above - below) / (2 * h)
        true = []
        for lib in (bp, torch):
            leaf = lib.tensor(net.W1, requires_grad=True)
            net.E_of_W1(leaf).backward()
            true.append(np.asarray(leaf.grad).ravel())
        assert_same(*true)
        return np.abs(claimed - true[0]).max()

    assert off(1e-5) < 1e-7
    np.testing.assert_allclose(off(2e-3) / off(1e-3), 4, rtol=0.1)  # the error is of second order


@checks(
    "eq-ch3-flops",
    r"\begin{gathered} F_{\text{value}} = 2 B n m \\[4pt]"
    r" F_{\text{both}} = 2 B n m + 4 B n m = 3\,F_{\text{value}} \end{gathered}",
)
def flops(rng):
    B, n, m = (int(k) for k in rng.integers(1, 9, size=3))
    x = torch.tensor(rng.normal(size=(B, n)), requires_grad=True)
    W = torch.tensor(rng.normal(size=(m, n)), requires_grad=True)
    with FlopCounterMode(display=False) as value:
        torch.mm(x.detach(), W.detach().T)
    with FlopCounterMode(display=False) as both:
        torch.mm(x, W.T).sum().backward()
    assert value.get_total_flops() == 2 * B * n * m
    assert both.get_total_flops() == 2 * B * n * m + 4 * B * n * m == 3 * value.get_total_flops()


@checks(
    "eq-ch3-dual",
    r"\begin{gathered} (u, \dot u) + (v, \dot v) = (u + v,\; \dot u + \dot v) \\[4pt]"
    r" (u, \dot u)\,(v, \dot v) = (u v,\; \dot u v + u \dot v) \\[4pt]"
    r" \tanh(u, \dot u) = (t,\; (1 - t^2)\,\dot u) \\ \text{with } t = \tanh u \end{gathered}",
)
def dual(rng):
    u, v, du, dv = rng.normal(size=(4, 3))
    t = np.tanh(u)
    rules = [
        (lambda u, v: u + v, (u + v, du + dv)),
        (lambda u, v: u * v, (u * v, du * v + u * dv)),
        (lambda u, v: np.tanh(u) if isinstance(u, np.ndarray) else u.tanh(), (t, (1 - t**2) * du)),
    ]
    for function, (value, rate) in rules:
        points, directions = map(torch.tensor, (u, v)), map(torch.tensor, (du, dv))
        assert_same(value, torch.func.jvp(function, tuple(points), tuple(directions))[0])
        points, directions = map(torch.tensor, (u, v)), map(torch.tensor, (du, dv))
        ours = bp.autograd.functional.jvp(
            function, tuple(map(bp.tensor, (u, v))), tuple(map(bp.tensor, (du, dv)))
        )
        assert_same(rate, torch.func.jvp(function, tuple(points), tuple(directions))[1], ours[1])
        h = 1e-6
        moved = (function(u + h * du, v + h * dv) - function(u - h * du, v - h * dv)) / (2 * h)
        np.testing.assert_allclose(rate, moved, rtol=1e-6, atol=1e-8)


@checks(
    "eq-ch3-modes",
    r"\begin{gathered} \dot y = J\,\dot x, \qquad \bar x = J^{\mathsf T}\,\bar y \\[4pt]"
    r" \text{shapes: } (3,) = (3, 5)\,(5,) \\ \text{and } (5,) = (5, 3)\,(3,) \end{gathered}",
)
def modes(rng):
    n, m = 5, 3
    V, W = rng.normal(size=(4, n)), rng.normal(size=(m, 4))
    x, dx, y_bar = rng.normal(size=n), rng.normal(size=n), rng.normal(size=m)

    def function(x):
        return like(x, W) @ (np.tanh(V @ x) if isinstance(x, np.ndarray) else (like(x, V) @ x).tanh())

    J = np.array([numerical_gradient(lambda x, i=i: function(x)[i], x) for i in range(m)])
    of_torch = torch.autograd.functional.jacobian(function, torch.tensor(x)).numpy()
    np.testing.assert_allclose(J, of_torch, rtol=1e-6, atol=1e-8)
    J, ours = of_torch, bp.autograd.functional
    forward = torch.func.jvp(function, (torch.tensor(x),), (torch.tensor(dx),))[1]
    assert_same(J @ dx, forward, ours.jvp(function, bp.tensor(x), bp.tensor(dx))[1])
    backward = torch.func.vjp(function, torch.tensor(x))[1](torch.tensor(y_bar))[0]
    assert_same(J.T @ y_bar, backward, ours.vjp(function, bp.tensor(x), bp.tensor(y_bar))[1])
    return [np.shape(a) for a in (J @ dx, J, dx, J.T @ y_bar, J.T, y_bar)]


@checks("eq-ch3-memory", r"M = B \sum_{l=0}^{L-1} n_l \quad \text{numbers.}")
def memory(rng):
    """PyTorch reports what it saves for the backward pass; without the weights that is M."""
    B, L = (int(k) for k in rng.integers(2, 6, size=2))
    n = [int(k) for k in rng.integers(2, 9, size=L + 1)]
    layers = [torch.nn.Linear(n[k], n[k + 1]) for k in range(L)]
    weights = {parameter.data_ptr() for layer in layers for parameter in layer.parameters()}
    saved = {}

    def note(tensor):
        saved[tensor.data_ptr()] = tensor.numel()
        return tensor

    a = torch.ones(B, n[0])
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        for layer in layers[:-1]:
            a = layer(a).tanh()
        y = layers[-1](a)
    kept = sum(count for pointer, count in saved.items() if pointer not in weights)
    assert y.requires_grad
    assert kept == B * sum(n[:L])
