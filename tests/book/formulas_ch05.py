"""Checks of the formulas of the worked example, on random networks n_in-n_hidden-1 instead of 2-3-1."""

from dataclasses import dataclass

import numpy as np
import torch

import backprop_lib as bp
from backprop_lib.gradcheck import numerical_gradient
from backprop_lib.scalar import Value
from tests.book.formulas import assert_gradient, assert_same, checks, like, sigmoid


@dataclass
class Network:
    """The numbers of a network, named as on the page; its output is linear or a sigmoid."""

    x: np.ndarray
    t: np.ndarray
    W1: np.ndarray
    W2: np.ndarray
    linear: bool = False

    def __post_init__(self):
        self.z1 = self.W1 @ self.x
        self.a1 = sigmoid(self.z1)
        self.z2 = self.W2 @ self.a1
        self.y = self.output(self.z2)

    def output(self, z2):
        return z2 if self.linear else sigmoid(z2)

    # The error as a function of one of its causes, for arrays and Tensors alike.

    def E_of_y(self, y):
        return (0.5 * (y - like(y, self.t)) ** 2).sum()

    def E_of_z2(self, z2):
        return self.E_of_y(self.output(z2))

    def E_of_W2(self, W2):
        return self.E_of_z2(W2 @ like(W2, self.a1))

    def E_of_z1(self, z1):
        return self.E_of_z2(like(z1, self.W2) @ sigmoid(z1))

    def E_of_W1(self, W1):
        return self.E_of_z1(W1 @ like(W1, self.x))

    def E_of_both(self, W1, W2):
        return self.E_of_z2(W2 @ sigmoid(W1 @ like(W1, self.x)))


def network(rng, linear=False):
    """A random network; its sizes differ from each other and from 1, so that a shape tells what it counts."""
    n_in, n_hidden = rng.choice([2, 3, 4, 5, 6], size=2, replace=False)
    shapes = (n_in,), (1,), (n_hidden, n_in), (1, n_hidden)
    return Network(*(rng.normal(size=shape) for shape in shapes), linear)


def sigma_prime(z):
    return sigmoid(z) * (1 - sigmoid(z))


def shapes(net, *arrays):
    """The arrays' shapes with the sizes of the page, 2-3-1, in place of this network's."""
    return [
        tuple({net.x.size: 2, net.z1.size: 3, 1: 1}[length] for length in np.shape(array)) for array in arrays
    ]


def gradients(net):
    """dE/dW1 and dE/dW2 by PyTorch."""
    W1, W2 = (torch.tensor(W, requires_grad=True) for W in (net.W1, net.W2))
    net.E_of_both(W1, W2).backward()
    return W1.grad.numpy(), W2.grad.numpy()


@checks(
    "eq-ch5-sigmoid",
    r"\begin{gathered} \sigma(z) = \frac{1}{1 + e^{-z}} \\[4pt]"
    r" \sigma'(z) = \sigma(z)\,\bigl(1 - \sigma(z)\bigr) \end{gathered}",
)
def logistic(rng):
    z = 3 * rng.normal(size=rng.integers(1, 6, size=2))
    sigma = 1 / (1 + np.e ** (-z))
    assert_same(sigma, bp.tensor(z).sigmoid(), torch.tensor(z).sigmoid())
    assert_gradient(sigma * (1 - sigma), sigmoid, z)


@checks(
    "eq-ch5-hidden",
    r"\begin{gathered} z^1 = W^1 x, \qquad a^1 = \sigma(z^1) \\[4pt]"
    r" \text{shapes: } (3,) = (3, 2)\,(2,) \end{gathered}",
)
def hidden(rng):
    net = network(rng)
    z1 = net.W1 @ net.x
    by_neuron = [sum(w * v for w, v in zip(row, net.x)) for row in net.W1]
    layer = torch.nn.functional.linear(torch.tensor(net.x), torch.tensor(net.W1))
    assert_same(z1, by_neuron, layer, bp.tensor(net.W1) @ bp.tensor(net.x))
    assert_same(sigmoid(z1), layer.sigmoid(), [Value(z).sigmoid().data for z in by_neuron])
    return shapes(net, z1, net.W1, net.x)


