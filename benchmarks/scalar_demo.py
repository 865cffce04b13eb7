"""One training step of micrograd's demo, in micrograd and in backprop_lib.scalar."""

import random

import micrograd.engine
import micrograd.nn
import numpy as np

from backprop_lib import scalar, scalar_nn
from benchmarks.measure import Claim, agree, ratios


def moons(count, noise=0.1, seed=1):
    """Two interleaved half circles: points (count, 2) and labels +-1."""
    rng = np.random.default_rng(seed)
    angle = np.linspace(0, np.pi, count // 2)
    upper = np.column_stack([np.cos(angle), np.sin(angle)])
    points = np.concatenate([upper, [1, 0.5] - upper]) + rng.normal(0, noise, (count, 2))
    return points, np.repeat([-1, 1], count // 2)


def demo(value, nn, count=100):
    """A function that does one step and returns the loss and the size of its gradient."""
    random.seed(1337)
    model = nn.MLP(2, [16, 16, 1])
    points, labels = moons(count)
    points, labels = points.tolist(), labels.tolist()

    def step():
        inputs = [list(map(value, point)) for point in points]
        scores = list(map(model, inputs))
        losses = [(1 + -label * score).relu() for label, score in zip(labels, scores, strict=True)]
        loss = sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in model.parameters())
        model.zero_grad()
        loss.backward()
        return loss.data, sum(abs(p.grad) for p in model.parameters())

    return step


def speedup(repeat, collecting):
    theirs, ours = demo(micrograd.engine.Value, micrograd.nn), demo(scalar.Value, scalar_nn)
    agree(ours(), theirs(), 1e-9)
    return ratios(theirs, ours, repeat, collecting)


CLAIMS = {
    "scalar_default_gc": Claim(
        "times faster than micrograd on its demo (2-16-16-1, 100 points), collector on",
        goal=5,
        at_least=True,
        measure=lambda repeat: speedup(repeat, collecting=True),
        repeat=5,
    ),
    "scalar_no_gc": Claim(
        "times faster than micrograd on its demo, garbage collector off",
        goal=1.5,
        at_least=True,
        measure=lambda repeat: speedup(repeat, collecting=False),
    ),
}
