"""Checks of the formulas of the derivation, on random sizes in place of 4-3-2 and six examples."""

from dataclasses import dataclass

import numpy as np
import torch

import backprop_lib as bp
from backprop_lib.gradcheck import numerical_gradient
from tests.book.formulas import assert_gradient, assert_same, checks, like, sigmoid

PAGE = {"n0": 4, "n1": 3, "n2": 2, "B": 6}  # the sizes on the page; there, 5 is 4 and one for the bias


def sigma_prime(z):
    s = 1 / (1 + np.exp(-z))
    return s * (1 - s)


def half_squares(y, t):
    return (0.5 * (y - like(y, t)) ** 2).sum()


@dataclass
class Network:
    """A network n0-n1-n2 with sigmoids, named as on the page; with a batch, X is x and so on, in rows."""

    x: np.ndarray
    t: np.ndarray
    W1: np.ndarray
    b1: np.ndarray
    W2: np.ndarray
    b2: np.ndarray

    def __post_init__(self):
        self.z1 = self.x @ self.W1.T + self.b1
        self.a1 = sigmoid(self.z1)
        self.z2 = self.a1 @ self.W2.T + self.b2
        self.y = sigmoid(self.z2)
        self.d2 = (self.y - self.t) * sigma_prime(self.z2)
        self.d1 = (self.d2 @ self.W2) * sigma_prime(self.z1)

    # The error as a function of one of its causes, for arrays and Tensors alike.

    def E_of_y(self, y):
        return half_squares(y, self.t)

    def E_of_z2(self, z2):
        return self.E_of_y(sigmoid(z2))

    def E_of_a1(self, a1):
        return self.E_of_z2(a1 @ like(a1, self.W2.T) + like(a1, self.b2))

    def E_of_z1(self, z1):
        return self.E_of_a1(sigmoid(z1))

    def E_of_a0(self, a0):
        return self.E_of_z1(a0 @ like(a0, self.W1.T) + like(a0, self.b1))

    def E_of_W1(self, W1):
        return self.E_of_z1(like(W1, self.x) @ W1.T + like(W1, self.b1))

    def E_of_b1(self, b1):
        return self.E_of_z1(like(b1, self.x @ self.W1.T) + b1)

    def y_of_W1(self, W1):
        z1 = W1 @ like(W1, self.x) + like(W1, self.b1)
        return sigmoid(like(W1, self.W2) @ sigmoid(z1) + like(W1, self.b2))

    def shapes(self, *arrays):
        """The arrays' shapes with the sizes of the page in place of this network's."""
        n0, n1, n2 = self.W1.shape[1], self.W1.shape[0], self.W2.shape[0]
        page = {n0: PAGE["n0"], n1: PAGE["n1"], n2: PAGE["n2"], n0 + 1: PAGE["n0"] + 1, 1: 1}
        if self.x.ndim == 2:
            page[len(self.x)] = PAGE["B"]
        return [tuple(page[length] for length in np.shape(array)) for array in arrays]


def network(rng, batch=False):
    """A random network; its sizes differ from each other, so that a shape tells what it counts."""
    n0, n1, n2, B = rng.choice([2, 3, 5, 7], size=4, replace=False)
    if n0 == 2:
        n0, B = B, n0  # n0 + 1 must not be one of the other sizes
    shapes = (n0,), (n2,), (n1, n0), (n1,), (n2, n1), (n2,)
    x, t, *parameters = (rng.normal(size=shape) for shape in shapes)
    if batch:
        x, t = rng.normal(size=(B, n0)), rng.normal(size=(B, n2))
    return Network(x, t, *parameters)


def jacobian(function, x):
    """All derivatives of function(x), a vector, by numbers nudged up and down; entry [i, j] is df_i/dx_j."""
    rows = [
        numerical_gradient(lambda at, i=i: function(at)[i], np.asarray(x))
        for i in range(len(function(np.asarray(x))))
    ]
    return np.array(rows)


def assert_jacobian(claimed, function, x):
    """`claimed` is the Jacobian by differences and, where the function serves them, by both libraries."""
    np.testing.assert_allclose(claimed, jacobian(function, x), rtol=1e-5, atol=1e-8)
    for lib in (bp, torch):
        found = lib.autograd.functional.jacobian(function, lib.tensor(x))
        assert_same(claimed, found.detach())


def softmax(z):
    if isinstance(z, np.ndarray):
        return np.exp(z) / np.exp(z).sum()
    return z.softmax(0)


def logarithm(y):
    return np.log(y) if isinstance(y, np.ndarray) else y.log()


def classes(rng, one_hot=False):
    """Random logits and a target of as many probabilities; the page has three."""
    k = rng.integers(2, 7)
    t = np.eye(k)[rng.integers(k)] if one_hot else rng.dirichlet(np.ones(k))
    return 2 * rng.normal(size=k), t


def cross_entropy(y, t):
    return -(like(y, t) * logarithm(y)).sum()


def three(*arrays):
    """The arrays' shapes where the page has three classes."""
    return [tuple(1 if length == 1 else 3 for length in np.shape(array)) for array in arrays]


def map_of_two_layers(rng):
    """A map from n to m numbers for arrays and Tensors alike, a point, m and n; no two sizes are equal."""
    m, n, inner = rng.choice([2, 3, 4, 5, 6], size=3, replace=False)
    V, U = rng.normal(size=(inner, n)), rng.normal(size=(m, inner))
    return (lambda x: like(x, U) @ sigmoid(like(x, V) @ x)), rng.normal(size=n), int(m), int(n)


