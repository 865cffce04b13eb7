"""Checks of the formulas of the chapter on the scalar engine."""

import micrograd.engine
import numpy as np
import torch

from backprop_lib import scalar
from tests.book.formulas import assert_gradient, assert_same, checks


def random_graph(rng, leaves=3, steps=8):
    """A function of some numbers that gives all its values, and its steps (sign, i, j) on earlier ones."""
    plan = [(rng.choice(["+", "*"]), *rng.integers(0, leaves + k, size=2)) for k in range(steps)]
    plan.append(("+", leaves + steps - 1, 0))

    def values(inputs):
        found = list(inputs)
        for sign, i, j in plan:
            found.append(found[i] + found[j] if sign == "+" else found[i] * found[j])
        return found

    return values, plan


def uses(plan, data, leaves):
    """For each value the (user, slope) of each of its uses."""
    found = [[] for _ in data]
    for k, (sign, i, j) in enumerate(plan, leaves):
        found[i].append((k, 1.0 if sign == "+" else data[j]))
        found[j].append((k, 1.0 if sign == "+" else data[i]))
    return found


@checks(
    "eq-ch6-local",
    r"\begin{gathered} \dd{(u + v)}{u} = 1, \qquad \dd{(u + v)}{v} = 1 \\[4pt]"
    r" \dd{(u v)}{u} = v, \qquad \dd{(u v)}{v} = u \end{gathered}",
)
def local_derivatives(rng):
    u, v = rng.normal(size=2)
    assert_gradient([1, 1], lambda p: p[0] + p[1], [u, v])
    assert_gradient([v, u], lambda p: p[0] * p[1], [u, v])
    a, b = scalar.Value(u), scalar.Value(v)
    assert_same([v, u], [(a * b)._da, (a * b)._db])
    assert_same([1, 1], [(a + b)._da, (a + b)._db])


@checks(
    "eq-ch6-paths",
    r"\dd{E}{v} = \sum_{\text{paths } v \to E}\ \prod_{\text{steps on the path}} \text{slope}",
)
def sum_over_paths(rng):
    at = rng.uniform(-1, 1, size=3)
    values, plan = random_graph(rng)
    data = values(at)
    used = uses(plan, data, 3)

    def paths(v):
        """The list of slopes along each path from value v to the end."""
        if v == len(data) - 1:
            return [[]]
        return [[slope, *rest] for user, slope in used[v] for rest in paths(user)]

    claimed = [sum((np.prod(path) for path in paths(v)), 0.0) for v in range(3)]
    assert_gradient(claimed, lambda p: values(p)[-1], at)
    leaves = [scalar.Value(v) for v in at]
    values(leaves)[-1].backward()
    assert_same(claimed, [leaf.grad for leaf in leaves])


@checks("eq-ch6-uses", r"\bar v_i = \sum_{j\,:\ v_j \text{ uses } v_i} \bar v_j \,\dd{v_j}{v_i}")
def sum_over_uses(rng):
    at = rng.uniform(-1, 1, size=3)
    values, plan = random_graph(rng, steps=20)
    data = values(at)
    used = uses(plan, data, 3)
    grads = [0.0] * len(data)
    grads[-1] = 1.0
    for i in reversed(range(len(data) - 1)):
        grads[i] = sum((grads[j] * slope for j, slope in used[i]), 0.0)
    assert_gradient(grads[:3], lambda p: values(p)[-1], at)
    every = values([torch.tensor(v, requires_grad=True) for v in at])
    for value in every:
        value.retain_grad()
    every[-1].backward()
    assert_same(grads, [0.0 if value.grad is None else value.grad.item() for value in every])


@checks(
    "eq-ch6-example",
    r"\begin{gathered} E = r + r^2 \\[4pt] \dd{E}{r} = 1 + 2r = \dd{E}{m} \\[4pt]"
    r" \dd{E}{w} = (1 + 2r)\,x \\[4pt] \dd{E}{x} = (1 + 2r)\,w \end{gathered}",
)
def example(rng):
    w, x, m = at = rng.normal(size=3)
    r = w * x + m
    assert_gradient(1 + 2 * r, lambda r: r + r**2, r)

    def E(p):
        r = p[0] * p[1] + p[2]
        return r + r * r

    assert_gradient([(1 + 2 * r) * x, (1 + 2 * r) * w, 1 + 2 * r], E, at)


