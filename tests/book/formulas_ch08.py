"""Checks of the formulas of the PyTorch chapter, on random networks and batches."""

import numpy as np
import torch

import backprop_lib as bp
from backprop_lib.gradcheck import numerical_gradient
from tests.book.formulas import assert_gradient, assert_same, checks, like, sigmoid


def sizes(rng):
    """Three different numbers above 1: of examples, inputs and hidden neurons."""
    return rng.choice([2, 3, 4, 5, 6], size=3, replace=False)


def parameters(rng, n_in, n_hidden):
    """W1, b1, W2 and b2 of a network with one output."""
    shapes = (n_hidden, n_in), (n_hidden,), (1, n_hidden), (1,)
    return [rng.normal(size=shape) for shape in shapes]


def output(X, theta):
    """The network of the page, for arrays and Tensors of both libraries."""
    W1, b1, W2, b2 = theta
    return sigmoid(X @ W1.T + b1) @ W2.T + b2


@checks(
    "eq-ch8-model",
    r"\begin{gathered} A = \sigma\bigl(X (W^1)^{\mathsf T} + b^1\bigr) \\[2pt]"
    r" \text{shapes: } (1, 3) = (1, 2)\,(2, 3) + (3,) \\[8pt]"
    r" Y = A\,(W^2)^{\mathsf T} + b^2 \\[2pt] (1, 1) = (1, 3)\,(3, 1) + (1,) \end{gathered}",
)
def model(rng):
    n, n_in, n_hidden = sizes(rng)
    X, theta = rng.normal(size=(n, n_in)), parameters(rng, n_in, n_hidden)
    W1, b1, W2, b2 = theta
    A = sigmoid(X @ W1.T + b1)
    Y = A @ W2.T + b2
    for lib in (bp, torch):
        nn = lib.nn
        network = nn.Sequential(nn.Linear(n_in, n_hidden), nn.Sigmoid(), nn.Linear(n_hidden, 1))
        names = network.state_dict()
        network.to(lib.float64)
        network.load_state_dict({name: lib.tensor(array) for name, array in zip(names, theta)})
        assert_same(Y, network(lib.tensor(X)).detach())
    page = {n: 1, n_in: 2, n_hidden: 3, 1: 1}
    arrays = A, X, W1.T, b1, Y, A, W2.T, b2
    return [tuple(page[length] for length in array.shape) for array in arrays]


def squared_gradients(rng):
    """x, t, the parameters and K, the sum of the squared derivatives of the output by differences."""
    _, n_in, n_hidden = sizes(rng)
    x, t, theta = rng.normal(size=n_in), rng.normal(), parameters(rng, n_in, n_hidden)
    K = 0.0
    for i, array in enumerate(theta):

        def y_of(changed, i=i):
            others = [like(changed, other) for other in theta]
            others[i] = changed
            return output(like(changed, x), others)

        leaf = torch.tensor(array, requires_grad=True)
        y_of(leaf).sum().backward()
        assert_gradient(leaf.grad.numpy(), y_of, array)
        K += np.sum(leaf.grad.numpy() ** 2)
    return x, t, theta, K


@checks(
    "eq-ch8-rate",
    r"\begin{gathered} r_{\text{new}} \approx (1 - 2 \alpha K)\, r \\[4pt]"
    r" K = \sum_{\theta} \Bigl(\dd{y}{\theta}\Bigr)^{2} \end{gathered}",
)
def rate(rng):
    x, t, theta, K = squared_gradients(rng)

    def r_after(lib, alpha):
        """The distance after a step of gradient descent on r²."""
        leaves = [lib.tensor(array, requires_grad=True) for array in theta]
        r = output(lib.tensor(x), leaves) - t
        (r**2).sum().backward()
        lib.optim.SGD(leaves, lr=alpha).step()
        return (output(lib.tensor(x), leaves) - t).item()

    for lib in (bp, torch):
        h = 1e-5
        r, once, twice = (r_after(lib, alpha) for alpha in (0, h, 2 * h))
        slope = (4 * once - 3 * r - twice) / (2 * h)  # by differences
        np.testing.assert_allclose(slope, -2 * K * r, rtol=1e-5)
        off = [abs(r_after(lib, alpha) - (1 - 2 * alpha * K) * r) for alpha in (1e-4, 1e-3)]
        assert off[0] < 0.03 * off[1]  # what is left is of the second order


@checks(
    "eq-ch8-kernel",
    r"\begin{gathered} K = 1 + \lVert a \rVert^2 \qquad\qquad\qquad\quad \\"
    r" \quad {} + \bigl(1 + \lVert x \rVert^2\bigr)"
    r" \sum_{j=1}^{3} \bigl(w^2_{1j}\,\sigma'(z^1_j)\bigr)^2 \\[4pt]"
    r" \text{shapes: } x\ (2,),\ a\ (3,) \end{gathered}",
)
def kernel(rng):
    x, _, (W1, b1, W2, _), K = squared_gradients(rng)
    z = W1 @ x + b1
    a = sigmoid(z)
    slopes = a * (1 - a)
    claimed = 1 + a @ a + (1 + x @ x) * sum((W2[0, j] * slopes[j]) ** 2 for j in range(z.size))
    np.testing.assert_allclose(claimed, K, rtol=1e-11)
    page = {x.size: 2, a.size: 3}
    return [(page[x.size],), (page[a.size],)]