def three_by_two(m, n, *arrays):
    """The arrays' shapes with the sizes of the page, m = 3 and n = 2."""
    return [tuple({m: 3, n: 2}[length] for length in np.shape(array)) for array in arrays]


@checks(
    "eq-ch4-neuron",
    r"\begin{gathered} z^l_j = \sum_{k=1}^{n_{l-1}} w^l_{jk}\,a^{l-1}_k + b^l_j \\[4pt] a^l_j"
    r" = \sigma(z^l_j) \end{gathered}",
)
def neuron(rng):
    net = network(rng)
    z = [sum(net.W1[j, k] * net.x[k] for k in range(net.x.size)) + net.b1[j] for j in range(net.b1.size)]
    layer = torch.nn.functional.linear(*map(torch.tensor, (net.x, net.W1, net.b1)))
    assert_same(z, layer, bp.nn.functional.linear(*map(bp.tensor, (net.x, net.W1, net.b1))))
    assert_same([sigmoid(np.array(number)) for number in z], layer.sigmoid())


@checks(
    "eq-ch4-layer",
    r"\begin{gathered} z^l = W^l a^{l-1} + b^l, \qquad a^l = \sigma(z^l) \\[4pt] \text{shapes:"
    r" } (3,) = (3, 4)\,(4,) + (3,) \end{gathered}",
)
def layer(rng):
    net = network(rng)
    z = net.W1 @ net.x + net.b1
    libraries = [lib.nn.functional.linear(*map(lib.tensor, (net.x, net.W1, net.b1))) for lib in (bp, torch)]
    assert_same(z, *libraries)
    assert_same(sigmoid(z), *(found.sigmoid() for found in libraries))
    return net.shapes(z, net.W1, net.x, net.b1)


@checks(
    "eq-ch4-error",
    r"\begin{gathered} E = \tfrac12 \sum_{m=1}^{n_L} (y_m - t_m)^2 \\[4pt] \frac{\partial"
    r" E}{\partial y_m} = y_m - t_m \end{gathered}",
)
def error(rng):
    net = network(rng)
    E = 1 / 2 * sum((net.y[m] - net.t[m]) ** 2 for m in range(net.y.size))
    squares = torch.nn.functional.mse_loss(torch.tensor(net.y), torch.tensor(net.t), reduction="sum")
    assert_same(E, squares / 2)
    assert_gradient([net.y[m] - net.t[m] for m in range(net.y.size)], net.E_of_y, net.y)


@checks(
    "eq-ch4-chain",
    r"\frac{\partial E}{\partial s} = \sum_{m=1}^{n} \frac{\partial E}{\partial"
    r" u_m}\,\frac{\partial u_m}{\partial s}",
)
def chain_rule(rng):
    n = rng.integers(1, 6)
    p, q = rng.normal(size=(2, n))

    def u(s):
        return like(s, p) * s * s + sigmoid(like(s, q) * s)

    def E(u):
        return (u * u).sum() * u[0] + u.sum()

    s = rng.normal(size=1)
    dE_du = numerical_gradient(E, u(s))
    du_ds = 2 * p * s + q * sigma_prime(q * s)
    # The sum has the digits of the numerical factor, so it is compared with differences of the whole.
    total = sum(dE_du[m] * du_ds[m] for m in range(n))
    np.testing.assert_allclose(total, numerical_gradient(lambda s: E(u(s)), s), rtol=1e-5, atol=1e-8)
    for lib in (bp, torch):
        leaf = lib.tensor(u(s), requires_grad=True)
        E(leaf).backward()
        start = lib.tensor(s, requires_grad=True)
        E(u(start)).backward()
        assert_same([(np.asarray(leaf.grad) * du_ds).sum()], start.grad)


@checks(
    "eq-ch4-paths",
    r"\begin{gathered} \frac{\partial E}{\partial w^1_{jk}} = \sum_{m=1}^{2}"
    r" r_m\,w^2_{mj}\,\sigma'(z^1_j)\,x_k \\[4pt] r_m = \frac{\partial E}{\partial"
    r" y_m}\,\sigma'(z^2_m) \end{gathered}",
)
def paths(rng):
    net = network(rng)
    r = (net.y - net.t) * sigma_prime(net.z2)
    total = np.zeros_like(net.W1)
    for j, k in np.ndindex(net.W1.shape):
        for m in range(net.y.size):
            total[j, k] += r[m] * net.W2[m, j] * sigma_prime(net.z1[j]) * net.x[k]
    assert_gradient(total, net.E_of_W1, net.W1)


@checks(
    "eq-ch4-factored",
    r"\frac{\partial E}{\partial w^1_{jk}} = \underbrace{\Bigl(\sum_{m}"
    r" r_m\,w^2_{mj}\Bigr)\,\sigma'(z^1_j)}_{\text{the same for every } k}\;x_k",
)
def factored(rng):
    net = network(rng)
    r = (net.y - net.t) * sigma_prime(net.z2)
    of_neuron = [
        sum(r[m] * net.W2[m, j] for m in range(r.size)) * sigma_prime(net.z1[j]) for j in range(net.z1.size)
    ]
    assert_gradient([[shared * value for value in net.x] for shared in of_neuron], net.E_of_W1, net.W1)


