"""Checks of the optimisers, schedules and regularisers, on random arrays, against both libraries."""

import math

import numpy as np
import torch

import backprop_lib as bp
from backprop_lib.gradcheck import numerical_gradient
from tests.book.formulas import assert_gradient, assert_same, checks

LIBRARIES = bp, torch


def error(w):
    """Some function of an array with a gradient that changes from step to step."""
    return (w * w * w).sum() / 3 + (0.5 * w * w).sum()


def error_gradient(w):
    """Its gradient by differences; the libraries find theirs by themselves."""
    return numerical_gradient(error, w, eps=1e-5)


def steps_of(lib, optimizer, w, count=4, **options):
    """The parameter after each of some steps of a library's optimiser on `error`."""
    leaf = lib.tensor(w, requires_grad=True)
    opt = getattr(lib.optim, optimizer)([leaf], **options)
    found = []
    for _ in range(count):
        opt.zero_grad()
        error(leaf).backward()
        opt.step()
        found.append(leaf.detach().numpy().copy())
    return found


def assert_steps(claimed, optimizer, w, **options):
    for lib in LIBRARIES:
        np.testing.assert_allclose(claimed, steps_of(lib, optimizer, w, len(claimed), **options), rtol=1e-6)


@checks(
    "eq-ch13-bowl",
    r"\begin{gathered} E(w) = \tfrac12 \sum_i \lambda_i\, w_i^2 \\[4pt]"
    r" w_i - \alpha\,\dd{E}{w_i} = (1 - \alpha \lambda_i)\, w_i \end{gathered}",
)
def bowl(rng):
    w, curvature, alpha = rng.normal(size=5), rng.uniform(0.1, 5, size=5), rng.uniform(0.01, 1)

    def E(w):
        curvatures = curvature if isinstance(w, np.ndarray) else lib_of(w).tensor(curvature)
        return (0.5 * curvatures * w**2).sum()

    assert_gradient((w - (1 - alpha * curvature) * w) / alpha, E, w)
    for lib in LIBRARIES:
        leaf = lib.tensor(w, requires_grad=True)
        E(leaf).backward()
        lib.optim.SGD([leaf], lr=alpha).step()
        assert_same((1 - alpha * curvature) * w, leaf.detach())
    # More than 2 / curvature diverges, less does not.
    assert abs(1 - 2.1) > 1 > abs(1 - 1.9)


def lib_of(tensor):
    return torch if isinstance(tensor, torch.Tensor) else bp


@checks("eq-ch13-momentum", r"v \leftarrow \beta v + \dd{E}{w}, \qquad w \leftarrow w - \alpha v")
def momentum(rng):
    start, alpha, beta = rng.normal(size=(2, 3)), 0.02, rng.uniform(0.5, 0.95)
    w, v, claimed = start, np.zeros_like(start), []
    for _ in range(4):
        v = beta * v + error_gradient(w)
        w = w - alpha * v
        claimed.append(w)
    assert_steps(claimed, "SGD", start, lr=alpha, momentum=beta)


@checks(
    "eq-ch13-velocity",
    r"g + \beta g + \beta^2 g + \dots = \frac{g}{1 - \beta} .",
)
def velocity(rng):
    g, beta = rng.normal(size=3), rng.uniform(0.5, 0.95)
    assert_same(g / (1 - beta), sum(beta**k * g for k in range(2000)))
    for lib in LIBRARIES:
        leaf = lib.tensor(np.zeros(3), requires_grad=True)
        opt = lib.optim.SGD([leaf], lr=1.0, momentum=beta)
        for _ in range(1000):
            before = leaf.detach().numpy().copy()
            opt.zero_grad()
            (lib.tensor(g) * leaf).sum().backward()
            opt.step()
        np.testing.assert_allclose(before - leaf.detach().numpy(), g / (1 - beta), rtol=1e-9)


@checks(
    "eq-ch13-adam",
    r"\begin{gathered} m \leftarrow \beta_1 m + (1 - \beta_1)\, g \\[2pt]"
    r" s \leftarrow \beta_2 s + (1 - \beta_2)\, g \odot g \\[2pt]"
    r" \hat m = \frac{m}{1 - \beta_1^k}, \qquad \hat s = \frac{s}{1 - \beta_2^k} \\[2pt]"
    r" w \leftarrow w - \alpha\,\frac{\hat m}{\sqrt{\hat s} + \varepsilon} \end{gathered}",
)
def adam(rng):
    start, alpha, eps = rng.normal(size=(2, 3)), rng.uniform(0.01, 0.1), 1e-8
    beta1, beta2 = rng.uniform(0.5, 0.99, size=2)
    w, m, s, claimed = start, np.zeros_like(start), np.zeros_like(start), []
    for k in range(1, 6):
        g = error_gradient(w)
        m = beta1 * m + (1 - beta1) * g
        s = beta2 * s + (1 - beta2) * g * g
        m_hat, s_hat = m / (1 - beta1**k), s / (1 - beta2**k)
        w = w - alpha * m_hat / (np.sqrt(s_hat) + eps)
        claimed.append(w)
    assert_steps(claimed, "Adam", start, lr=alpha, betas=(beta1, beta2), eps=eps)


