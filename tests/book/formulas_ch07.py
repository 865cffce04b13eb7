"""Checks of the formulas of the chapter on tensors, on random shapes in place of those of the page."""

import numpy as np
import torch

import backprop_lib as bp
from tests.book.formulas import assert_gradient, assert_same, checks, like


def sizes(rng, count):
    """Different lengths, so that a shape tells what it counts; none is 1."""
    return [int(n) for n in rng.choice(range(2, 8), size=count, replace=False)]


def as_on_the_page(lengths, page, *arrays):
    """The arrays' shapes with the lengths of the page in the place of these."""
    stands_for = dict(zip(lengths, page))
    return [tuple(stands_for[n] for n in np.shape(array)) for array in arrays]


def assert_vjps(G, function, inputs, claimed):
    """Each claimed array is the gradient of sum(G * function(*inputs)) with respect to its input."""
    for i, gradient in enumerate(claimed):

        def weighted(x, i=i):
            others = [x if k == i else like(x, value) for k, value in enumerate(inputs)]
            return (like(x, G) * function(*others)).sum()

        assert_gradient(gradient, weighted, inputs[i])


def convolved(X, K):
    """Correlation of images (N, C, H, W) with kernels (O, C, h, w): by a library, or by loops for arrays."""
    if isinstance(X, torch.Tensor):
        return torch.nn.functional.conv2d(X, K)
    if not isinstance(X, np.ndarray):
        return bp.nn.functional.conv2d(X, K)
    (N, _, H, W), (outputs, _, h, w) = X.shape, K.shape
    Y = np.empty((N, outputs, H - h + 1, W - w + 1))
    for n, o, i, j in np.ndindex(Y.shape):
        Y[n, o, i, j] = np.sum(K[o] * X[n, :, i : i + h, j : j + w])
    return Y


def convolved_one(X, K):
    return convolved(X[None, None], K[None, None])[0, 0]


def one_image(rng):
    X = rng.normal(size=rng.integers(4, 7, size=2))
    K = rng.normal(size=rng.integers(2, 4, size=2))
    return X, K, rng.normal(size=np.subtract(X.shape, K.shape) + 1)


def softmaxed(x):
    if isinstance(x, np.ndarray):
        return np.exp(x) / np.exp(x).sum()
    return x.softmax(-1)


@checks(
    "eq-ch7-vjp",
    r"\begin{gathered} \bar x_i = \sum_k \bar y_k\,\dd{y_k}{x_i}, \qquad \bar x = J^{\mathsf T}\, \bar y"
    r" \\[4pt] \text{shapes: } (4,) = (4, 3)\,(3,) \end{gathered}",
)
def vector_jacobian_product(rng):
    n, m = lengths = sizes(rng, 2)
    M, x, g = rng.normal(size=(m, n)), rng.normal(size=n), rng.normal(size=m)

    def f(x):
        y = like(x, M) @ x
        return y * y * y + y

    J = (3 * (M @ x) ** 2 + 1)[:, None] * M
    by_torch = torch.autograd.functional.jacobian(f, torch.tensor(x))
    assert_same(J, by_torch)
    summed = [sum(g[k] * J[k, i] for k in range(m)) for i in range(n)]
    assert_same(J.T @ g, summed)
    assert_vjps(g, f, [x], [summed])
    return as_on_the_page(lengths, [4, 3], x, J.T, g)


@checks(
    "eq-ch7-elementwise",
    r"\begin{gathered} Y = f(X), \qquad \bar X = \bar Y \odot f'(X) \\[4pt]"
    r" \text{shapes: } (3, 4) = (3, 4) \odot (3, 4) \end{gathered}",
)
def elementwise(rng):
    lengths = sizes(rng, 2)
    X, G = rng.normal(size=(2, *lengths))
    functions = [
        (lambda x: np.tanh(x) if isinstance(x, np.ndarray) else x.tanh(), 1 - np.tanh(X) ** 2),
        (lambda x: np.exp(x) if isinstance(x, np.ndarray) else x.exp(), np.exp(X)),
        (lambda x: x * x, 2 * X),
    ]
    for f, slope in functions:
        assert_vjps(G, f, [X], [G * slope])
    return as_on_the_page(lengths, [3, 4], X, G, slope)


