"""Checks of the formulas of the chapter on recommendation: biases, factors and a small network."""

import numpy as np
import torch

import backprop_lib as bp
from tests.book.formulas import assert_gradient, assert_same, checks, like

PAGE_FACTORS = 32
PAGE_NET = 16, 24  # factors, hidden neurons
PAGE_RATED = 6


def relu(z):
    return np.maximum(z, 0) if isinstance(z, np.ndarray) else z.relu()


class Ratings:
    """Random ratings of a few films by a few users, with repetitions of both, and all that is learned."""

    def __init__(self, rng):
        users, films, factors = (int(n) for n in rng.integers(2, 6, size=3))
        pairs = rng.permutation(users * films)[: rng.integers(2, users * films + 1)]
        self.u, self.i = pairs // films, pairs % films  # no pair occurs twice
        self.r, self.mu = rng.integers(1, 11, size=len(pairs)) / 2, rng.normal()
        self.b, self.c = rng.normal(size=users), rng.normal(size=films)
        self.p, self.q = rng.normal(size=(users, factors)), rng.normal(size=(films, factors))
        self.lam, self.lam_b = rng.uniform(0.1, 2, size=2)
        self.pairs = list(zip(self.u, self.i, self.r))
        self.e = [self.mu + self.b[u] + self.c[i] + self.p[u] @ self.q[i] - r for u, i, r in self.pairs]

    def picked(self, index, array):
        """The rows with these numbers, as a product with ones and zeros, which knows nothing of look-ups."""
        return like(array, np.eye(len(array))[index]) @ array

    def E(self, factors=True, penalty="rating", **changed):
        """The error of all ratings with one array replaced."""
        example = next(iter(changed.values()))
        b, c, p, q = (changed.get(name, like(example, getattr(self, name))) for name in "bcpq")
        y = self.mu + self.picked(self.u, b) + self.picked(self.i, c)
        pu, qi = self.picked(self.u, p), self.picked(self.i, q)
        if factors:
            y = y + (pu * qi).sum(1)
        E = 0.5 * ((y - like(example, self.r)) ** 2).sum()
        if penalty == "once":
            return E + self.lam / 2 * ((b**2).sum() + (c**2).sum())
        squares = (self.picked(self.u, b) ** 2).sum() + (self.picked(self.i, c) ** 2).sum()
        return E + self.lam / 2 * ((pu**2).sum() + (qi**2).sum()) + self.lam_b / 2 * squares


@checks(
    "eq-ch11-rmse",
    r"\text{RMSE} = \sqrt{\frac1N \sum_{n=1}^{N} (y_n - r_n)^2}",
)
def rmse(rng):
    y, r = rng.normal(size=(2, rng.integers(1, 9)))
    claimed = np.sqrt(1 / len(y) * sum((y[n] - r[n]) ** 2 for n in range(len(y))))
    for lib in (bp, torch):
        assert_same(claimed, lib.nn.MSELoss()(lib.tensor(y), lib.tensor(r)).sqrt())


@checks(
    "eq-ch11-bias",
    r"\begin{gathered} y_{ui} = \mu + b_u + c_i \\[4pt] E = \tfrac12 \sum_{(u,i)} (y_{ui} - r_{ui})^2"
    r" \\[4pt] {} + \tfrac{\lambda}{2} \Bigl( \sum_u b_u^2 + \sum_i c_i^2 \Bigr) \end{gathered}",
)
def bias(rng):
    data = Ratings(rng)
    E = 0.5 * sum((data.mu + data.b[u] + data.c[i] - r) ** 2 for u, i, r in data.pairs)
    E += data.lam / 2 * (sum(b**2 for b in data.b) + sum(c**2 for c in data.c))
    for lib in (bp, torch):
        assert_same(E, data.E(factors=False, penalty="once", b=lib.tensor(data.b)))


@checks(
    "eq-ch11-bias-solution",
    r"\begin{gathered} \dd{E}{b_u} = \sum_{i \in I(u)} (y_{ui} - r_{ui}) + \lambda\, b_u = 0 \\[4pt]"
    r" b_u = \frac{1}{n_u + \lambda} \sum_{i \in I(u)} (r_{ui} - \mu - c_i) \end{gathered}",
)
def bias_solution(rng):
    data = Ratings(rng)

    def E(b):
        return data.E(factors=False, penalty="once", b=b)

    gradient = [
        sum(data.mu + data.b[u] + data.c[i] - r for v, i, r in data.pairs if v == u) + data.lam * data.b[u]
        for u in range(len(data.b))
    ]
    assert_gradient(np.array(gradient), E, data.b)
    solved = np.array(
        [
            1
            / (list(data.u).count(u) + data.lam)
            * sum(r - data.mu - data.c[i] for v, i, r in data.pairs if v == u)
            for u in range(len(data.b))
        ]
    )
    for lib in (bp, torch):
        leaf = lib.tensor(solved, requires_grad=True)
        E(leaf).backward()
        np.testing.assert_allclose(np.asarray(leaf.grad), 0, atol=1e-12)
    for _ in range(5):  # and it is the minimum
        assert E(solved) <= E(solved + rng.normal(size=len(solved)))