@checks(
    "eq-ch5-output",
    r"\begin{gathered} z^2 = W^2 a^1, \qquad y = \sigma(z^2) \\[4pt]"
    r" \text{shapes: } (1,) = (1, 3)\,(3,) \end{gathered}",
)
def output(rng):
    net = network(rng)
    z2 = net.W2 @ net.a1
    one_number = sum(w * a for w, a in zip(net.W2[0], net.a1))
    layer = torch.nn.functional.linear(torch.tensor(net.a1), torch.tensor(net.W2))
    assert_same(z2, [one_number], layer, bp.tensor(net.W2) @ bp.tensor(net.a1))
    assert_same(sigmoid(z2), layer.sigmoid(), [Value(one_number).sigmoid().data])
    return shapes(net, z2, net.W2, net.a1)


@checks("eq-ch5-error", r"E = \tfrac{1}{2}\,(y - t)^2.")
def error(rng):
    net = network(rng)
    E = 1 / 2 * (net.y - net.t) ** 2
    squared = torch.nn.functional.mse_loss(torch.tensor(net.y), torch.tensor(net.t), reduction="sum")
    assert_same(E, [squared.item() / 2], [(0.5 * (Value(net.y[0]) - net.t[0]) ** 2).data])
    assert_gradient(net.y - net.t, net.E_of_y, net.y)


@checks(
    "eq-ch5-delta2",
    r"\begin{gathered} \delta^2 = \frac{\partial E}{\partial z^2} = (y - t)\,\sigma'(z^2) \\[4pt]"
    r" \text{shape: } (1,) \end{gathered}",
)
def delta2(rng):
    net = network(rng)
    d2 = (net.y - net.t) * sigma_prime(net.z2)
    assert_gradient(d2, net.E_of_z2, net.z2)
    return shapes(net, d2)


@checks(
    "eq-ch5-grad-w2",
    r"\begin{gathered} \frac{\partial E}{\partial W^2} = \delta^2\,(a^1)^{\mathsf T} \\[4pt]"
    r" \text{shapes: } (1, 3) = (1, 1)\,(1, 3) \end{gathered}",
)
def gradient_of_W2(rng):
    net = network(rng)
    column = ((net.y - net.t) * sigma_prime(net.z2))[:, None]
    row = net.a1[None, :]
    assert_gradient(column @ row, net.E_of_W2, net.W2)
    return shapes(net, column @ row, column, row)


@checks(
    "eq-ch5-delta1",
    r"\begin{gathered} \delta^1 = \frac{\partial E}{\partial z^1}"
    r" = \bigl((W^2)^{\mathsf T} \delta^2\bigr) \odot \sigma'(z^1) \\[4pt]"
    r" \text{shapes: } (3,) = (3, 1)\,(1,) \odot (3,) \end{gathered}",
)
def delta1(rng):
    net = network(rng)
    d2 = (net.y - net.t) * sigma_prime(net.z2)
    d1 = (net.W2.T @ d2) * sigma_prime(net.z1)
    assert_gradient(d1, net.E_of_z1, net.z1)
    return shapes(net, d1, net.W2.T, d2, sigma_prime(net.z1))


@checks(
    "eq-ch5-grad-w1",
    r"\begin{gathered} \frac{\partial E}{\partial W^1} = \delta^1\, x^{\mathsf T} \\[4pt]"
    r" \text{shapes: } (3, 2) = (3, 1)\,(1, 2) \end{gathered}",
)
def gradient_of_W1(rng):
    net = network(rng)
    d2 = (net.y - net.t) * sigma_prime(net.z2)
    column = ((net.W2.T @ d2) * sigma_prime(net.z1))[:, None]
    row = net.x[None, :]
    assert_gradient(column @ row, net.E_of_W1, net.W1)
    return shapes(net, column @ row, column, row)


@checks(
    "eq-ch5-path",
    r"\frac{\partial E}{\partial w^1_{jk}} = (y - t)\,\sigma'(z^2)\,w^2_{1j}\,\sigma'(z^1_j)\,x_k",
)
def path(rng):
    net = network(rng)
    product = [
        [
            (net.y - net.t)[0] * sigma_prime(net.z2)[0] * net.W2[0, j] * sigma_prime(net.z1)[j] * net.x[k]
            for k in range(net.x.size)
        ]
        for j in range(net.z1.size)
    ]
    assert_gradient(product, net.E_of_W1, net.W1)
    weights = [[Value(w) for w in row] for row in net.W1]
    a1 = [sum(w * v for w, v in zip(row, net.x)).sigmoid() for row in weights]
    y = sum(w * a for w, a in zip(net.W2[0], a1)).sigmoid()
    (0.5 * (y - net.t[0]) ** 2).backward()
    assert_same(product, [[w.grad for w in row] for row in weights])


