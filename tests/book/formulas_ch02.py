"""Checks of the formulas of the concepts: layers, activations, losses, gradients, paths, differences."""

import math
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
import torch

import backprop_lib as bp
from backprop_lib.gradcheck import numerical_gradient
from backprop_lib.scalar import Value
from tests.book.formulas import assert_gradient, assert_same, checks, like, sigmoid


def tanh(x):
    """The hyperbolic tangent of a number, a Value, or an array or Tensor of one element."""
    return np.tanh(x) if isinstance(x, np.ndarray | float) else x.tanh()


def sizes(rng, count):
    """Sizes that differ from each other and from 1, so that a shape tells what it counts."""
    return rng.choice([2, 3, 4, 5, 6, 7], size=count, replace=False)


def shapes(page, *arrays):
    """The arrays' shapes with the sizes of the page, {size here: size there}, in place of those here."""
    return [tuple(page[length] for length in np.shape(array)) for array in arrays]


def some_z(rng):
    return 2 * rng.normal(size=rng.integers(1, 6, size=2))


# ---- neurons and layers ----


@checks(
    "eq-ch2-neuron",
    r"\begin{gathered} z = \sum_{k} w_k\,x_k + b = w^{\mathsf T} x + b \\[4pt] a = \sigma(z) \\[4pt]"
    r" \text{shapes of } w \text{ and } x\text{: } (3,),\ (3,) \end{gathered}",
)
def neuron(rng):
    (n,) = sizes(rng, 1)
    w, x, b = rng.normal(size=n), rng.normal(size=n), rng.normal()
    z = sum(w[k] * x[k] for k in range(n)) + b
    values = sum((Value(wk) * xk for wk, xk in zip(w, x)), Value(b))
    linear = torch.nn.functional.linear(torch.tensor(x), torch.tensor(w[None]), torch.tensor(np.array([b])))
    assert_same(z, w.T @ x + b, values.data, linear[0])
    assert_same(1 / (1 + np.e**-z), values.sigmoid().data, torch.sigmoid(linear)[0])
    return shapes({n: 3}, w, x)


@checks(
    "eq-ch2-layer",
    r"\begin{gathered} z^l = W^l a^{l-1} + b^l, \qquad a^l = \sigma(z^l) \\[4pt]"
    r" \text{shapes: } (3,) = (3, 2)\,(2,) + (3,) \end{gathered}",
)
def layer(rng):
    before, after = sizes(rng, 2)
    W, a, b = rng.normal(size=(after, before)), rng.normal(size=before), rng.normal(size=after)
    z = W @ a + b
    by_neuron = [sum(W[j, k] * a[k] for k in range(before)) + b[j] for j in range(after)]
    others = [lib.nn.functional.linear(*map(lib.tensor, (a, W, b))) for lib in (bp, torch)]
    assert_same(z, by_neuron, *others)
    assert_same(sigmoid(z), *(other.sigmoid() for other in others))
    return shapes({before: 2, after: 3}, z, W, a, b)


@checks(
    "eq-ch2-batch",
    r"\begin{gathered} Z = X\,W^{\mathsf T} + b, \qquad A = \sigma(Z) \\[4pt]"
    r" \text{shapes: } (4, 3) = (4, 2)\,(2, 3) + (3,) \end{gathered}",
)
def batch(rng):
    n, before, after = sizes(rng, 3)
    X, W, b = rng.normal(size=(n, before)), rng.normal(size=(after, before)), rng.normal(size=after)
    Z = X @ W.T + b
    others = [lib.nn.functional.linear(*map(lib.tensor, (X, W, b))) for lib in (bp, torch)]
    assert_same(Z, [W @ x + b for x in X], *others)
    assert_same(sigmoid(Z), [sigmoid(W @ x + b) for x in X], *(other.sigmoid() for other in others))
    return shapes({n: 4, before: 2, after: 3}, Z, X, W.T, b)


@checks("eq-ch2-count", r"P = \sum_{l=1}^{L} n_l\,(n_{l-1} + 1)")
def count(rng):
    n = [int(size) for size in rng.integers(1, 9, size=rng.integers(2, 6))]
    P = sum(n[layer] * (n[layer - 1] + 1) for layer in range(1, len(n)))
    for lib in (bp, torch):
        layers = [lib.nn.Linear(before, after) for before, after in pairwise(n)]
        parameters = lib.nn.Sequential(*layers).parameters()
        assert sum(math.prod(parameter.shape) for parameter in parameters) == P