@checks(
    "eq-ch4-delta",
    r"\begin{gathered} \delta^l_j = \frac{\partial E}{\partial z^l_j} \\[4pt] \text{shape of }"
    r" \delta^l\text{: } (3,) \end{gathered}",
)
def delta(rng):
    net = network(rng)
    claimed = numerical_gradient(net.E_of_z1, net.z1)
    for lib in (bp, torch):
        z1 = lib.tensor(net.z1, requires_grad=True) * 1  # a result in a graph, as in the network
        z1.retain_grad()
        net.E_of_z1(z1).backward()
        np.testing.assert_allclose(claimed, z1.grad.detach(), rtol=1e-5, atol=1e-8)
        assert_same(net.d1, z1.grad.detach())
    return net.shapes(claimed)


@checks(
    "eq-ch4-bp1-one",
    r"\begin{gathered} \delta^L_j = \sum_{m=1}^{n_L} \frac{\partial E}{\partial"
    r" y_m}\,\frac{\partial y_m}{\partial z^L_j} \\[4pt] = \frac{\partial E}{\partial"
    r" y_j}\,\sigma'(z^L_j) \end{gathered}",
)
def bp1_of_one_neuron(rng):
    net = network(rng)
    dE_dy = net.y - net.t
    by_rates = jacobian(sigmoid, net.z2)
    n = net.y.size
    all_terms = [sum(dE_dy[m] * by_rates[m, j] for m in range(n)) for j in range(n)]
    one_term = [dE_dy[j] * sigma_prime(net.z2[j]) for j in range(n)]
    np.testing.assert_allclose(all_terms, one_term, rtol=1e-5, atol=1e-8)
    assert_gradient(one_term, net.E_of_z2, net.z2)


@checks(
    "eq-ch4-bp1",
    r"\begin{gathered} \textbf{BP1} \\[4pt] \delta^L = \frac{\partial E}{\partial y} \odot"
    r" \sigma'(z^L) \\[4pt] \text{shapes: } (2,) = (2,) \odot (2,) \end{gathered}",
)
def bp1(rng):
    net = network(rng)
    dE_dy, slopes = net.y - net.t, sigma_prime(net.z2)
    assert_gradient(dE_dy, net.E_of_y, net.y)
    assert_gradient(dE_dy * slopes, net.E_of_z2, net.z2)
    return net.shapes(dE_dy * slopes, dE_dy, slopes)


@checks(
    "eq-ch4-bp2-chain",
    r"\begin{gathered} \delta^l_j = \sum_{m=1}^{n_{l+1}} \frac{\partial E}{\partial"
    r" z^{l+1}_m}\,\frac{\partial z^{l+1}_m}{\partial z^l_j} \\[4pt] = \sum_{m=1}^{n_{l+1}}"
    r" \delta^{l+1}_m\,\frac{\partial z^{l+1}_m}{\partial z^l_j} \end{gathered}",
)
def bp2_by_the_chain_rule(rng):
    net = network(rng)
    rates = jacobian(lambda z1: net.W2 @ sigmoid(z1) + net.b2, net.z1)
    dE_dz2 = numerical_gradient(net.E_of_z2, net.z2)
    n2, n1 = net.W2.shape
    for later in (dE_dz2, net.d2):
        claimed = [sum(later[m] * rates[m, j] for m in range(n2)) for j in range(n1)]
        np.testing.assert_allclose(claimed, numerical_gradient(net.E_of_z1, net.z1), rtol=1e-5, atol=1e-8)
    assert_gradient(net.d1, net.E_of_z1, net.z1)


@checks("eq-ch4-local", r"\frac{\partial z^{l+1}_m}{\partial z^l_j} = w^{l+1}_{mj}\,\sigma'(z^l_j)")
def local_rate(rng):
    net = network(rng)
    n2, n1 = net.W2.shape
    rates = [[net.W2[m, j] * sigma_prime(net.z1[j]) for j in range(n1)] for m in range(n2)]
    assert_jacobian(rates, lambda z1: like(z1, net.W2) @ sigmoid(z1) + like(z1, net.b2), net.z1)


@checks(
    "eq-ch4-bp2-one",
    r"\delta^l_j = \Bigl(\sum_{m=1}^{n_{l+1}}"
    r" w^{l+1}_{mj}\,\delta^{l+1}_m\Bigr)\,\sigma'(z^l_j)",
)
def bp2_of_one_neuron(rng):
    net = network(rng)
    n2, n1 = net.W2.shape
    claimed = [sum(net.W2[m, j] * net.d2[m] for m in range(n2)) * sigma_prime(net.z1[j]) for j in range(n1)]
    assert_gradient(claimed, net.E_of_z1, net.z1)


@checks(
    "eq-ch4-bp2",
    r"\begin{gathered} \textbf{BP2} \\[4pt] \delta^l = \bigl((W^{l+1})^{\mathsf T}"
    r" \delta^{l+1}\bigr) \odot \sigma'(z^l) \\[4pt] \text{shapes: } (3,) = (3, 2)\,(2,) \odot"
    r" (3,) \end{gathered}",
)
def bp2(rng):
    net = network(rng)
    slopes = sigma_prime(net.z1)
    claimed = (net.W2.T @ net.d2) * slopes
    assert_gradient(claimed, net.E_of_z1, net.z1)
    return net.shapes(claimed, net.W2.T, net.d2, slopes)