@checks(
    "eq-ch7-relu",
    r"\begin{gathered} Y = \max(0, X) \\[4pt]"
    r" \bar X_{ij} = \begin{cases} \bar Y_{ij} & X_{ij} > 0 \\ 0 & X_{ij} \le 0 \end{cases} \end{gathered}",
)
def relu(rng):
    X, G = rng.normal(size=(2, *sizes(rng, 2)))
    f = lambda x: np.maximum(0, x) if isinstance(x, np.ndarray) else x.relu()  # noqa: E731
    assert_vjps(G, f, [X], [np.where(X > 0, G, 0)])


@checks(
    "eq-ch7-broadcast",
    r"\begin{gathered} Y_{nj} = X_{nj} + b_j \\[4pt]"
    r" \bar X_{nj} = \bar Y_{nj}, \qquad \bar b_j = \sum_n \bar Y_{nj} \\[4pt]"
    r" \text{shapes: } (3, 4) = (3, 4) + (4,) \end{gathered}",
)
def broadcast(rng):
    N, J = lengths = sizes(rng, 2)
    X, G = rng.normal(size=(2, N, J))
    b = rng.normal(size=J)
    Y = [[X[n, j] + b[j] for j in range(J)] for n in range(N)]
    assert_same(Y, X + b, torch.tensor(X) + torch.tensor(b))
    assert_vjps(G, lambda x, b: x + b, [X, b], [G, [sum(G[n, j] for n in range(N)) for j in range(J)]])
    return as_on_the_page(lengths, [3, 4], Y, X, b)


@checks(
    "eq-ch7-adjoint",
    r"\langle B b,\ G\rangle = \langle b,\ B^{\mathsf T} G\rangle",
)
def adjoint(rng):
    N, J = sizes(rng, 2)
    b, G = rng.normal(size=J), rng.normal(size=(N, J))
    np.testing.assert_allclose(
        np.sum(np.broadcast_to(b, (N, J)) * G), np.sum(b * G.sum(axis=0)), rtol=1e-11, atol=1e-13
    )
    B = np.concatenate([np.eye(J)] * N)  # the map as a matrix
    assert_same(B @ b, np.tile(b, N))
    assert_same(B.T @ G.ravel(), G.sum(axis=0))
    expand = lambda b: np.broadcast_to(b, (N, J)) if isinstance(b, np.ndarray) else b.expand(N, J)  # noqa: E731
    assert_vjps(G, expand, [b], [B.T @ G.ravel()])


@checks(
    "eq-ch7-sum",
    r"\begin{gathered} s = \sum_{ij} X_{ij}, \qquad \bar X_{ij} = \bar s \\[4pt]"
    r" m = \frac1n \sum_{ij} X_{ij}, \qquad \bar X_{ij} = \frac{\bar m}{n} \end{gathered}",
)
def sums(rng):
    X, g = rng.normal(size=sizes(rng, 2)), rng.normal()
    assert_gradient(np.full(X.shape, g), lambda x: float(g) * x.sum(), X)
    assert_gradient(np.full(X.shape, g / X.size), lambda x: float(g) * x.mean(), X)


@checks(
    "eq-ch7-max",
    r"\begin{gathered} y_n = \max_j X_{nj} \\[4pt] \bar X_{nj} = \begin{cases}"
    r" \bar y_n & X_{nj} = y_n \\ 0 & \text{otherwise} \end{cases} \end{gathered}",
)
def maxima(rng):
    X = rng.normal(size=sizes(rng, 2))
    g = rng.normal(size=len(X))
    y = X.max(axis=1)
    f = lambda x: x.max(axis=1) if isinstance(x, np.ndarray) else x.amax(1)  # noqa: E731
    assert_vjps(g, f, [X], [np.where(y[:, None] == X, g[:, None], 0)])