@checks(
    "eq-ch2-collapse",
    r"\begin{gathered} W^2 (W^1 x + b^1) + b^2 \\[4pt] = (W^2 W^1)\,x + (W^2 b^1 + b^2) \\[4pt]"
    r" \text{shapes: } (1,) = (1, 3)\,(3, 2)\,(2,) \\ +\,(1, 3)\,(3,) + (1,) \end{gathered}",
)
def collapse(rng):
    n0, n1, n2 = sizes(rng, 3)
    W1, b1, W2, b2 = (rng.normal(size=shape) for shape in ((n1, n0), n1, (n2, n1), n2))
    x = rng.normal(size=n0)
    two_layers = torch.nn.Sequential(torch.nn.Linear(n0, n1), torch.nn.Linear(n1, n2)).double()
    for parameter, array in zip(two_layers.parameters(), (W1, b1, W2, b2)):
        parameter.data = torch.tensor(array)
    one = (W2 @ W1) @ x + (W2 @ b1 + b2)
    assert_same(one, W2 @ (W1 @ x + b1) + b2, two_layers(torch.tensor(x)).detach())
    return shapes({n0: 2, n1: 3, n2: 1}, one, W2, W1, x, W2, b1, b2)


# ---- activations: the value and the derivative as the page has them, and the libraries' function ----


def assert_activation(rng, name, function, derivative):
    z = some_z(rng)
    assert_same(function(z), *(getattr(lib.nn.functional, name)(lib.tensor(z)) for lib in (bp, torch)))

    def of_any(z):
        if isinstance(z, np.ndarray):
            return function(z)
        lib = torch if isinstance(z, torch.Tensor) else bp
        return getattr(lib.nn.functional, name)(z)

    assert_gradient(derivative(z), of_any, z)


@checks(
    "eq-ch2-sigmoid",
    r"\begin{gathered} \sigma(z) = \frac{1}{1 + e^{-z}} \\[4pt]"
    r" \sigma'(z) = \sigma(z)\,\bigl(1 - \sigma(z)\bigr) \end{gathered}",
)
def logistic(rng):
    def sigma(z):
        return 1 / (1 + np.exp(-z))

    assert_activation(rng, "sigmoid", sigma, lambda z: sigma(z) * (1 - sigma(z)))


@checks(
    "eq-ch2-tanh",
    r"\begin{gathered} \tanh z = \frac{e^{z} - e^{-z}}{e^{z} + e^{-z}} = 2\,\sigma(2z) - 1 \\[4pt]"
    r" \tanh' z = 1 - \tanh^2 z \end{gathered}",
)
def hyperbolic_tangent(rng):
    def by_exp(z):
        return (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))

    z = some_z(rng)
    assert_same(by_exp(z), 2 * sigmoid(2 * z) - 1)
    assert_activation(rng, "tanh", by_exp, lambda z: 1 - by_exp(z) ** 2)


@checks(
    "eq-ch2-relu",
    r"\begin{gathered} \operatorname{relu}(z) = \max(z, 0) \\[4pt] \operatorname{relu}'(z)"
    r" = \begin{cases} 1 & z > 0 \\ 0 & z \le 0 \end{cases} \end{gathered}",
)
def relu(rng):
    assert_activation(rng, "relu", lambda z: np.maximum(z, 0), lambda z: np.where(z > 0, 1.0, 0.0))
    assert_slope_at_zero("relu", 0.0)


@checks(
    "eq-ch2-leaky",
    r"\begin{gathered} \operatorname{leaky}(z) = \max(z, 0) + s \min(z, 0) \\[4pt] \operatorname{leaky}'(z)"
    r" = \begin{cases} 1 & z > 0 \\ s & z \le 0 \end{cases} \end{gathered}",
)
def leaky_relu(rng):
    s = 0.01
    assert_activation(
        rng,
        "leaky_relu",
        lambda z: np.maximum(z, 0) + s * np.minimum(z, 0),
        lambda z: np.where(z > 0, 1.0, s),
    )
    assert_slope_at_zero("leaky_relu", s)


def assert_slope_at_zero(name, slope):
    for lib in (bp, torch):
        leaf = lib.tensor(np.zeros(1), requires_grad=True)
        getattr(lib.nn.functional, name)(leaf).sum().backward()
        assert leaf.grad.item() == slope