@checks("eq-ch5-update", r"W^l \leftarrow W^l - \alpha\,\frac{\partial E}{\partial W^l}, \qquad l = 1, 2")
def update(rng):
    net, alpha = network(rng), rng.uniform(0.01, 1)
    layers = (net.W1, net.E_of_W1), (net.W2, net.E_of_W2)
    updated = [W - alpha * numerical_gradient(E_of_W, W) for W, E_of_W in layers]
    for lib in (bp, torch):
        weights = [lib.tensor(W, requires_grad=True) for W in (net.W1, net.W2)]
        net.E_of_both(*weights).backward()
        lib.optim.SGD(weights, lr=alpha).step()
        for claimed, weight in zip(updated, weights):
            np.testing.assert_allclose(claimed, np.asarray(weight.detach()), rtol=1e-7, atol=1e-9)


@checks(
    "eq-ch5-gain",
    r"\begin{gathered} E_{\text{new}} - E \approx -\alpha\, L \\[4pt]"
    r" L = \Bigl\lVert \frac{\partial E}{\partial W^1} \Bigr\rVert^2"
    r" + \Bigl\lVert \frac{\partial E}{\partial W^2} \Bigr\rVert^2 \end{gathered}",
)
def gain(rng):
    net = network(rng)
    g1, g2 = gradients(net)
    squared_lengths = (g1**2).sum() + (g2**2).sum()

    def new_E(alpha):
        a, b = like(alpha, g1), like(alpha, g2)
        return net.E_of_both(like(alpha, net.W1) - alpha * a, like(alpha, net.W2) - alpha * b)

    def missed_by(alpha):
        return new_E(np.array(alpha)) - new_E(np.array(0.0)) - (-alpha * squared_lengths)

    assert_gradient(-squared_lengths, new_E, 0.0)
    # Second order: with half the step the prediction is off by a quarter.
    np.testing.assert_allclose(missed_by(2e-3) / missed_by(1e-3), 4, rtol=0.1)


@checks(
    "eq-ch5-bound",
    r"\begin{gathered} y < 1 \\[4pt] E = \tfrac12 (y - t)^2 > \tfrac12 (1 - 3)^2 = 2 \end{gathered}",
)
def bound(rng):
    net = network(rng)
    for scale in (0, 1, 10, 100):
        largest = 30 / net.z1.size  # a z2 above 36 would round y to 1
        W2 = np.clip(scale * net.W2, -largest, largest)
        extreme = Network(net.x, np.array([3.0]), scale * net.W1, W2)
        E = 1 / 2 * (extreme.y - extreme.t) ** 2
        assert extreme.y < 1
        assert E > 1 / 2 * (1 - 3) ** 2 == 2
    best = Network(np.ones(1), np.array([3.0]), np.array([[50.0]]), np.array([[30.0]]))
    assert best.E_of_y(best.y) < 2 + 1e-12  # no larger bound holds


@checks("eq-ch5-linear", r"y = z^2, \qquad \delta^2 = y - t .")
def linear_output(rng):
    net = network(rng, linear=True)
    y = net.z2
    layer = torch.nn.Linear(net.z1.size, 1, bias=False, dtype=torch.float64)
    layer.weight.data = torch.tensor(net.W2)
    assert_same(y, layer(torch.tensor(net.a1)).detach())
    assert_gradient(y - net.t, net.E_of_z2, net.z2)


@checks(
    "eq-ch5-mse",
    r"\begin{gathered} \text{MSE} = \frac1n \sum_{i=1}^{n} (y_i - t_i)^2 \\[4pt]"
    r" \frac{\partial\,\text{MSE}}{\partial y_i} = \frac2n\,(y_i - t_i)"
    r" = \frac2n\,\frac{\partial E}{\partial y_i} \end{gathered}",
)
def mean_squared_error(rng):
    n = rng.integers(1, 8)
    y, t = rng.normal(size=(2, n))
    mse = 1 / n * sum((y[i] - t[i]) ** 2 for i in range(n))
    assert_same(mse, *(lib.nn.MSELoss()(lib.tensor(y), lib.tensor(t)) for lib in (bp, torch)))
    assert_gradient(2 / n * (y - t), lambda y: ((y - like(y, t)) ** 2).sum() / int(n), y)
    y_torch = torch.tensor(y, requires_grad=True)
    (0.5 * (y_torch - torch.tensor(t)) ** 2).sum().backward()
    assert_same(2 / n * (y - t), 2 / n * y_torch.grad)
