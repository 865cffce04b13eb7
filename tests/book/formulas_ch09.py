"""Checks of the formulas of the chapters on images, on random sizes instead of those of the pages."""

import numpy as np
import torch

import backprop_lib as bp
from backprop_lib.gradcheck import numerical_gradient
from tests.book.formulas import assert_gradient, assert_same, checks, like

# What the page calls the sizes: filters O, channels C, filter k, padded image P, map S.
PAGE = {"O": 16, "C": 1, "k": 3, "P": 10, "S": 8}


def on_page(sizes, *arrays):
    """The arrays' shapes, named by letters, with the sizes of the page in place of these."""
    found = []
    for array, letters in arrays:
        assert np.shape(array) == tuple(sizes[letter] for letter in letters)
        found.append(tuple(PAGE[letter] for letter in letters))
    return found


def convolution(rng):
    """Random sizes, image, filters, biases, and an error signal for the maps."""
    outputs, C, k = rng.integers(2, 5, size=3)
    P = k + rng.integers(1, 4)
    sizes = {"O": outputs, "C": C, "k": k, "P": P, "S": P - k + 1}
    shapes = (C, P, P), (outputs, C, k, k), (outputs,), (outputs, P - k + 1, P - k + 1)
    return sizes, *(rng.normal(size=shape) for shape in shapes)


def conv2d(x, w, b=None):
    """The maps by loops for arrays, and by the libraries' own layers for Tensors."""
    if isinstance(x, np.ndarray):
        S = x.shape[1] - w.shape[2] + 1
        z = np.zeros((len(w), S, S))
        for o, i, j in np.ndindex(z.shape):
            z[o, i, j] = sum(w[o, c, u, v] * x[c, i + u, j + v] for c, u, v in np.ndindex(w.shape[1:]))
        return z if b is None else z + b[:, None, None]
    functional = (torch if isinstance(x, torch.Tensor) else bp).nn.functional
    return functional.conv2d(x, w, b)


@checks(
    "eq-ch9-loss",
    r"\begin{gathered} E = -\frac1N \sum_{n=1}^{N} \log p_{n t_n} \\[4pt]"
    r" p_{nk} = \frac{e^{z_{nk}}}{\sum_m e^{z_{nm}}} \\[4pt]"
    r" \Delta = \dd{E}{Z} = \frac{P - T}{N} \\[4pt]"
    r" \text{shape: } (64, 10) \end{gathered}",
)
def cross_entropy(rng):
    N, K = rng.integers(2, 8, size=2)
    Z, t = rng.normal(size=(N, K)), rng.integers(0, K, size=N)
    P = np.array([[np.exp(Z[n, k]) / sum(np.exp(Z[n])) for k in range(K)] for n in range(N)])
    E = -sum(np.log(P[n, t[n]]) for n in range(N)) / N
    for lib in (bp, torch):
        assert_same(E, lib.nn.functional.cross_entropy(lib.tensor(Z), lib.tensor(t)).item())
    T = np.zeros((N, K))
    T[np.arange(N), t] = 1

    def loss(Z):
        if isinstance(Z, np.ndarray):
            return -np.mean((Z - np.log(np.exp(Z).sum(axis=1, keepdims=True)))[np.arange(N), t])
        lib = torch if isinstance(Z, torch.Tensor) else bp
        return lib.nn.functional.cross_entropy(Z, lib.tensor(t))

    assert_gradient((P - T) / N, loss, Z)
    assert P.shape == T.shape == Z.shape
    return [(64, 10)]


@checks(
    "eq-ch9-conv",
    r"\begin{gathered} z_{oij} = b_o + \sum_{c,u,v} w_{ocuv}\, x_{c,i+u,j+v} \\[4pt]"
    r" \text{shapes: } w\;(16, 1, 3, 3), \; x\;(1, 10, 10), \\ b\;(16,), \; z\;(16, 8, 8) \end{gathered}",
)
def convolve(rng):
    sizes, x, w, b, _ = convolution(rng)
    z = conv2d(x, w, b)
    assert_same(z, *(conv2d(*map(lib.tensor, (x, w, b))) for lib in (bp, torch)))
    return on_page(sizes, (w, "OCkk"), (x, "CPP"), (b, "O"), (z, "OSS"))