@checks(
    "eq-ch2-softplus",
    r"\begin{gathered} \operatorname{softplus}(z) = \ln(1 + e^{z}) \\[4pt]"
    r" \operatorname{softplus}'(z) = \sigma(z) \end{gathered}",
)
def softplus(rng):
    assert_activation(rng, "softplus", lambda z: np.log(1 + np.exp(z)), sigmoid)


@checks(
    "eq-ch2-gelu",
    r"\begin{gathered} \operatorname{gelu}(z) = z\,\Phi(z) \\[4pt]"
    r" \Phi(z) = \tfrac12 \Bigl(1 + \operatorname{erf} \tfrac{z}{\sqrt 2}\Bigr) \\[4pt]"
    r" \operatorname{gelu}'(z) = \Phi(z) + z\,\frac{e^{-z^2/2}}{\sqrt{2\pi}} \end{gathered}",
)
def gelu(rng):
    def Phi(z):
        return 1 / 2 * (1 + np.vectorize(math.erf)(z / math.sqrt(2)))

    z = some_z(rng)
    assert_same(Phi(z), torch.special.ndtr(torch.tensor(z)))  # the probability to be below z
    assert_activation(
        rng,
        "gelu",
        lambda z: z * Phi(z),
        lambda z: Phi(z) + z * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi),
    )


# ---- losses ----


@checks(
    "eq-ch2-squared",
    r"\begin{gathered} E = \tfrac12 \sum_i (y_i - t_i)^2 \\[4pt] \dd{E}{y_i} = y_i - t_i \\[4pt]"
    r" \text{shape of } y,\ t \text{ and } \partial E/\partial y\text{: } (2,) \end{gathered}",
)
def squared(rng):
    (n,) = sizes(rng, 1)
    y, t = rng.normal(size=(2, n))
    E = 1 / 2 * sum((y[i] - t[i]) ** 2 for i in range(n))
    assert_same(E, torch.nn.MSELoss(reduction="sum")(torch.tensor(y), torch.tensor(t)) / 2)
    assert_gradient(y - t, lambda y: 0.5 * ((y - like(y, t)) ** 2).sum(), y)
    assert y.shape == t.shape == (y - t).shape
    return shapes({n: 2}, y)


@checks(
    "eq-ch2-bce",
    r"\begin{gathered} E = -t \ln y - (1 - t) \ln (1 - y) \\[4pt]"
    r" \dd{E}{y} = \frac{y - t}{y\,(1 - y)} \end{gathered}",
)
def cross_entropy(rng):
    y, t = rng.uniform(0.05, 0.95), float(rng.integers(2))
    E = -t * np.log(y) - (1 - t) * np.log(1 - y)
    assert_same(
        E, *(lib.nn.BCELoss()(lib.tensor(np.array(y)), lib.tensor(np.array(t))) for lib in (bp, torch))
    )

    def loss(y):
        log = np.log if isinstance(y, np.ndarray) else type(y).log
        return -t * log(y) - (1 - t) * log(1 - y)

    assert_gradient((y - t) / (y * (1 - y)), loss, y)


# ---- the gradient ----


@checks(
    "eq-ch2-bowl",
    r"\begin{gathered} E(w) = \tfrac12 w_1^2 + 2 w_2^2 \\[4pt]"
    r" \dd{E}{w_1} = w_1, \qquad \dd{E}{w_2} = 4 w_2 \end{gathered}",
)
def bowl(rng):
    w = rng.normal(size=2)
    assert_gradient([w[0], 4 * w[1]], lambda w: w[0] ** 2 / 2 + 2 * w[1] ** 2, w)


def random_landscape(rng):
    """A smooth function of several numbers, a place, and the gradient there by PyTorch."""
    (n,) = sizes(rng, 1)
    M, c = rng.normal(size=(3, n)), rng.normal(size=3)

    def E(w):
        return (
            (like(w, c) * (like(w, M) @ w).tanh()).sum()
            if not isinstance(w, np.ndarray)
            else c @ np.tanh(M @ w)
        )

    w = rng.normal(size=n)
    leaf = torch.tensor(w, requires_grad=True)
    E(leaf).backward()
    gradient = leaf.grad.numpy()
    assert_gradient(gradient, E, w)
    return E, w, gradient