@checks(
    "eq-ch11-mf",
    r"\begin{gathered} y_{ui} = \mu + b_u + c_i + p_u^{\mathsf T} q_i \\[4pt] \text{shapes: } (1, 1) ="
    r" (1, 32)\,(32, 1) \end{gathered}",
)
def factors(rng):
    data = Ratings(rng)
    matrix = data.mu + data.b[:, None] + data.c + data.p @ data.q.T
    y = np.array([data.mu + data.b[u] + data.c[i] + data.p[u] @ data.q[i] for u, i, _ in data.pairs])
    assert_same(y, matrix[data.u, data.i])
    for lib in (bp, torch):
        looked_up = [
            lib.nn.functional.embedding(lib.tensor(index), lib.tensor(rows))
            for index, rows in ((data.u, data.p), (data.i, data.q))
        ]
        fit = (looked_up[0] * looked_up[1]).sum(1)
        assert_same(y, fit + lib.tensor(data.mu + data.b[data.u] + data.c[data.i]))
    p, q = rng.normal(size=(2, PAGE_FACTORS, 1))
    return [(p.T @ q).shape, p.T.shape, q.shape]


@checks(
    "eq-ch11-mf-error",
    r"\begin{gathered} E_{ui} = \tfrac12 (y_{ui} - r_{ui})^2 \\[4pt] {} + \tfrac{\lambda}{2}"
    r" \bigl(\lVert p_u \rVert^2 + \lVert q_i \rVert^2\bigr) + \tfrac{\lambda_b}{2} \bigl(b_u^2 +"
    r" c_i^2\bigr) \end{gathered}",
)
def factors_error(rng):
    data = Ratings(rng)
    E = sum(
        0.5 * e**2
        + data.lam / 2 * (np.linalg.norm(data.p[u]) ** 2 + np.linalg.norm(data.q[i]) ** 2)
        + data.lam_b / 2 * (data.b[u] ** 2 + data.c[i] ** 2)
        for e, (u, i, _) in zip(data.e, data.pairs)
    )
    for lib in (bp, torch):
        assert_same(E, data.E(p=lib.tensor(data.p)))


@checks(
    "eq-ch11-mf-grad",
    r"\begin{gathered} \dd{E_{ui}}{p_u} = e\, q_i + \lambda\, p_u \\[4pt] \dd{E_{ui}}{q_i} = e\, p_u +"
    r" \lambda\, q_i \\[4pt] \dd{E_{ui}}{b_u} = e + \lambda_b\, b_u \\[4pt] \dd{E_{ui}}{c_i} = e +"
    r" \lambda_b\, c_i \\[4pt] \text{shapes, for } p_u \text{ and } q_i\text{: } (32,) \end{gathered}",
)
def factors_gradient(rng):
    data = Ratings(rng)
    n = int(rng.integers(len(data.pairs)))  # one rating alone
    data.pairs, data.e = [data.pairs[n]], [data.e[n]]
    data.u, data.i, data.r = data.u[[n]], data.i[[n]], data.r[[n]]
    u, i, e = data.u[0], data.i[0], data.e[0]
    claimed = dict(
        p=e * data.q[i] + data.lam * data.p[u],
        q=e * data.p[u] + data.lam * data.q[i],
        b=e + data.lam_b * data.b[u],
        c=e + data.lam_b * data.c[i],
    )
    for name, gradient in claimed.items():
        array = getattr(data, name)
        whole = np.zeros_like(array)  # all other rows have the gradient zero
        whole[u if name in "pb" else i] = gradient
        assert_gradient(whole, lambda a, name=name: data.E(**{name: a}), array)
    return [rng.normal(size=PAGE_FACTORS).shape]


@checks(
    "eq-ch11-mf-batch",
    r"\begin{gathered} E_B = \sum_{(u,i) \in B} E_{ui} \\[4pt] \dd{E_B}{p_u} = \sum_{i\,:\,(u,i) \in"
    r" B} \bigl(e_{ui}\, q_i + \lambda\, p_u\bigr) \end{gathered}",
)
def factors_batch(rng):
    data = Ratings(rng)
    zero = np.zeros_like(data.p[0])
    claimed = [
        sum(
            (e * data.q[i] + data.lam * data.p[u] for e, (v, i, _) in zip(data.e, data.pairs) if v == u),
            zero,
        )
        for u in range(len(data.p))
    ]
    assert_gradient(np.array(claimed), lambda p: data.E(p=p), data.p)


class Net:
    """A random network on the two vectors of one rating."""

    def __init__(self, rng, factors=None, hidden=None):
        factors, hidden = factors or int(rng.integers(1, 5)), hidden or int(rng.integers(2, 6))
        self.x = rng.normal(size=2 * factors)  # [p; q]
        self.W1, self.b1 = rng.normal(size=(hidden, 2 * factors)), rng.normal(size=hidden)
        self.W2, self.b2 = rng.normal(size=(1, hidden)), rng.normal(size=1)
        self.rest, self.r = rng.normal(), rng.normal()  # mu + b_u + c_i, and the rating
        self.z1 = self.W1 @ self.x + self.b1
        self.a1 = relu(self.z1)
        self.y = self.rest + self.W2 @ self.a1 + self.b2
        self.delta1 = (self.W2.T @ (self.y - self.r)) * (self.z1 > 0)

    def E_of_z1(self, z1):
        y = like(z1, self.W2) @ relu(z1) + like(z1, self.b2) + self.rest
        return 0.5 * ((y - self.r) ** 2).sum()

    def E_of_x(self, x):
        return self.E_of_z1(like(x, self.W1) @ x + like(x, self.b1))


