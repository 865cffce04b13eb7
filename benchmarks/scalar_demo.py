"""One training step of micrograd's demo, in micrograd and in backprop_lib.scalar."""

import random
from functools import partial

import micrograd.engine
import micrograd.nn
import numpy as np

from backprop_lib import scalar, scalar_nn
from benchmarks.measure import Claim, agree, seconds


def moons(count, noise=0.1, seed=1):
    """Two interleaved half circles: points (count, 2) and labels +-1."""
    rng = np.random.default_rng(seed)
    angle = np.linspace(0, np.pi, count // 2)
    upper = np.column_stack([np.cos(angle), np.sin(angle)])
    points = np.concatenate([upper, [1, 0.5] - upper]) + rng.normal(0, noise, (count, 2))
    return points, np.repeat([-1, 1], count // 2)


def plain_dot(ws, xs):
    return sum(w * x for w, x in zip(ws, xs, strict=True))


def demo(value, new_model, total=sum, dot=plain_dot, count=100):
    """A function that does one step and returns the loss and the size of its gradient."""
    random.seed(1337)
    model = new_model(2, [16, 16, 1])
    points, labels = moons(count)
    points, labels = points.tolist(), labels.tolist()

    def step():
        inputs = [list(map(value, point)) for point in points]
        scores = list(map(model, inputs))
        losses = [(1 + -label * score).relu() for label, score in zip(labels, scores, strict=True)]
        loss = total(losses) * (1.0 / len(losses)) + 1e-4 * dot(model.parameters(), model.parameters())
        model.zero_grad()
        loss.backward()
        return loss.data, sum(abs(p.grad) for p in model.parameters())

    return step


def speedup(repeat, ours, collecting=True):
    theirs = demo(micrograd.engine.Value, micrograd.nn.MLP)
    agree(ours(), theirs(), 1e-9)
    return [seconds(theirs, collecting) / seconds(ours, collecting) for _ in range(repeat)]


def plain():
    return demo(scalar.Value, scalar_nn.MLP)


def fused():
    return demo(scalar.Value, partial(scalar_nn.MLP, fused=True), scalar.total, scalar.dot)


CLAIMS = {
    "scalar_default_gc": Claim(
        "times faster than micrograd on its demo (2-16-16-1, 100 points), collector on",
        goal=10,
        at_least=True,
        measure=lambda repeat: speedup(repeat, plain()),
    ),
    "scalar_no_gc": Claim(
        "times faster than micrograd on its demo, garbage collector off",
        goal=2,
        at_least=True,
        measure=lambda repeat: speedup(repeat, plain(), collecting=False),
    ),
    "scalar_dot": Claim(
        "times faster than micrograd on its demo, collector on, each w . x and each sum one node",
        goal=40,
        at_least=True,
        measure=lambda repeat: speedup(repeat, fused()),
    ),
}