@checks(
    "eq-ch2-plane",
    r"\begin{gathered} E(w + s) \approx E(w) + \sum_k \dd{E}{w_k}\,s_k \\[4pt]"
    r" = E(w) + \nabla E \cdot s \\[4pt]"
    r" \text{shape of } w,\ s \text{ and } \nabla E\text{: } (2,) \end{gathered}",
)
def plane(rng):
    E, w, gradient = random_landscape(rng)
    s = rng.normal(size=w.size)

    def missed(size):
        by_plane = E(w) + sum(gradient[k] * size * s[k] for k in range(w.size))
        assert_same(by_plane, E(w) + gradient @ (size * s))
        return E(w + size * s) - by_plane

    # Of second order: with half the step it is off by a quarter.
    assert missed(2e-4) / missed(1e-4) == pytest.approx(4, rel=0.05)
    assert w.shape == s.shape == gradient.shape
    return shapes({w.size: 2}, w)


def directional(E, w, u):
    """The slope along u, by central differences and by both libraries."""
    slope = numerical_gradient(lambda r: E(w + r * u), np.array(0.0))
    for lib in (bp, torch):
        r = lib.tensor(np.array(0.0), requires_grad=True)
        E(lib.tensor(w) + r * lib.tensor(u)).backward()
        np.testing.assert_allclose(slope, r.grad.item(), rtol=1e-5, atol=1e-8)
    return r.grad.item()


@checks(
    "eq-ch2-directional",
    r"\begin{gathered} D_u E = \nabla E \cdot u = \lVert \nabla E \rVert \cos \theta \\[4pt]"
    r" \text{shape of } \nabla E \text{ and } u\text{: } (2,) \end{gathered}",
)
def directional_derivative(rng):
    E, w, gradient = random_landscape(rng)
    u = rng.normal(size=w.size)
    u /= np.linalg.norm(u)
    length = np.sqrt(np.sum(gradient**2))
    # the angle between two directions, by the distance of their tips on the unit circle
    theta = 2 * np.arcsin(np.linalg.norm(gradient / length - u) / 2)
    assert_same(gradient @ u, directional(E, w, u))
    np.testing.assert_allclose(length * np.cos(theta), gradient @ u, rtol=1e-9, atol=1e-12)
    assert gradient.shape == u.shape
    return shapes({w.size: 2}, u)


@checks(
    "eq-ch2-steepest",
    r"-\lVert \nabla E \rVert \;\le\; D_u E \;\le\; \lVert \nabla E \rVert",
)
def steepest(rng):
    E, w, gradient = random_landscape(rng)
    length = np.linalg.norm(gradient)
    for u in rng.normal(size=(50, w.size)):
        assert -length <= directional(E, w, u / np.linalg.norm(u)) <= length
    for sign in (1, -1):  # both ends are reached, along the gradient and against it
        assert_same(sign * length, directional(E, w, sign * gradient / length))


# ---- the chain rule ----


@checks(
    "eq-ch2-chain",
    r"\frac{dy}{dx} = \frac{dy}{du} \cdot \frac{du}{dx} = f'\bigl(g(x)\bigr)\; g'(x)",
)
def chain(rng):
    a, b, x = rng.normal(size=3)

    # y = f(u) = u³ + b u and u = g(x) = tanh(a x)
    g, g_prime = np.tanh(a * x), a * (1 - np.tanh(a * x) ** 2)
    f_prime = 3 * g**2 + b
    assert_gradient(f_prime * g_prime, lambda x: tanh(a * x) ** 3 + b * tanh(a * x), x)
    value = Value(x)
    u = (a * value).tanh()
    (u**3 + b * u).backward()
    assert_same(f_prime * g_prime, value.grad)
    assert_same(f_prime, u.grad)


@checks(
    "eq-ch2-one-neuron",
    r"\begin{gathered} E = \tfrac12 \bigl(\sigma(w x + b) - t\bigr)^2 \\[4pt]"
    r" \dd{E}{w} = (y - t)\;\sigma'(z)\;x \\[4pt] \dd{E}{b} = (y - t)\;\sigma'(z) \end{gathered}",
)
def one_neuron(rng):
    w, x, b, t = rng.normal(size=4)
    z = w * x + b
    y = 1 / (1 + math.exp(-z))
    slope = y * (1 - y)

    def E(w, b):
        return 0.5 * (sigmoid(np.array(z) if isinstance(z := w * x + b, float) else z) - t) ** 2

    assert_gradient((y - t) * slope * x, lambda w: E(w, b), w)
    assert_gradient((y - t) * slope, lambda b: E(w, b), b)
    w_value, b_value = Value(w), Value(b)
    (0.5 * ((w_value * x + b_value).sigmoid() - t) ** 2).backward()
    assert_same([(y - t) * slope * x, (y - t) * slope], [w_value.grad, b_value.grad])