def product(rng):
    i, k, j = lengths = sizes(rng, 3)
    return lengths, rng.normal(size=(i, k)), rng.normal(size=(k, j)), rng.normal(size=(i, j))


@checks(
    "eq-ch7-matmul-index",
    r"\begin{gathered} \bar A_{ik} = \sum_j \bar C_{ij}\, B_{kj} \\[4pt]"
    r" \bar B_{kj} = \sum_i A_{ik}\, \bar C_{ij} \end{gathered}",
)
def matmul_by_index(rng):
    (rows, K, J), A, B, G = product(rng)
    of_A = [[sum(G[i, j] * B[k, j] for j in range(J)) for k in range(K)] for i in range(rows)]
    of_B = [[sum(A[i, k] * G[i, j] for i in range(rows)) for j in range(J)] for k in range(K)]
    assert_vjps(G, lambda a, b: a @ b, [A, B], [of_A, of_B])


@checks(
    "eq-ch7-matmul-a",
    r"\begin{gathered} \bar A = \bar C\, B^{\mathsf T} \\[4pt]"
    r" \text{shapes: } (2, 3) = (2, 4)\,(4, 3) \end{gathered}",
)
def matmul_left(rng):
    lengths, A, B, G = product(rng)
    assert_vjps(G, lambda a, b: a @ b, [A, B], [G @ B.T])
    return as_on_the_page(lengths, [2, 3, 4], A, G, B.T)


@checks(
    "eq-ch7-matmul-b",
    r"\begin{gathered} \bar B = A^{\mathsf T}\, \bar C \\[4pt]"
    r" \text{shapes: } (3, 4) = (3, 2)\,(2, 4) \end{gathered}",
)
def matmul_right(rng):
    lengths, A, B, G = product(rng)
    assert_vjps(G, lambda b, a: a @ b, [B, A], [A.T @ G])
    return as_on_the_page(lengths, [2, 3, 4], B, A.T, G)


def layer_of(rng):
    n, i, o = lengths = sizes(rng, 3)
    X, W, b = rng.normal(size=(n, i)), rng.normal(size=(o, i)), rng.normal(size=o)
    return lengths, X, W, b, rng.normal(size=(n, o))


@checks(
    "eq-ch7-layer",
    r"\begin{gathered} Z = X W^{\mathsf T} + b \\[4pt]"
    r" \text{shapes: } (5, 2) = (5, 3)\,(3, 2) + (2,) \end{gathered}",
)
def layer(rng):
    lengths, X, W, b, _ = layer_of(rng)
    Z = X @ W.T + b
    assert_same(Z, *(lib.nn.functional.linear(*map(lib.tensor, (X, W, b))) for lib in (bp, torch)))
    return as_on_the_page(lengths, [5, 3, 2], Z, X, W.T, b)


@checks(
    "eq-ch7-linear",
    r"\begin{gathered} \bar X = \Delta\, W, \qquad \bar W = \Delta^{\mathsf T} X \\[4pt]"
    r" \bar b_j = \sum_n \Delta_{nj} \\[4pt] \text{shapes: } (5, 3) = (5, 2)\,(2, 3) \\[2pt]"
    r" (2, 3) = (2, 5)\,(5, 3) \end{gathered}",
)
def layer_vjps(rng):
    lengths, X, W, b, D = layer_of(rng)

    def linear(x, w, b):
        return x @ w.T + b

    of_b = [sum(D[n, j] for n in range(len(D))) for j in range(len(b))]
    assert_vjps(D, linear, [X, W, b], [D @ W, D.T @ X, of_b])
    return as_on_the_page(lengths, [5, 3, 2], X, D, W, W, D.T, X)


@checks(
    "eq-ch7-index",
    r"Y_{kj} = X_{p_k\, j}, \qquad \bar X_{ij} = \sum_{k\,:\ p_k = i} \bar Y_{kj}",
)
def picked_rows(rng):
    rows, columns, count = sizes(rng, 3)
    X, G = rng.normal(size=(rows, columns)), rng.normal(size=(count, columns))
    p = rng.integers(rows, size=count)
    assert_same([[X[p[k], j] for j in range(columns)] for k in range(count)], X[p], torch.tensor(X)[p])
    claimed = [
        [sum((G[k, j] for k in range(count) if p[k] == i), 0.0) for j in range(columns)] for i in range(rows)
    ]
    assert_vjps(G, lambda x: x[p], [X], [claimed])