@checks(
    "eq-ch11-net",
    r"\begin{gathered} z^1 = W^1 [p_u; q_i] + b^1 \\[4pt] a^1 = \operatorname{relu}(z^1) \\[4pt]"
    r" y_{ui} = \mu + b_u + c_i + W^2 a^1 + b^2 \\[4pt] \text{shapes: } (24,) = (24, 32)\,(32,) \\ {}"
    r" + (24,) \end{gathered}",
)
def net(rng):
    net = Net(rng)
    for lib in (bp, torch):
        first = lib.nn.functional.linear(*map(lib.tensor, (net.x, net.W1, net.b1)))
        assert_same(net.z1, first)
        assert_same(net.a1, first.relu())
        second = lib.nn.functional.linear(first.relu(), lib.tensor(net.W2), lib.tensor(net.b2))
        assert_same(net.y, second + net.rest)
    page = Net(rng, *PAGE_NET)
    return [a.shape for a in (page.z1, page.W1, page.x, page.b1)]


@checks(
    "eq-ch11-net-grad",
    r"\begin{gathered} \delta^1 = \bigl((W^2)^{\mathsf T} (y_{ui} - r_{ui})\bigr) \odot"
    r" \operatorname{relu}'(z^1) \\[4pt] \Bigl[\dd{E}{p_u};\; \dd{E}{q_i}\Bigr] = (W^1)^{\mathsf T}"
    r" \delta^1 \\[4pt] \text{shapes: } (32,) = (32, 24)\,(24,) \end{gathered}",
)
def net_gradient(rng):
    net = Net(rng)
    assert_gradient(net.delta1, net.E_of_z1, net.z1)
    assert_gradient(net.W1.T @ net.delta1, net.E_of_x, net.x)
    page = Net(rng, *PAGE_NET)
    return [a.shape for a in (page.W1.T @ page.delta1, page.W1.T, page.delta1)]


@checks(
    "eq-ch11-rotation",
    r"\begin{gathered} (R\,p_u)^{\mathsf T} (R\,q_i) = p_u^{\mathsf T} R^{\mathsf T} R\, q_i ="
    r" p_u^{\mathsf T} q_i \\[4pt] R^{\mathsf T} R = I \end{gathered}",
)
def rotation(rng):
    size = int(rng.integers(1, 6))
    R = np.linalg.qr(rng.normal(size=(size, size)))[0]
    p, q = rng.normal(size=(2, size))
    assert_same(R.T @ R + 1, np.eye(size) + 1)
    for lib in (bp, torch):
        turned = [lib.tensor(R) @ lib.tensor(v) for v in (p, q)]
        assert_same((R @ p).T @ (R @ q), p @ R.T @ R @ q, p @ q, (turned[0] * turned[1]).sum())


@checks(
    "eq-ch11-fold-in",
    r"\begin{gathered} E = \tfrac12 \lVert Q p - d \rVert^2 + \tfrac{\lambda n}{2} \lVert p \rVert^2"
    r" \\[4pt] \dd{E}{p} = Q^{\mathsf T} (Q p - d) + \lambda n\, p = 0 \\[4pt] p = \bigl(Q^{\mathsf T}"
    r" Q + \lambda n I\bigr)^{-1} Q^{\mathsf T} d \\[4pt] \text{shapes: } (32,) = (32, 32)\,(32,"
    r" 6)\,(6,) \end{gathered}",
)
def fold_in(rng):
    n, size, lam = int(rng.integers(1, 6)), int(rng.integers(1, 5)), rng.uniform(0.1, 1)
    Q, d = rng.normal(size=(n, size)), rng.normal(size=n)

    def E(p):
        return 0.5 * ((like(p, Q) @ p - like(p, d)) ** 2).sum() + lam * n / 2 * (p**2).sum()

    somewhere = rng.normal(size=size)
    assert_gradient(Q.T @ (Q @ somewhere - d) + lam * n * somewhere, E, somewhere)
    p = np.linalg.inv(Q.T @ Q + lam * n * np.eye(size)) @ Q.T @ d
    for lib in (bp, torch):
        leaf = lib.tensor(p, requires_grad=True)
        E(leaf).backward()
        np.testing.assert_allclose(np.asarray(leaf.grad), 0, atol=1e-11)
    Q, d = rng.normal(size=(PAGE_RATED, PAGE_FACTORS)), rng.normal(size=PAGE_RATED)
    inverse = np.linalg.inv(Q.T @ Q + np.eye(PAGE_FACTORS))
    return [a.shape for a in (inverse @ Q.T @ d, inverse, Q.T, d)]