@checks(
    "eq-ch9-grad-filter",
    r"\begin{gathered} \dd{E}{w_{ocuv}} = \sum_{i,j} \delta_{oij}\, x_{c,i+u,j+v} \\[4pt]"
    r" \dd{E}{b_o} = \sum_{i,j} \delta_{oij} \\[4pt]"
    r" \text{shapes: } (16, 1, 3, 3) \text{ and } (16,) \end{gathered}",
)
def gradient_of_filters(rng):
    sizes, x, w, b, delta = convolution(rng)
    places = list(np.ndindex(delta.shape[1:]))
    grad_w = np.empty(w.shape)
    for o, c, u, v in np.ndindex(w.shape):
        grad_w[o, c, u, v] = sum(delta[o, i, j] * x[c, i + u, j + v] for i, j in places)
    grad_b = np.array([sum(delta[o, i, j] for i, j in places) for o in range(len(b))])

    # With E = sum of delta z the error signal dE/dz is delta.
    assert_gradient(grad_w, lambda w: (conv2d(like(w, x), w, like(w, b)) * like(w, delta)).sum(), w)
    assert_gradient(grad_b, lambda b: (conv2d(like(b, x), like(b, w), b) * like(b, delta)).sum(), b)
    return on_page(sizes, (grad_w, "OCkk"), (grad_b, "O"))


@checks(
    "eq-ch9-grad-image",
    r"\begin{gathered} \dd{E}{x_{cpq}} = \sum_{o,u,v} w_{ocuv}\, \delta_{o,p-u,q-v} \\[4pt]"
    r" \text{shape: } (1, 10, 10) \end{gathered}",
)
def gradient_of_image(rng):
    sizes, x, w, _, delta = convolution(rng)
    grad_x = transposed(w, delta, x.shape)
    assert_gradient(grad_x, lambda x: (conv2d(x, like(x, w)) * like(x, delta)).sum(), x)
    assert_same(grad_x, torch.nn.functional.conv_transpose2d(torch.tensor(delta), torch.tensor(w)))
    return on_page(sizes, (grad_x, "CPP"))


def transposed(w, delta, shape):
    """The sum of the page; a delta outside its map counts as 0."""
    out, S = np.zeros(shape), delta.shape[1]
    for c, p, q in np.ndindex(shape):
        out[c, p, q] = sum(
            w[o, c, u, v] * delta[o, p - u, q - v]
            for o, u, v in np.ndindex(len(w), *w.shape[2:])
            if 0 <= p - u < S and 0 <= q - v < S
        )
    return out


@checks(
    "eq-ch9-adjoint",
    r"\begin{gathered} \sum_{o,i,j} (K x)_{oij}\, \delta_{oij} \\"
    r" = \sum_{c,p,q} x_{cpq}\, (K^{\mathsf T} \delta)_{cpq} \end{gathered}",
)
def adjoint(rng):
    _, x, w, _, delta = convolution(rng)
    backward = transposed(w, delta, x.shape)
    assert_same((conv2d(x, w) * delta).sum(), (x * backward).sum())
    # K as a matrix: its columns are the maps of the images with a single 1
    ones = np.eye(x.size).reshape(-1, *x.shape)
    K = np.stack([conv2d(image, w).ravel() for image in ones], axis=1)
    assert_same((K.T @ delta.ravel()).reshape(x.shape), backward)
    assert_gradient(backward, lambda x: (conv2d(x, like(x, w)) * like(x, delta)).sum(), x)