@checks(
    "eq-ch7-softmax",
    r"\begin{gathered} s_k = \frac{e^{x_k}}{\sum_m e^{x_m}} \\[4pt]"
    r" \dd{s_k}{x_i} = \begin{cases} s_i - s_i s_i & k = i \\ -s_k s_i & k \ne i \end{cases} \end{gathered}",
)
def softmax_jacobian(rng):
    (n,) = sizes(rng, 1)
    x = rng.normal(size=n)
    s = np.array([np.exp(x[k]) / sum(np.exp(x[m]) for m in range(n)) for k in range(n)])
    assert_same(s, torch.tensor(x).softmax(-1), bp.tensor(x).softmax(-1))
    J = np.array([[s[i] - s[i] * s[i] if k == i else -s[k] * s[i] for i in range(n)] for k in range(n)])
    assert_same(J, torch.autograd.functional.jacobian(softmaxed, torch.tensor(x)))
    for k in range(n):
        assert_gradient(J[k], lambda x, k=k: softmaxed(x)[k], x)


@checks("eq-ch7-softmax-vjp", r"\bar x_i = s_i \Bigl( \bar s_i - \sum_k \bar s_k s_k \Bigr)")
def softmax_vjp(rng):
    (n,) = sizes(rng, 1)
    x, g = rng.normal(size=(2, n))
    s = softmaxed(x)
    assert_vjps(g, softmaxed, [x], [[s[i] * (g[i] - sum(g[k] * s[k] for k in range(n))) for i in range(n)]])


@checks("eq-ch7-conv", r"Y_{ij} = \sum_{uv} K_{uv}\, X_{i+u,\ j+v}")
def convolution(rng):
    X, K, G = one_image(rng)
    Y = np.zeros(G.shape)
    for i, j in np.ndindex(Y.shape):
        Y[i, j] = sum(K[u, v] * X[i + u, j + v] for u, v in np.ndindex(K.shape))
    assert_same(Y, convolved_one(torch.tensor(X), torch.tensor(K)), convolved_one(bp.tensor(X), bp.tensor(K)))


@checks("eq-ch7-conv-kernel", r"\bar K_{uv} = \sum_{ij} \bar Y_{ij}\, X_{i+u,\ j+v}")
def kernel_gradient(rng):
    X, K, G = one_image(rng)
    claimed = np.zeros(K.shape)
    for u, v in np.ndindex(K.shape):
        claimed[u, v] = sum(G[i, j] * X[i + u, j + v] for i, j in np.ndindex(G.shape))
    assert_vjps(G, lambda k, x: convolved_one(x, k), [K, X], [claimed])
    assert_same(claimed, convolved_one(X, G))  # the same formula, with the gradient as kernel


@checks("eq-ch7-conv-image", r"\bar X_{pq} = \sum_{uv} K_{uv}\, \bar Y_{p-u,\ q-v}")
def image_gradient(rng):
    X, K, G = one_image(rng)

    def g(i, j):
        return G[i, j] if 0 <= i < G.shape[0] and 0 <= j < G.shape[1] else 0.0

    claimed = np.zeros(X.shape)
    for p, q in np.ndindex(X.shape):
        claimed[p, q] = sum(K[u, v] * g(p - u, q - v) for u, v in np.ndindex(K.shape))
    assert_vjps(G, convolved_one, [X, K], [claimed])
    h, w = K.shape
    padded = np.pad(G, ((h - 1, h - 1), (w - 1, w - 1)))
    assert_same(claimed, convolved_one(padded, K[::-1, ::-1]))  # full, with the flipped kernel


def batch_of_images(rng):
    images, inputs, outputs = rng.integers(1, 4, size=3)
    X, K = rng.normal(size=(images, inputs, 4, 5)), rng.normal(size=(outputs, inputs, 2, 3))
    return X, K, rng.normal(size=(images, outputs, 3, 3))