@checks(
    "eq-ch4-bp3",
    r"\begin{gathered} \textbf{BP3} \\[4pt] \frac{\partial E}{\partial b^l_j} = \delta^l_j"
    r" \cdot 1, \qquad \frac{\partial E}{\partial b^l} = \delta^l \\[4pt] \text{shapes: } (3,)"
    r" = (3,) \end{gathered}",
)
def bp3(rng):
    net = network(rng)
    assert_gradient([d * 1 for d in net.d1], net.E_of_b1, net.b1)
    assert_gradient(net.d1, net.E_of_b1, net.b1)
    return net.shapes(net.b1, net.d1)


@checks(
    "eq-ch4-bp4-one",
    r"\frac{\partial E}{\partial w^l_{jk}} = \delta^l_j\,\frac{\partial z^l_j}{\partial"
    r" w^l_{jk}} = \delta^l_j\,a^{l-1}_k",
)
def bp4_of_one_weight(rng):
    net = network(rng)
    n1, n0 = net.W1.shape
    assert_gradient([[net.d1[j] * net.x[k] for k in range(n0)] for j in range(n1)], net.E_of_W1, net.W1)
    j, k = rng.integers(n1), rng.integers(n0)
    rate = numerical_gradient(lambda W1: (W1 @ net.x + net.b1)[j], net.W1)[j, k]
    np.testing.assert_allclose(rate, net.x[k], rtol=1e-6)


@checks(
    "eq-ch4-bp4",
    r"\begin{gathered} \textbf{BP4} \\[4pt] \frac{\partial E}{\partial W^l} ="
    r" \delta^l\,(a^{l-1})^{\mathsf T} \\[4pt] \text{shapes: } (3, 4) = (3, 1)\,(1, 4)"
    r" \end{gathered}",
)
def bp4(rng):
    net = network(rng)
    column, row = net.d1[:, None], net.x[None, :]
    assert_gradient(column @ row, net.E_of_W1, net.W1)
    return net.shapes(column @ row, column, row)


@checks(
    "eq-ch4-input",
    r"\begin{gathered} \frac{\partial E}{\partial a^{l-1}} = (W^l)^{\mathsf T} \delta^l"
    r" \\[4pt] \text{shapes: } (4,) = (4, 3)\,(3,) \end{gathered}",
)
def signal_to_the_input(rng):
    net = network(rng)
    claimed = net.W1.T @ net.d1
    assert_gradient(claimed, net.E_of_a0, net.x)
    assert_gradient(net.W2.T @ net.d2, net.E_of_a1, net.a1)
    return net.shapes(claimed, net.W1.T, net.d1)


@checks(
    "eq-ch4-outputs",
    r"\begin{gathered} \frac{\partial E}{\partial w^1_{jk}} = \sum_{m=1}^{n_L} \frac{\partial"
    r" E}{\partial y_m}\,\frac{\partial y_m}{\partial w^1_{jk}} \\[4pt] = \sum_{m=1}^{n_L}"
    r" (y_m - t_m)\,\frac{\partial y_m}{\partial w^1_{jk}} \end{gathered}",
)
def many_outputs(rng):
    net = network(rng)
    dE_dy = torch.autograd.functional.jacobian(net.E_of_y, torch.tensor(net.y)).numpy()
    dy_dW1 = torch.autograd.functional.jacobian(net.y_of_W1, torch.tensor(net.W1)).numpy()
    n2 = net.y.size
    assert_gradient(sum(dE_dy[m] * dy_dW1[m] for m in range(n2)), net.E_of_W1, net.W1)
    assert_gradient(sum((net.y[m] - net.t[m]) * dy_dW1[m] for m in range(n2)), net.E_of_W1, net.W1)


@checks(
    "eq-ch4-augmented",
    r"\begin{gathered} z = \begin{pmatrix} W & b \end{pmatrix} \begin{pmatrix} a \\ 1"
    r" \end{pmatrix} \\[4pt] \begin{pmatrix} \dfrac{\partial E}{\partial W} & \dfrac{\partial"
    r" E}{\partial b} \end{pmatrix} = \delta \begin{pmatrix} a \\ 1 \end{pmatrix}^{\mathsf T}"
    r" \\[4pt] \text{shapes: } (3, 5) = (3, 1)\,(1, 5) \end{gathered}",
)
def bias_as_a_weight(rng):
    net = network(rng)
    joined, a = np.column_stack([net.W1, net.b1]), np.append(net.x, 1)
    assert_same(joined @ a, net.z1)
    column, row = net.d1[:, None], a[None, :]
    gradient = column @ row
    assert_gradient(gradient, lambda joined: net.E_of_z1(joined @ like(joined, a)), joined)
    assert_gradient(gradient[:, :-1], net.E_of_W1, net.W1)
    assert_gradient(gradient[:, -1], net.E_of_b1, net.b1)
    return net.shapes(gradient, column, row)


@checks(
    "eq-ch4-batch-forward",
    r"\begin{gathered} Z^l = A^{l-1} (W^l)^{\mathsf T} + b^l \\[4pt] \text{shapes: } (6, 3) ="
    r" (6, 4)\,(4, 3) + (3,) \end{gathered}",
)
def batch_forward(rng):
    net = network(rng, batch=True)
    Z = net.x @ net.W1.T + net.b1
    assert_same(Z, [net.W1 @ row + net.b1 for row in net.x])
    for lib in (bp, torch):
        assert_same(Z, lib.nn.functional.linear(*map(lib.tensor, (net.x, net.W1, net.b1))))
    return net.shapes(Z, net.x, net.W1.T, net.b1)