@checks("eq-ch6-not-zeroed", r"w_{k+1} = w_k - \alpha \sum_{i=0}^{k} g(w_i)")
def gradients_that_are_not_zeroed(rng):
    start, alpha = rng.normal(), rng.uniform(0.01, 0.1)
    visited = [start]
    for _ in range(6):
        visited.append(visited[-1] - alpha * sum(2 * np.sin(w) * np.cos(w) for w in visited))
    w = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=alpha)
    for claimed in visited[1:]:
        (w.sin() ** 2).backward()  # without zero_grad()
        optimizer.step()
        assert_same(claimed, w.item())

    def squared_sine(w):
        return (np.sin(w) if isinstance(w, np.ndarray) else w.sin()) ** 2

    assert_gradient(2 * np.sin(start) * np.cos(start), squared_sine, start)


@checks("eq-ch6-second", r"\bar v_{\text{leaf}} = g + k\,g = (k + 1)\,g")
def second_call(rng):
    k = int(rng.integers(1, 7))
    factors = rng.uniform(0.5, 2, size=k)

    def chain(value):
        for factor in factors:
            value = value * factor
        return value

    g = np.prod(factors)
    assert_gradient(g, chain, 1.0)
    leaf = micrograd.engine.Value(1.0)
    end = chain(leaf)
    end.backward()
    assert_same(g, leaf.grad)
    end.backward()
    np.testing.assert_allclose(leaf.grad, (k + 1) * g, rtol=1e-12)
    np.testing.assert_allclose(g + k * g, (k + 1) * g, rtol=1e-12)
    ours = scalar.Value(1.0)
    end = chain(ours)
    end.backward()
    end.backward()
    np.testing.assert_allclose(ours.grad, 2 * g, rtol=1e-12)


@checks(
    "eq-ch6-relu",
    r"\begin{gathered} \operatorname{relu}(z) = \max(0, z) \\[4pt]"
    r" \operatorname{relu}'(z) = \begin{cases} 1 & z > 0 \\ 0 & z \le 0 \end{cases} \end{gathered}",
)
def rectifier(rng):
    z = rng.normal(size=5)
    values = [scalar.Value(v) for v in z]
    assert_same(np.maximum(0, z), [v.relu().data for v in values])
    assert_gradient(
        np.where(z > 0, 1.0, 0.0), lambda z: np.maximum(0, z) if isinstance(z, np.ndarray) else z.relu(), z
    )
    zero, at_zero = scalar.Value(0.0), torch.tensor(0.0, requires_grad=True)
    zero.relu().backward()
    at_zero.relu().backward()
    assert zero.grad == at_zero.grad.item() == 0


@checks(
    "eq-ch6-sigmoid",
    r"\begin{gathered} q = e^{-|z|}, \qquad \sigma'(z) = \frac{q}{(1 + q)^2} \\[4pt]"
    r" \sigma(z) = \begin{cases} 1 / (1 + q) & z \ge 0 \\ q / (1 + q) & z < 0 \end{cases} \end{gathered}",
)
def stable_sigmoid(rng):
    z = np.append(3 * rng.normal(size=5), 0.0)
    q = np.exp(-np.abs(z))
    sigma = np.where(z >= 0, 1 / (1 + q), q / (1 + q))
    assert_same(sigma, torch.tensor(z).sigmoid(), [scalar.Value(v).sigmoid().data for v in z])
    assert_gradient(
        q / (1 + q) ** 2, lambda z: 1 / (1 + np.exp(-z)) if isinstance(z, np.ndarray) else z.sigmoid(), z
    )


@checks(
    "eq-ch6-hinge",
    r"\begin{gathered} E = \frac1N \sum_{n=1}^{N} \max(0,\ 1 - t_n s_n) \\[4pt]"
    r" \dd{E}{s_n} = \begin{cases} -t_n / N & t_n s_n < 1 \\ 0 & \text{otherwise} \end{cases}"
    r" \end{gathered}",
)
def hinge(rng):
    N = int(rng.integers(2, 8))
    s, t = 2 * rng.normal(size=N), rng.choice([-1.0, 1.0], size=N)

    def E(s):
        if isinstance(s, np.ndarray):
            return 1 / N * np.sum(np.maximum(0, 1 - t * s))
        terms = [(1 - float(t[n]) * s[n]).relu() for n in range(N)]
        return sum(terms) / N

    assert_gradient(np.where(t * s < 1, -t / N, 0.0), E, s)