@checks(
    "eq-ch2-example",
    r"\begin{gathered} u = 3x, \qquad v = x^2, \qquad E = u\,v \\[4pt] \frac{dE}{dx} = 9x^2 \end{gathered}",
)
def example(rng):
    x = rng.normal()
    assert_gradient(9 * x**2, lambda x: (3 * x) * x**2, x)
    value = Value(x)
    ((3 * value) * value**2).backward()
    assert_same(9 * x**2, value.grad)


@checks(
    "eq-ch2-total",
    r"\frac{dE}{dx} = \dd{E}{u} \cdot \frac{du}{dx} + \dd{E}{v} \cdot \frac{dv}{dx}",
)
def total(rng):
    a, b, x = rng.normal(size=3)

    def E(x):
        v = tanh(b * x)
        u = a * x**2
        return u * v + v**2

    u, du = a * x**2, 2 * a * x
    v, dv = np.tanh(b * x), b * (1 - np.tanh(b * x) ** 2)
    assert_gradient(v * du + (u + 2 * v) * dv, E, x)


def random_graph(rng):
    """A function whose graph is random and without cycles, and that of its arrows at an x.

    The function returns all its numbers in order; each is made of two before it.
    An arrow is (from, to, local derivative).
    """
    makers = [
        (int(k), *(int(p) for p in rng.integers(n, size=2))) for n, k in enumerate(rng.integers(3, size=8), 1)
    ]

    def function(x):
        numbers = [x]
        for kind, p, q in makers:
            a, b = numbers[p], numbers[q]
            numbers.append((a + b * 0.7, a * b, tanh(0.5 * a) - b)[kind])
        return numbers

    def arrows(x):
        numbers = function(float(x))
        for target, (kind, p, q) in enumerate(makers, 1):
            a, b = numbers[p], numbers[q]
            rates = ((1.0, 0.7), (b, a), (0.5 * (1 - np.tanh(0.5 * a) ** 2), -1.0))[kind]
            yield from ((p, target, rates[0]), (q, target, rates[1]))

    return function, arrows


@checks(
    "eq-ch2-paths",
    r"\dd{E}{x} = \sum_{\text{paths } x \to E} \;\; \prod_{\text{arrows } p \to q} \dd{q}{p}",
)
def paths(rng):
    function, arrows_at = random_graph(rng)
    x = rng.normal()
    arrows = list(arrows_at(x))
    end = max(target for _, target, _ in arrows)

    def over_paths(start):
        if start == end:
            return 1.0
        return sum(rate * over_paths(target) for source, target, rate in arrows if source == start)

    assert_gradient(over_paths(0), lambda x: function(x)[-1] + 0 * x, x)
    value = Value(x)
    (function(value)[-1] + 0 * value).backward()
    assert_same(over_paths(0), value.grad)


@checks(
    "eq-ch2-node",
    r"\dd{E}{p} = \sum_{q \text{ uses } p} \dd{E}{q} \cdot \dd{q}{p}",
)
def box_by_box(rng):
    function, arrows_at = random_graph(rng)
    x = rng.normal()
    arrows = list(arrows_at(x))
    values = function(Value(x))
    values[-1].backward()
    tensors = function(torch.tensor(x, dtype=torch.float64, requires_grad=True))
    for p in range(len(values) - 1):
        uses = sum(values[q].grad * rate for source, q, rate in arrows if source == p)
        (by_torch,) = torch.autograd.grad(tensors[-1], tensors[p], retain_graph=True, allow_unused=True)
        assert_same(uses, values[p].grad, 0.0 if by_torch is None else by_torch.item())
    gradient = sum(values[q].grad * rate for source, q, rate in arrows if source == 0)
    assert_gradient(gradient, lambda x: function(x)[-1] + 0 * x, x)


# ---- differences ----


def smooth_function(rng):
    """A smooth function and its first three derivatives at a place, by PyTorch."""
    a, b, at = rng.uniform(0.5, 1.5, size=3)

    def f(x):
        exp, sin = (np.exp, np.sin) if not isinstance(x, torch.Tensor) else (torch.exp, torch.sin)
        return exp(a * x) + sin(b * x)

    x = torch.tensor(at, requires_grad=True)
    derivatives, current = [], f(x)
    for _ in range(3):
        (current,) = torch.autograd.grad(current, x, create_graph=True)
        derivatives.append(current.item())
    return f, at, derivatives