@checks(
    "eq-ch4-batch-delta",
    r"\begin{gathered} \Delta^l = (\Delta^{l+1} W^{l+1}) \odot \sigma'(Z^l) \\[4pt]"
    r" \text{shapes: } (6, 3) = \\ (6, 2)\,(2, 3) \odot (6, 3) \end{gathered}",
)
def batch_delta(rng):
    net = network(rng, batch=True)
    slopes = sigma_prime(net.z1)
    claimed = (net.d2 @ net.W2) * slopes
    assert_gradient(claimed, net.E_of_z1, net.z1)
    return net.shapes(claimed, net.d2, net.W2, slopes)


@checks(
    "eq-ch4-batch-one",
    r"\frac{\partial E}{\partial w^l_{jk}} = \sum_{i=1}^{B} \Delta^l_{ij}\,A^{l-1}_{ik}",
)
def batch_gradient_of_one_weight(rng):
    net = network(rng, batch=True)
    claimed = np.zeros_like(net.W1)
    for j, k in np.ndindex(net.W1.shape):
        claimed[j, k] = sum(net.d1[i, j] * net.x[i, k] for i in range(len(net.x)))
    assert_gradient(claimed, net.E_of_W1, net.W1)


@checks(
    "eq-ch4-batch-dw",
    r"\begin{gathered} \frac{\partial E}{\partial W^l} = (\Delta^l)^{\mathsf T} A^{l-1}"
    r" \\[4pt] \text{shapes: } (3, 4) = (3, 6)\,(6, 4) \end{gathered}",
)
def batch_gradient_of_the_weights(rng):
    net = network(rng, batch=True)
    assert_gradient(net.d1.T @ net.x, net.E_of_W1, net.W1)
    return net.shapes(net.d1.T @ net.x, net.d1.T, net.x)


@checks(
    "eq-ch4-batch-db",
    r"\begin{gathered} \frac{\partial E}{\partial b^l_j} = \sum_{i=1}^{B} \Delta^l_{ij}"
    r" \\[4pt] \text{shapes: } (3,) \text{ from } (6, 3) \end{gathered}",
)
def batch_gradient_of_the_biases(rng):
    net = network(rng, batch=True)
    claimed = [sum(net.d1[i, j] for i in range(len(net.x))) for j in range(net.b1.size)]
    assert_gradient(claimed, net.E_of_b1, net.b1)
    return net.shapes(claimed, net.d1)


@checks(
    "eq-ch4-batch-da",
    r"\begin{gathered} \frac{\partial E}{\partial A^{l-1}} = \Delta^l\,W^l \\[4pt]"
    r" \text{shapes: } (6, 4) = (6, 3)\,(3, 4) \end{gathered}",
)
def batch_signal_to_the_activations(rng):
    net = network(rng, batch=True)
    assert_gradient(net.d1 @ net.W1, net.E_of_a0, net.x)
    return net.shapes(net.d1 @ net.W1, net.d1, net.W1)


@checks(
    "eq-ch4-differential",
    r"\mathrm dE = \sum_{i,j} G_{ij}\,\mathrm dM_{ij} = \langle G, \mathrm dM \rangle",
)
def differential(rng):
    net = network(rng, batch=True)
    G, direction = net.d1.T @ net.x, rng.normal(size=net.W1.shape)
    products = sum(G[i, j] * direction[i, j] for i, j in np.ndindex(G.shape))
    # The slope along a line through the point is dE for dM = direction.
    along = lambda s: net.E_of_W1(like(s, net.W1) + s * like(s, direction))  # noqa: E731
    assert_gradient(products, along, 0.0)


@checks(
    "eq-ch4-sides",
    r"\begin{gathered} \langle G, P Q \rangle = \langle P^{\mathsf T} G, Q \rangle \\[4pt]"
    r" \langle G, P Q \rangle = \langle G Q^{\mathsf T}, P \rangle \\[4pt] \text{shapes: }"
    r" G\,(6, 3), \\ P\,(6, 4),\ Q\,(4, 3) \end{gathered}",
)
def changing_sides(rng):
    net = network(rng, batch=True)
    P, Q = rng.normal(size=net.x.shape), rng.normal(size=net.W1.T.shape)
    G = rng.normal(size=net.z1.shape)
    first, second, third = (G * (P @ Q)).sum(), ((P.T @ G) * Q).sum(), ((G @ Q.T) * P).sum()
    np.testing.assert_allclose([second, third], first, rtol=1e-10, atol=1e-10)
    return net.shapes(G, P, Q)


@checks("eq-ch4-softmax", r"y_i = \frac{e^{z_i}}{\sum_k e^{z_k}}")
def softmax_itself(rng):
    z, _ = classes(rng)
    y = [np.e ** z[i] / sum(np.e ** z[k] for k in range(z.size)) for i in range(z.size)]
    assert_same(y, bp.tensor(z).softmax(0), torch.tensor(z).softmax(0))


@checks(
    "eq-ch4-bp1-general",
    r"\begin{gathered} \delta^L = J^{\mathsf T}\,\frac{\partial E}{\partial y}, \qquad J_{ij}"
    r" = \frac{\partial y_i}{\partial z^L_j} \\[4pt] \text{shapes: } (3,) = (3, 3)\,(3,)"
    r" \end{gathered}",
)
def bp1_for_any_output(rng):
    z, t = classes(rng)
    J = torch.autograd.functional.jacobian(lambda z: z.softmax(0), torch.tensor(z)).numpy()
    dE_dy = softmax(z) - t
    assert_gradient(J.T @ dE_dy, lambda z: half_squares(softmax(z), t), z)
    elementwise = torch.autograd.functional.jacobian(torch.sigmoid, torch.tensor(z)).numpy()
    assert_same(elementwise, np.diag(sigma_prime(z)))
    return three(J.T @ dE_dy, J.T, dE_dy)


