"""The multi-layer perceptron 784-256-128-10 on a batch of 128, with gradient descent and with Adam."""

import numpy as np

import backprop_lib as bp
from benchmarks import hips
from benchmarks.training import at_most, backward_over_forward, cheap_gradient, over_pytorch

SIZES = (784, 256, 128, 10)
RNG = np.random.default_rng(0)
INPUTS = RNG.standard_normal((128, SIZES[0]), np.float32)
TARGETS = RNG.integers(SIZES[-1], size=128)
WHAT = "the MLP 784-256-128-10, batch 128, "


def network(lib):
    nn = lib.nn
    return nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))


def cross_entropy(lib):
    return lib.nn.CrossEntropyLoss()


def sgd(lib, parameters):
    return lib.optim.SGD(parameters, lr=0.01)


def adam(lib, parameters):
    return lib.optim.Adam(parameters, lr=0.001)


def predict(arrays, x):
    """The network written for HIPS autograd."""
    import autograd.numpy as anp

    for i in range(0, 4, 2):
        x = anp.maximum(hips.affine(arrays[i : i + 2], x), 0)
    return hips.affine(arrays[4:], x)


def over_hips(optimizer, rate):
    losses = cross_entropy(bp), hips.cross_entropy
    return hips.times_hips(network, predict, losses, INPUTS, TARGETS, rate, optimizer)


CLAIMS = {
    "mlp_sgd": at_most(0.8, WHAT + "SGD", over_pytorch(network, sgd, cross_entropy, INPUTS, TARGETS)),
    "mlp_adam": at_most(0.8, WHAT + "Adam", over_pytorch(network, adam, cross_entropy, INPUTS, TARGETS)),
    "mlp_backward": cheap_gradient(WHAT, backward_over_forward(network, cross_entropy, INPUTS, TARGETS)),
    "mlp_sgd_hips": hips.at_least(2, WHAT + "SGD", over_hips("SGD", 0.01)),
    "mlp_adam_hips": hips.at_least(2, WHAT + "Adam", over_hips("Adam", 0.001)),
}