@checks(
    "eq-ch9-pool",
    r"\begin{gathered} m = \max_k x_k = x_s \\[4pt] \dd{E}{x_k} ="
    r" \begin{cases} \partial E/\partial m & \text{if } k = s, \\ 0 & \text{otherwise.} \end{cases}"
    r" \end{gathered}",
)
def winner(rng):
    n = rng.integers(2, 6)
    x, slope = rng.normal(size=n), rng.normal()
    s = int(np.argmax(x))
    gradient = np.array([slope if k == s else 0.0 for k in range(n)])
    assert_gradient(gradient, lambda x: slope * x.max(), x)
    for lib in (bp, torch):
        row = lib.tensor(x.reshape(1, 1, 1, n), requires_grad=True)
        (slope * lib.nn.functional.max_pool2d(row, (1, int(n)))).sum().backward()
        assert_same(gradient, row.grad.numpy().ravel())


class Network:
    """A small convolutional network and its scores, for arrays and Tensors alike."""

    def __init__(self, rng, pixels=6, classes=4):
        self.w = rng.normal(size=(3, 1, 3, 3))
        self.v = rng.normal(size=(classes, 3 * (pixels - 2) ** 2))
        self.x = rng.normal(size=(pixels, pixels))
        self.k = int(rng.integers(classes))

    def scores(self, x):
        z = conv2d(x.reshape(1, *x.shape), like(x, self.w))
        a = np.tanh(z) if isinstance(z, np.ndarray) else z.tanh()
        return like(x, self.v) @ a.reshape(-1)

    def score(self, x):
        return self.scores(x)[self.k]

    def error(self, x):
        """The cross-entropy when k is right."""
        z = self.scores(x)
        total = np.log(np.exp(z).sum()) if isinstance(z, np.ndarray) else z.exp().sum().log()
        return total - z[self.k]


def by_torch(function, at):
    leaf = torch.tensor(at, requires_grad=True)
    function(leaf).backward()
    return leaf.grad.numpy()


@checks(
    "eq-ch9-saliency",
    r"\begin{gathered} g = \dd{z_k}{x} \\[4pt]"
    r" z_k(x + d) \approx z_k(x) + \sum_{p,q} g_{pq}\, d_{pq} \\[4pt] \text{shape: } (8, 8) \end{gathered}",
)
def saliency(rng):
    net = Network(rng, pixels=8)
    g = by_torch(net.score, net.x)
    assert_gradient(g, net.score, net.x)
    d = rng.normal(size=net.x.shape)

    def missed_by(size):
        return net.score(net.x + size * d) - (net.score(net.x) + (g * size * d).sum())

    # Second order: a tenth of the change misses by a hundredth.
    np.testing.assert_allclose(missed_by(1e-3) / missed_by(1e-4), 100, rtol=0.2)
    return [g.shape]


@checks(
    "eq-ch9-fgsm",
    r"\begin{gathered} x' = x + \varepsilon\,\operatorname{sign}\Bigl(\dd{E}{x}\Bigr) \\[4pt]"
    r" E(x') \approx E(x) + \varepsilon \sum_{p,q} \Bigl|\dd{E}{x_{pq}}\Bigr| \\[4pt]"
    r" \text{shape: } (8, 8) \end{gathered}",
)
def fast_gradient_sign(rng):
    net = Network(rng, pixels=8)
    g = by_torch(net.error, net.x)
    assert_gradient(g, net.error, net.x)
    sign = np.sign(numerical_gradient(net.error, net.x))
    growth = np.abs(g).sum()
    assert_gradient(
        growth, lambda epsilon: net.error(like(epsilon, net.x) + epsilon * like(epsilon, sign)), 0.0
    )
    others = rng.uniform(-1, 1, size=(100, *net.x.shape))  # no other change of this size raises E by more
    assert ((g * others).sum(axis=(1, 2)) < (g * sign).sum()).all()
    x_new = net.x + 1e-6 * sign
    np.testing.assert_allclose(net.error(x_new) - net.error(net.x), 1e-6 * growth, rtol=1e-3)
    return [x_new.shape]
