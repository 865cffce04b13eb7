"""Small convolutional networks, on images of 8x8 and of 28x28, in batches of 64."""

import numpy as np

from benchmarks.mlp import cross_entropy, sgd
from benchmarks.training import at_most, backward_over_forward, cheap_gradient, over_pytorch

RNG = np.random.default_rng(0)
TARGETS = RNG.integers(10, size=64)


def network(side):
    """Two convolutions with ReLU and pooling, then a linear layer, for square images."""

    def make(lib):
        nn = lib.nn
        return nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(16 * (side // 4) ** 2, 10),
        )

    return make


def claims(side, goal):
    inputs = RNG.standard_normal((64, 1, side, side), np.float32)
    what = f"the CNN on {side}x{side} images, batch 64"
    step = over_pytorch(network(side), sgd, cross_entropy, inputs, TARGETS)
    backward = backward_over_forward(network(side), cross_entropy, inputs, TARGETS)
    return {f"cnn{side}": at_most(goal, what, step), f"cnn{side}_backward": cheap_gradient(what, backward)}


CLAIMS = claims(8, 0.8) | claims(28, 1.2)