@checks("eq-ch7-conv-batch", r"Y_{noij} = \sum_{cuv} K_{ocuv}\, X_{nc,\ i+u,\ j+v}")
def convolution_of_a_batch(rng):
    X, K, G = batch_of_images(rng)
    Y = np.zeros(G.shape)
    for n, o, i, j in np.ndindex(Y.shape):
        Y[n, o, i, j] = sum(K[o, c, u, v] * X[n, c, i + u, j + v] for c, u, v in np.ndindex(K.shape[1:]))
    assert_same(Y, *(lib.nn.functional.conv2d(lib.tensor(X), lib.tensor(K)) for lib in (bp, torch)))


@checks(
    "eq-ch7-conv-batch-vjp",
    r"\begin{gathered} \bar X_{ncpq} = \sum_{ouv} K_{ocuv}\, \bar Y_{no,\ p-u,\ q-v} \\[4pt]"
    r" \bar K_{ocuv} = \sum_{nij} \bar Y_{noij}\, X_{nc,\ i+u,\ j+v} \end{gathered}",
)
def convolution_of_a_batch_vjps(rng):
    X, K, G = batch_of_images(rng)
    of_X, of_K = np.zeros(X.shape), np.zeros(K.shape)
    for n, c, p, q in np.ndindex(X.shape):
        for o, u, v in np.ndindex(K.shape[0], *K.shape[2:]):
            if 0 <= p - u < G.shape[2] and 0 <= q - v < G.shape[3]:
                of_X[n, c, p, q] += K[o, c, u, v] * G[n, o, p - u, q - v]
    for o, c, u, v in np.ndindex(K.shape):
        for n, i, j in np.ndindex(len(G), *G.shape[2:]):
            of_K[o, c, u, v] += G[n, o, i, j] * X[n, c, i + u, j + v]
    assert_vjps(G, convolved, [X, K], [of_X, of_K])


@checks(
    "eq-ch7-squareplus",
    r"\begin{gathered} y = \frac{x + \sqrt{x^2 + 4}}{2} \\[4pt]"
    r" \bar x = \bar y\, \frac{y}{2y - x} \end{gathered}",
)
def squareplus(rng):
    x, g = rng.normal(size=(2, 5))
    y = (x + np.sqrt(x**2 + 4)) / 2
    f = lambda x: (x + (x * x + 4) ** 0.5) / 2  # noqa: E731
    assert_same(y, f(torch.tensor(x)))
    assert_vjps(g, f, [x], [g * y / (2 * y - x)])


@checks(
    "eq-ch7-hvp",
    r"\begin{gathered} H v = \dd{}{x} \bigl(\bar x^{\mathsf T} v\bigr) \\[4pt]"
    r" \text{shapes: } (5,) = (5, 5)\,(5,) \end{gathered}",
)
def hessian_times_vector(rng):
    n, m = sizes(rng, 2)
    M, x, v = rng.normal(size=(m, n)), rng.normal(size=n), rng.normal(size=n)

    def E(x):
        y = like(x, M) @ x
        return (y * y * y + y * y).sum()

    H = torch.autograd.functional.hessian(E, torch.tensor(x)).numpy()
    y = M @ x
    assert_same(H, (M.T * (6 * y + 2)) @ M)
    leaf = bp.tensor(x, requires_grad=True)
    (gradient,) = bp.autograd.grad(E(leaf), [leaf], create_graph=True)
    (twice,) = bp.autograd.grad((gradient * bp.tensor(v)).sum(), [leaf])
    np.testing.assert_allclose(H @ v, twice.numpy(), rtol=1e-10, atol=1e-10)

    def slope(x):
        """The inner product of v with the gradient, by its formula."""
        y = like(x, M) @ x
        return ((3 * y * y + 2 * y) * (like(x, M) @ like(x, v))).sum()

    assert_gradient(twice.numpy(), slope, x)
    return as_on_the_page([n], [5], twice, H, v)