@checks("eq-ch4-softmax-jacobian", r"\frac{\partial y_i}{\partial z_j} = y_i\,\bigl([i = j] - y_j\bigr)")
def jacobian_of_softmax(rng):
    z, _ = classes(rng)
    y = softmax(z)
    J = [[y[i] * ((i == j) - y[j]) for j in range(y.size)] for i in range(y.size)]
    assert_jacobian(J, softmax, z)


@checks(
    "eq-ch4-softmax-matrix",
    r"\begin{gathered} J = \operatorname{diag}(y) - y\,y^{\mathsf T} \\[4pt] \text{shapes: }"
    r" (3, 3) = \\ (3, 3) - (3, 1)\,(1, 3) \end{gathered}",
)
def matrix_of_softmax(rng):
    z, _ = classes(rng)
    y = softmax(z)
    J, column, row = np.diag(y) - np.outer(y, y), y[:, None], y[None, :]
    assert_same(J, np.diag(y) - column @ row)
    assert_jacobian(J, softmax, z)
    np.testing.assert_allclose(J.sum(axis=1), 0, atol=1e-14)  # as the text below it says
    return three(J, np.diag(y), column, row)


@checks(
    "eq-ch4-cross-entropy",
    r"\begin{gathered} E = -\sum_i t_i \log y_i \\[4pt] \frac{\partial E}{\partial y_i} ="
    r" -\frac{t_i}{y_i} \end{gathered}",
)
def cross_entropy_itself(rng):
    for one_hot in (False, True):
        z, t = classes(rng, one_hot)
        y = softmax(z)
        E = -sum(t[i] * np.log(y[i]) for i in range(y.size))
        assert_same(E, torch.nn.functional.cross_entropy(torch.tensor(z), torch.tensor(t)))
        assert_gradient([-t[i] / y[i] for i in range(y.size)], lambda y, t=t: cross_entropy(y, t), y)


@checks(
    "eq-ch4-cancel",
    r"\begin{gathered} \delta_j = \sum_i \Bigl(-\frac{t_i}{y_i}\Bigr)\,y_i\,\bigl([i = j] -"
    r" y_j\bigr) \\[4pt] = -\sum_i t_i\,[i = j] + y_j \sum_i t_i \\[4pt] = y_j - t_j"
    r" \end{gathered}",
)
def cancellation(rng):
    for one_hot in (False, True):
        z, t = classes(rng, one_hot)
        y, k = softmax(z), range(z.size)
        lines = [
            [sum(-t[i] / y[i] * y[i] * ((i == j) - y[j]) for i in k) for j in k],
            [-sum(t[i] * (i == j) for i in k) + y[j] * sum(t) for j in k],
            [y[j] - t[j] for j in k],
        ]
        assert_same(lines[2], *map(np.array, lines[:2]))
        assert_gradient(lines[2], lambda z, t=t: cross_entropy(softmax(z), t), z)


@checks(
    "eq-ch4-softmax-delta",
    r"\begin{gathered} \delta^L = y - t \\[4pt] \text{shapes: } (3,) = (3,) - (3,)"
    r" \end{gathered}",
)
def delta_of_softmax(rng):
    z, t = classes(rng, one_hot=True)
    y = softmax(z)
    assert_gradient(y - t, lambda z: cross_entropy(softmax(z), t), z)
    for lib in (bp, torch):
        leaf = lib.tensor(z, requires_grad=True)
        lib.nn.functional.cross_entropy(leaf, lib.tensor(t.argmax())).backward()
        assert_same(y - t, leaf.grad)
    return three(y - t, y, t)


@checks("eq-ch4-logits", r"E = -\log y_c = \log \sum_k e^{z_k} - z_c")
def from_logits(rng):
    z, t = classes(rng, one_hot=True)
    c = t.argmax()
    E = np.log(sum(np.e**number for number in z)) - z[c]
    assert_same(E, -np.log(softmax(z)[c]))
    for lib in (bp, torch):
        assert_same(E, lib.nn.functional.cross_entropy(lib.tensor(z), lib.tensor(c)).detach())


@checks("eq-ch4-two-classes", r"\frac{e^z}{e^z + e^0} = \frac{1}{1 + e^{-z}} = \sigma(z)")
def two_classes(rng):
    z = 3 * rng.normal()
    first = np.e**z / (np.e**z + np.e**0)
    assert_same(first, 1 / (1 + np.e**-z))
    for lib in (bp, torch):
        assert_same(first, lib.tensor([z, 0.0], dtype=lib.float64).softmax(0)[0])
        assert_same([first], lib.tensor([z], dtype=lib.float64).sigmoid())


@checks(
    "eq-ch4-bce",
    r"\begin{gathered} E = -t \log y - (1 - t) \log (1 - y) \\[4pt] \frac{\partial E}{\partial"
    r" z} = \frac{y - t}{y\,(1 - y)}\,y\,(1 - y) = y - t \end{gathered}",
)
def binary_cross_entropy(rng):
    z, t = 2 * rng.normal(size=1), rng.uniform(size=1)
    y = sigmoid(z)
    E = -t * np.log(y) - (1 - t) * np.log(1 - y)
    for lib in (bp, torch):
        found = lib.nn.functional.binary_cross_entropy_with_logits(lib.tensor(z), lib.tensor(t))
        assert_same(E, np.asarray(found.detach())[None])
    assert_same((y - t) / (y * (1 - y)) * (y * (1 - y)), y - t)

    def E_of_z(z):
        y, target = sigmoid(z), like(z, t)
        return (-target * logarithm(y) - (1 - target) * logarithm(1 - y)).sum()

    assert_gradient(y - t, E_of_z, z)