@checks(
    "eq-ch2-forward",
    r"\begin{gathered} \frac{f(x + h) - f(x)}{h} \\[4pt]"
    r" \approx f'(x) + \frac{h}{2}\,f''(x) \end{gathered}",
)
def forward(rng):
    f, x, (slope, second, _) = smooth_function(rng)

    def off(h):
        return (f(x + h) - f(x)) / h - slope

    assert off(1e-4) == pytest.approx(1e-4 / 2 * second, rel=1e-2)
    assert off(2e-4) / off(1e-4) == pytest.approx(2, rel=1e-2)


@checks(
    "eq-ch2-central",
    r"\begin{gathered} \frac{f(x + h) - f(x - h)}{2h} \\[4pt]"
    r" \approx f'(x) + \frac{h^2}{6}\,f'''(x) \end{gathered}",
)
def central(rng):
    f, x, (slope, _, third) = smooth_function(rng)

    def off(h):
        return (f(x + h) - f(x - h)) / (2 * h) - slope

    assert off(1e-3) == pytest.approx(1e-3**2 / 6 * third, rel=2e-2)
    assert off(2e-3) / off(1e-3) == pytest.approx(4, rel=2e-2)


def assert_best(bound, best, difference, power):
    """The bound is least at `best`; real differences keep to it, and its minimum goes as a power of eps."""
    for factor in (0.5, 0.9, 1.1, 2):
        assert bound(best(1e-9), 1e-9) < bound(factor * best(1e-9), 1e-9)
    ratio = bound(best(1e-6), 1e-6) / bound(best(1e-12), 1e-12)
    np.testing.assert_allclose(ratio, 1e6**power, rtol=1e-9)
    typical = []
    for dtype in (np.float32, np.float64):
        eps = float(np.finfo(dtype).eps)
        h = dtype(2.0 ** round(math.log2(best(eps))))  # a power of two, so that x + h is exact
        errors = [abs(difference(dtype, h, 1 + k / 64)) for k in range(64)]
        assert max(errors) < 1.5 * bound(float(h), eps)
        typical.append(np.sqrt(np.mean(np.square(errors))))
    expected = (np.finfo(np.float32).eps / np.finfo(np.float64).eps) ** power
    assert expected / 4 < typical[0] / typical[1] < 4 * expected


def slope_error(central, dtype, h, x):
    """The relative error of a difference of exp, all of whose derivatives are equal."""
    x = dtype(x)
    behind, width = (x - h, 2 * h) if central else (x, h)
    slope = (np.exp(x + h) - np.exp(behind)) / width
    return (float(slope) - math.exp(x)) / math.exp(x)


@checks(
    "eq-ch2-forward-best",
    r"\begin{gathered} \text{error} \le \frac{h}{2}\,|f''| + \frac{2\,\varepsilon\,|f|}{h} \\[4pt]"
    r" h_{\text{best}} = 2 \sqrt{\frac{\varepsilon\,|f|}{|f''|}} \end{gathered}",
)
def forward_best(rng):
    f, second = rng.uniform(0.1, 10, size=2)

    def bound(h, eps, f=f, second=second):
        return h / 2 * second + 2 * eps * f / h

    def best(eps, f=f, second=second):
        return 2 * math.sqrt(eps * f / second)

    assert_gradient(0.0, lambda h: bound(h, 1e-2), best(1e-2))
    ones = dict(f=1, second=1)
    assert_best(partial(bound, **ones), partial(best, **ones), partial(slope_error, False), 1 / 2)


@checks(
    "eq-ch2-central-best",
    r"\begin{gathered} \text{error} \le \frac{h^2}{6}\,|f'''| + \frac{\varepsilon\,|f|}{h} \\[4pt]"
    r" h_{\text{best}} = \sqrt[3]{\frac{3\,\varepsilon\,|f|}{|f'''|}} \end{gathered}",
)
def central_best(rng):
    f, third = rng.uniform(0.1, 10, size=2)

    def bound(h, eps, f=f, third=third):
        return h**2 / 6 * third + eps * f / h

    def best(eps, f=f, third=third):
        return (3 * eps * f / third) ** (1 / 3)

    assert_gradient(0.0, lambda h: bound(h, 1e-2), best(1e-2))
    ones = dict(f=1, third=1)
    assert_best(partial(bound, **ones), partial(best, **ones), partial(slope_error, True), 2 / 3)