@checks(
    "eq-ch8-vjp",
    r"\begin{gathered} a = \sigma(z), \qquad \bar z = \bar a \odot a \odot (1 - a) \\[4pt]"
    r" \text{shapes:} \\ (2, 3) = (2, 3) \odot (2, 3) \odot (2, 3) \end{gathered}",
)
def vjp(rng):
    m, n, _ = sizes(rng)
    z, target = rng.normal(size=(2, m, n))
    a = sigmoid(z)
    a_bar = np.cos(a) * target  # the gradient of E = Σ target sin(a)
    z_bar = a_bar * a * (1 - a)

    def E(z):
        a = sigmoid(z)
        return like(z, target) * (np.sin(a) if isinstance(a, np.ndarray) else a.sin())

    assert_gradient(z_bar, E, z)
    page = {m: 2, n: 3}
    return [tuple(page[length] for length in array.shape) for array in (z_bar, a_bar, a, 1 - a)]


@checks(
    "eq-ch8-batches",
    r"\begin{gathered} E = \sum_{b=1}^{B} \frac{n_b}{N}\, E_b \\[4pt]"
    r" \dd{E}{\theta} = \sum_{b=1}^{B} \frac{n_b}{N}\, \dd{E_b}{\theta} \end{gathered}",
)
def batches(rng):
    n_in, classes = 3, 4
    sizes = rng.integers(1, 6, size=3)
    N = sizes.sum()
    X, T, theta = rng.normal(size=(N, n_in)), rng.integers(classes, size=N), rng.normal(size=(classes, n_in))
    cuts = np.split(np.arange(N), np.cumsum(sizes)[:-1])

    def mean_loss(theta, chosen):
        if isinstance(theta, np.ndarray):
            logits = X[chosen] @ theta.T
            return np.mean(np.log(np.exp(logits).sum(1)) - logits[np.arange(len(chosen)), T[chosen]])
        lib = torch if isinstance(theta, torch.Tensor) else bp
        logits = lib.tensor(X[chosen]) @ theta.T
        return lib.nn.functional.cross_entropy(logits, lib.tensor(T[chosen]))

    def gradient(chosen):
        found = numerical_gradient(lambda array: mean_loss(array, chosen), theta)
        leaf = torch.tensor(theta, requires_grad=True)
        mean_loss(leaf, chosen).backward()
        np.testing.assert_allclose(leaf.grad, found, rtol=1e-5, atol=1e-8)
        return leaf.grad.numpy()

    everything = np.arange(N)
    E = sum(n_b / N * mean_loss(theta, b) for n_b, b in zip(sizes, cuts))
    np.testing.assert_allclose(E, mean_loss(theta, everything), rtol=1e-12)
    dE = sum(n_b / N * gradient(b) for n_b, b in zip(sizes, cuts))
    assert_gradient(dE, lambda theta: mean_loss(theta, everything), theta)


@checks(
    "eq-ch8-no-zero",
    r"v \leftarrow v + \dd{E}{\theta}, \qquad \theta \leftarrow \theta - \alpha\, v",
)
def no_zero(rng):
    start, centre, alpha = *rng.normal(size=(2, 3)), 0.1

    def E(theta):
        return (((theta - like(theta, centre)) ** 2 + 1) ** 0.5).sum()

    theta, v = start.copy(), np.zeros(3)
    for _ in range(5):
        v = v + numerical_gradient(E, theta)
        theta = theta - alpha * v
    for lib in (bp, torch):
        for momentum in (0.0, 1.0):  # 0: zero_grad forgotten; 1: called
            leaf = lib.tensor(start, requires_grad=True)
            optimizer = lib.optim.SGD([leaf], lr=alpha, momentum=momentum)
            for _ in range(5):
                if momentum == 1:
                    optimizer.zero_grad()
                E(leaf).backward()
                optimizer.step()
            np.testing.assert_allclose(leaf.detach(), theta, rtol=1e-6)


@checks(
    "eq-ch8-floor",
    r"\begin{gathered} E \ge \log\bigl(1 + (C - 1)\, e^{-1}\bigr) \end{gathered}",
)
def floor(rng):
    C = int(rng.integers(2, 7))
    bound = np.log(1 + (C - 1) * np.exp(-1))
    logits, classes = 5 * rng.normal(size=(50, C)), rng.integers(C, size=50)
    sure = np.full((1, C), -500.0)
    sure[0, 0] = 500.0
    for lib in (bp, torch):
        cross_entropy = lib.nn.functional.cross_entropy
        probabilities = lib.softmax(lib.tensor(logits), 1)
        losses = cross_entropy(probabilities, lib.tensor(classes), reduction="none")
        assert np.asarray(losses).min() >= bound - 1e-12
        perfect = cross_entropy(lib.softmax(lib.tensor(sure), 1), lib.tensor([0]))
        np.testing.assert_allclose(perfect.item(), bound, rtol=1e-12)