@checks(
    "eq-ch4-squares",
    r"\begin{gathered} E_c = c \sum_{i=1}^{B} \sum_{m=1}^{n} (Y_{im} - T_{im})^2 \\[4pt]"
    r" \frac{\partial E_c}{\partial Y} = 2c\,(Y - T) \\[4pt] \text{shapes: } (6, 3) = (6, 3) -"
    r" (6, 3) \end{gathered}",
)
def squares(rng):
    B, n = rng.choice([2, 3, 4, 5], size=2, replace=False)
    Y, T = rng.normal(size=(2, B, n))
    for c, loss in (
        (1 / 2, lambda y, t: 0.5 * ((y - t) ** 2).sum()),
        (1, torch.nn.MSELoss(reduction="sum")),
        (1 / (2 * B), lambda y, t: 0.5 * ((y - t) ** 2).sum() / B),
        (1 / B, lambda y, t: ((y - t) ** 2).sum(1).mean()),
        (1 / (B * n), torch.nn.MSELoss()),
        (1 / (B * n), bp.nn.MSELoss()),
    ):
        lib = bp if isinstance(loss, bp.nn.MSELoss) else torch
        leaf = lib.tensor(Y, requires_grad=True)
        E = loss(leaf, lib.tensor(T))
        E.backward()
        assert_same(c * sum((Y[i, m] - T[i, m]) ** 2 for i, m in np.ndindex(Y.shape)), E.detach())
        assert_same(2 * c * (Y - T), leaf.grad)
    c = rng.uniform(0.1, 2)
    assert_gradient(2 * c * (Y - T), lambda y: c * ((y - like(y, T)) ** 2).sum(), Y)
    return [tuple({B: 6, n: 3}[length] for length in np.shape(array)) for array in (2 * c * (Y - T), Y, T)]


@checks(
    "eq-ch4-jacobian",
    r"\begin{gathered} J_{ij} = \frac{\partial f_i}{\partial x_j} \\[4pt] \text{shape for } m"
    r" = 3,\ n = 2\text{: } (3, 2) \end{gathered}",
)
def jacobian_itself(rng):
    f, x, m, n = map_of_two_layers(rng)
    J = np.empty((m, n))
    for i in range(m):
        J[i] = numerical_gradient(lambda x, i=i: f(x)[i], x)
    for lib in (bp, torch):
        found = lib.autograd.functional.jacobian(f, lib.tensor(x)).detach()
        np.testing.assert_allclose(J, found, rtol=1e-5, atol=1e-8)
        for i in range(m):
            leaf = lib.tensor(x, requires_grad=True)
            f(leaf)[i].backward()
            assert_same(np.asarray(found)[i], leaf.grad)
    return three_by_two(m, n, J)


@checks(
    "eq-ch4-jvp",
    r"\begin{gathered} \mathrm{jvp}(u) = J\,u = \frac{\mathrm d}{\mathrm ds} f(x + s\,u)"
    r" \Big|_{s=0} \\[4pt] \text{shapes: } (3,) = (3, 2)\,(2,) \end{gathered}",
)
def jvp(rng):
    f, x, m, n = map_of_two_layers(rng)
    u = rng.normal(size=n)
    J = torch.autograd.functional.jacobian(f, torch.tensor(x)).numpy()
    slope = (f(x + 1e-6 * u) - f(x - 1e-6 * u)) / 2e-6
    np.testing.assert_allclose(J @ u, slope, rtol=1e-5, atol=1e-8)
    for lib in (bp, torch):
        assert_same(J @ u, lib.autograd.functional.jvp(f, lib.tensor(x), lib.tensor(u))[1].detach())
    return three_by_two(m, n, J @ u, J, u)


@checks(
    "eq-ch4-vjp",
    r"\begin{gathered} \mathrm{vjp}(v) = J^{\mathsf T} v \\[4pt] = \frac{\partial E}{\partial"
    r" x} \quad\text{if } v = \frac{\partial E}{\partial f} \\[4pt] \text{shapes: } (2,) = (2,"
    r" 3)\,(3,) \end{gathered}",
)
def vjp(rng):
    f, x, m, n = map_of_two_layers(rng)
    J = torch.autograd.functional.jacobian(f, torch.tensor(x)).numpy()
    target = rng.normal(size=m)
    v = f(x) - target  # dE/df of half squares
    assert_gradient(J.T @ v, lambda x: half_squares(f(x), target), x)
    for lib in (bp, torch):
        assert_same(J.T @ v, lib.autograd.functional.vjp(f, lib.tensor(x), lib.tensor(v))[1].detach())
    return three_by_two(m, n, J.T @ v, J.T, v)


@checks(
    "eq-ch4-example",
    r"\begin{gathered} J = \begin{pmatrix} x_2 & x_1 \\ 2 x_1 & 0 \\ 1 & 3 \end{pmatrix}"
    r" \\[4pt] \text{shape: } (3, 2) \end{gathered}",
)
def three_by_two_example(rng):
    x = rng.normal(size=2)
    J = [[x[1], x[0]], [2 * x[0], 0], [1, 3]]

    def f(x):
        lib = torch if isinstance(x, torch.Tensor) else np if isinstance(x, np.ndarray) else bp
        return lib.stack([x[0] * x[1], x[0] ** 2, x[0] + 3 * x[1]])

    assert_jacobian(J, f, x)
    return [np.shape(J)]


