"""Checks of the formulas of the chapter on challenges, on random networks."""

import itertools

import numpy as np
import torch

import backprop_lib as bp
from tests.book.formulas import assert_gradient, assert_same, checks, like, sigmoid


def weights(rng, widths):
    return [rng.normal(size=(after, before)) for before, after in itertools.pairwise(widths)]


def slope(z):
    return sigmoid(z) * (1 - sigmoid(z))


@checks(
    "eq-ch12-product",
    r"\begin{gathered} \delta^1 = D^1 (W^2)^{\mathsf T}\, D^2 (W^3)^{\mathsf T} \cdots \\"
    r" \cdots\, D^{L-1} (W^L)^{\mathsf T}\, \delta^L \\[4pt]"
    r" D^l = \operatorname{diag}\bigl(\sigma'(z^l)\bigr) \end{gathered}",
)
def product(rng):
    widths = rng.integers(2, 6, size=rng.integers(3, 7))
    Ws = weights(rng, widths)
    target = rng.normal(size=widths[-1])
    z1 = rng.normal(size=widths[0])

    def error(z):
        """The error as a function of z^1; the output is a sigmoid too."""
        for W in Ws:
            z = like(z, W) @ sigmoid(z)
        return 0.5 * (sigmoid(z) - like(z, target)) ** 2

    zs = [z1]
    for W in Ws:
        zs.append(W @ sigmoid(zs[-1]))
    delta = (sigmoid(zs[-1]) - target) * slope(zs[-1])
    for W, z in zip(reversed(Ws), reversed(zs[:-1])):
        delta = np.diag(slope(z)) @ W.T @ delta
    assert_gradient(delta, error, z1)


@checks(
    "eq-ch12-forward",
    r"\begin{gathered} \mathbb{E}\bigl[(z^l_j)^2\bigr] = n_{l-1}\, s^2 \cdot \overline{a^2} \\[4pt]"
    r" \overline{a^2} = \frac{1}{n_{l-1}} \sum_{k} (a^{l-1}_k)^2 \end{gathered}",
)
def forward(rng):
    # Weights of +-s, all sign patterns equally likely: the expectation is a finite sum.
    n, s = rng.integers(2, 9), rng.uniform(0.1, 2)
    a = rng.normal(size=n)
    claimed = n * s**2 * (a**2).mean()
    signs = s * np.array(list(itertools.product([-1.0, 1.0], repeat=n)))
    exact = ((signs @ a) ** 2).mean()
    by_library = ((bp.tensor(signs) @ bp.tensor(a)) ** 2).mean()
    by_torch = ((torch.tensor(signs) @ torch.tensor(a)) ** 2).mean()
    assert_same(claimed, exact, by_library.item(), by_torch.item())


@checks(
    "eq-ch12-init",
    r"\begin{gathered} \text{Xavier: } s^2 = \frac{2}{n_{l-1} + n_l} \\[4pt]"
    r" \text{He: } s^2 = \frac{2}{n_{l-1}} \end{gathered}",
)
def start(rng):
    n_in, n_out = rng.integers(300, 600, size=2)
    claimed = {"xavier_normal_": 2 / (n_in + n_out), "kaiming_normal_": 2 / n_in}
    bp.manual_seed(int(rng.integers(1000)))
    torch.manual_seed(int(rng.integers(1000)))
    for name, variance in claimed.items():
        for lib in (bp, torch):
            options = {"nonlinearity": "relu"} if name.startswith("kaiming") else {}
            W = getattr(lib.nn.init, name)(lib.zeros(int(n_out), int(n_in)), **options)
            np.testing.assert_allclose(np.asarray(W).var(), variance, rtol=0.03)


@checks(
    "eq-ch12-residual",
    r"\begin{gathered} \dd{E}{x} = \dd{E}{y} + J^{\mathsf T}\, \dd{E}{y} \\[4pt]"
    r" \text{shapes: } (n,) = (n,) + (n, n)\,(n,) \end{gathered}",
)
def residual(rng):
    n = rng.integers(2, 6)
    W, x, target = rng.normal(size=(n, n)), rng.normal(size=n), rng.normal(size=n)

    def error(x):
        return 0.5 * (x + sigmoid(like(x, W) @ x) - like(x, target)) ** 2

    gradient = x + sigmoid(W @ x) - target
    jacobian = np.diag(slope(W @ x)) @ W
    np.testing.assert_allclose(
        jacobian,
        torch.autograd.functional.jacobian(lambda x: (torch.tensor(W) @ x).sigmoid(), torch.tensor(x)),
        rtol=1e-11,
    )
    assert_gradient(gradient + jacobian.T @ gradient, error, x)


@checks("eq-ch12-clip", r"g \leftarrow g \cdot \min\Bigl(1, \frac{r}{\lVert g \rVert}\Bigr)")
def clip(rng):
    for c in (0.1, 100.0):
        parts = [rng.normal(size=shape) for shape in ((2, 3), (4,))]
        length = np.sqrt(sum((g**2).sum() for g in parts))
        claimed = [g * min(1, c / length) for g in parts]
        for lib, dtype in ((bp, np.float64), (torch, torch.float64)):
            leaves = [lib.zeros(*g.shape, dtype=dtype, requires_grad=True) for g in parts]
            for leaf, g in zip(leaves, parts):
                leaf.grad = lib.tensor(g)
            lib.nn.utils.clip_grad_norm_(leaves, c)
            for leaf, g in zip(leaves, claimed):
                # Both libraries add 1e-6 to the length.
                np.testing.assert_allclose(np.asarray(leaf.grad), g, rtol=1e-4)


@checks(
    "eq-ch12-forward-gradient",
    r"\begin{gathered} \mathbb{E}_v\bigl[(\nabla E \cdot v)\, v\bigr] = \nabla E \\[4pt]"
    r" \text{expectation over the directions } v \end{gathered}",
)
def forward_gradient(rng):
    n = rng.integers(2, 9)
    A, x = rng.normal(size=(3, n)), rng.normal(size=n)

    def error(x):
        return sigmoid(like(x, A) @ x)

    gradient = A.T @ slope(A @ x)
    directions = np.array(list(itertools.product([-1.0, 1.0], repeat=n)))
    assert_gradient(((directions @ gradient)[:, None] * directions).mean(axis=0), error, x)


@checks(
    "eq-ch12-feedback",
    r"\begin{gathered} \delta^l = \bigl(B^{l+1} \delta^{l+1}\bigr) \odot \sigma'(z^l) \\[4pt]"
    r" \text{shape of } B^{l+1}\text{: } (n_l, n_{l+1}) \end{gathered}",
)
def feedback(rng):
    # A definition, and no gradient; it is one where B is the transposed matrix.
    n, m = rng.integers(2, 6, size=2)
    W, z, target = rng.normal(size=(m, n)), rng.normal(size=n), rng.normal(size=m)
    delta_after = W @ sigmoid(z) - target

    def error(z):
        return 0.5 * (like(z, W) @ sigmoid(z) - like(z, target)) ** 2

    assert_gradient((W.T @ delta_after) * slope(z), error, z)
    B = rng.normal(size=W.T.shape)
    assert not np.allclose((B @ delta_after) * slope(z), (W.T @ delta_after) * slope(z))