@checks(
    "eq-ch13-cosine",
    r"\alpha_k = \tfrac12\,\alpha_0 \Bigl(1 + \cos\frac{\pi k}{K}\Bigr)",
)
def cosine(rng):
    start, K = rng.uniform(0.01, 1), int(rng.integers(2, 20))
    claimed = [0.5 * start * (1 + math.cos(math.pi * k / K)) for k in range(K + 1)]
    for lib in LIBRARIES:
        opt = lib.optim.SGD([lib.tensor([0.0], requires_grad=True)], lr=start)
        schedule = lib.optim.lr_scheduler.CosineAnnealingLR(opt, K)
        found = [opt.param_groups[0]["lr"]]
        for _ in range(K):
            opt.step()
            schedule.step()
            found.append(opt.param_groups[0]["lr"])
        np.testing.assert_allclose(claimed, found, rtol=1e-9, atol=1e-12)


@checks(
    "eq-ch13-l2",
    r"\begin{gathered} E_\lambda = E + \frac{\lambda}{2} \lVert w \rVert^2 \\[4pt]"
    r" \dd{E_\lambda}{w} = \dd{E}{w} + \lambda w \end{gathered}",
)
def l2(rng):
    w, decay = rng.normal(size=(2, 3)), rng.uniform(0.01, 1)
    leaf = torch.tensor(w, requires_grad=True)
    error(leaf).backward()
    assert_gradient(leaf.grad.numpy() + decay * w, lambda w: error(w) + decay / 2 * (w**2).sum(), w)


@checks(
    "eq-ch13-decay",
    r"\begin{gathered} w - \alpha \Bigl(\dd{E}{w} + \lambda w\Bigr) \\[4pt]"
    r" = (1 - \alpha\lambda)\,w - \alpha\,\dd{E}{w} \end{gathered}",
)
def decay(rng):
    start, alpha, strength = rng.normal(size=(2, 3)), 0.05, rng.uniform(0.01, 1)
    w, claimed = start, []
    for _ in range(3):
        g = error_gradient(w)
        assert_same(w - alpha * (g + strength * w), (1 - alpha * strength) * w - alpha * g)
        w = (1 - alpha * strength) * w - alpha * g
        claimed.append(w)
    assert_steps(claimed, "SGD", start, lr=alpha, weight_decay=strength)
    # For Adam the two differ: AdamW is Adam after a shrinking by 1 - alpha * strength, and L2 is not.
    for lib in LIBRARIES:
        (with_w,) = steps_of(lib, "AdamW", start, 1, lr=alpha, weight_decay=strength)
        (without,) = steps_of(lib, "Adam", start, 1, lr=alpha)
        (with_l2,) = steps_of(lib, "Adam", start, 1, lr=alpha, weight_decay=strength)
        np.testing.assert_allclose(with_w, without - alpha * strength * start, rtol=1e-9)
        assert np.abs(with_l2 - with_w).max() > 1e-4


@checks(
    "eq-ch13-dropout",
    r"\begin{gathered} \tilde a = \frac{1}{1 - p}\; r \odot a \\[4pt]"
    r" \dd{E}{a} = \frac{1}{1 - p}\; r \odot \dd{E}{\tilde a} \\[4pt]"
    r" \text{shapes: } (50, 64) = \\ (50, 64) \odot (50, 64) \end{gathered}",
)
def dropout(rng):
    a, p = rng.normal(size=(50, 64)), rng.uniform(0.1, 0.9)
    for lib in LIBRARIES:
        lib.manual_seed(int(rng.integers(1000)))
        leaf = lib.tensor(a, requires_grad=True)
        out = lib.nn.Dropout(p)(leaf)
        r = (out.detach().numpy() != 0).astype(float)
        assert abs(r.mean() - (1 - p)) < 0.05
        assert_same(1 / (1 - p) * r * a, out.detach())
        error(out).backward()
        tilde = 1 / (1 - p) * r * a
        after = np.asarray(tilde**2 + tilde)  # the gradient of `error` at the layer's output
        assert_same(1 / (1 - p) * r * after, leaf.grad)

        def masked(a, lib=lib, r=r):
            mask = r if isinstance(a, np.ndarray) else lib_of(a).tensor(r)
            return error(1 / (1 - p) * mask * a)

        assert_gradient((1 / (1 - p) * r * after)[:3, :4], lambda a, r=r: masked(a, r=r[:3, :4]), a[:3, :4])
    many = np.mean([(rng.random(a.shape) >= p) / (1 - p) for _ in range(4000)], axis=0)
    assert abs(many.mean() - 1) < 0.01  # the factor keeps the mean
    return [a.shape] * 3


@checks("eq-ch13-initial", r"E = -\log \frac1C = \log C .")
def initial(rng):
    C = int(rng.integers(2, 20))
    logits, labels = np.full((5, C), rng.normal()), rng.integers(C, size=5)
    assert_same(-math.log(1 / C), math.log(C))
    for lib in LIBRARIES:
        assert_same(math.log(C), lib.nn.CrossEntropyLoss()(lib.tensor(logits), lib.tensor(labels)))


@checks(
    "eq-ch13-twice",
    r"\begin{gathered} E \ge -\log \frac{e}{e + (C - 1)} \\[4pt]"
    r" = \log\Bigl(1 + \frac{C - 1}{e}\Bigr) , \end{gathered}",
)
def twice(rng):
    C = int(rng.integers(2, 20))
    floor = -math.log(math.e / (math.e + (C - 1)))
    assert_same(floor, math.log(1 + (C - 1) / math.e))
    labels = rng.integers(C, size=5)
    for lib in LIBRARIES:
        loss = lib.nn.CrossEntropyLoss()
        for scale in (0.1, 1, 10):
            logits = lib.tensor(scale * rng.normal(size=(5, C)))
            assert loss(logits.softmax(1), lib.tensor(labels)).item() >= floor
        perfect = lib.tensor(1000 * np.eye(C)[labels])
        assert_same(floor, loss(perfect.softmax(1), lib.tensor(labels)))