@checks(
    "eq-ch4-adjoint",
    r"\begin{gathered} v \cdot (J\,u) = (J^{\mathsf T} v) \cdot u \\[4pt] \text{shapes: }"
    r" (3,)\cdot(3,) = (2,)\cdot(2,) \end{gathered}",
)
def adjoint(rng):
    f, x, m, n = map_of_two_layers(rng)
    u, v = rng.normal(size=n), rng.normal(size=m)
    for lib in (bp, torch):
        functional, point = lib.autograd.functional, lib.tensor(x)
        Ju = np.asarray(functional.jvp(f, point, lib.tensor(u))[1].detach())
        JTv = np.asarray(functional.vjp(f, point, lib.tensor(v))[1].detach())
        np.testing.assert_allclose(v @ Ju, JTv @ u, rtol=1e-10, atol=1e-12)
    return three_by_two(m, n, v, Ju, JTv, u)


@checks(
    "eq-ch4-layer-jacobian",
    r"\begin{gathered} \frac{\partial z^{l+1}}{\partial z^l} = W^{l+1}"
    r" \operatorname{diag}\bigl(\sigma'(z^l)\bigr) \\[4pt] \text{shapes: } (2, 3) = (2,"
    r" 3)\,(3, 3) \end{gathered}",
)
def jacobian_of_a_layer(rng):
    net = network(rng)
    diagonal = np.diag(sigma_prime(net.z1))
    J = net.W2 @ diagonal
    assert_jacobian(J, lambda z1: like(z1, net.W2) @ sigmoid(z1) + like(z1, net.b2), net.z1)
    assert_same(J.T @ net.d2, net.d1)  # "its transpose times delta is BP2"
    return net.shapes(J, net.W2, diagonal)


@checks(
    "eq-ch4-ex-tanh",
    r"\begin{gathered} \delta^l = \bigl((W^{l+1})^{\mathsf T} \delta^{l+1}\bigr) \\ \odot"
    r" \bigl(1 - (a^l)^2\bigr) \\[4pt] \text{shapes: } (3,) = \\ (3, 2)\,(2,) \odot (3,)"
    r" \end{gathered}",
)
def exercise_tanh(rng):
    net = network(rng)
    a1 = np.tanh(net.z1)
    d2 = net.W2 @ a1 + net.b2 - net.t
    factor = 1 - a1**2
    claimed = (net.W2.T @ d2) * factor

    def E(z1):
        a = np.tanh(z1) if isinstance(z1, np.ndarray) else z1.tanh()
        return half_squares(like(z1, net.W2) @ a + like(z1, net.b2), net.t)

    assert_gradient(claimed, E, net.z1)
    return net.shapes(claimed, net.W2.T, d2, factor)


@checks(
    "eq-ch4-ex-residual",
    r"\begin{gathered} g^{l-1} = g^l + {} \\ (W^l)^{\mathsf T} \bigl(g^l \odot"
    r" \sigma'(z^l)\bigr) \\[4pt] \text{shapes: } (3,) = (3,) + {} \\ (3, 3)\,\bigl((3,) \odot"
    r" (3,)\bigr) \end{gathered}",
)
def exercise_residual(rng):
    n = rng.integers(2, 7)
    W, (b, a0, t) = rng.normal(size=(n, n)), rng.normal(size=(3, n))
    z = W @ a0 + b
    g1, slopes = sigmoid(z) + a0 - t, sigma_prime(z)
    claimed = g1 + W.T @ (g1 * slopes)
    assert_gradient(claimed, lambda a: half_squares(sigmoid(like(a, W) @ a + like(a, b)) + a, t), a0)
    return three(claimed, g1, W.T, g1, slopes)


@checks(
    "eq-ch4-ex-tied",
    r"\begin{gathered} \frac{\partial E}{\partial W} = \delta^1 x^{\mathsf T} +"
    r" a\,(\delta^2)^{\mathsf T} \\[4pt] \text{shapes: } (3, 4) = \\ (3, 1)\,(1, 4) + (3,"
    r" 1)\,(1, 4) \end{gathered}",
)
def exercise_tied(rng):
    net = network(rng)
    W, x = net.W1, net.x
    z1 = W @ x
    a = sigmoid(z1)
    d2 = W.T @ a - x
    d1 = (W @ d2) * sigma_prime(z1)
    claimed = d1[:, None] @ x[None, :] + a[:, None] @ d2[None, :]
    assert_gradient(claimed, lambda W: half_squares(W.T @ sigmoid(W @ like(W, x)), x), W)
    return net.shapes(claimed, d1[:, None], x[None, :], a[:, None], d2[None, :])


@checks(
    "eq-ch4-ex-temperature",
    r"\begin{gathered} \frac{\partial E}{\partial z} = \frac{1}{\tau}\,(y - t) \\[4pt]"
    r" \text{shapes: } (3,) = (3,) - (3,) \end{gathered}",
)
def exercise_temperature(rng):
    z, t = classes(rng)
    tau = rng.uniform(0.5, 3)
    y = softmax(z / tau)
    assert_gradient(1 / tau * (y - t), lambda z: cross_entropy(softmax(z / tau), t), z)
    return three(y - t, y, t)
