"""The multi-layer perceptron 784-256-128-10 on a batch of 128, with gradient descent and with Adam."""

import numpy as np

from benchmarks.training import (
    at_least,
    at_most,
    backward_over_forward,
    cheap_gradient,
    over_pytorch,
    times_hips,
)

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


def hips(repeat):
    import autograd.numpy as anp

    import backprop_lib as bp

    def predict(arrays, x):
        for i in range(0, len(arrays), 2):
            x = anp.dot(x, arrays[i].T) + arrays[i + 1]
            x = anp.maximum(x, 0) if i < len(arrays) - 2 else x
        return x

    def loss(logits, labels):
        top = anp.max(logits, axis=1, keepdims=True)
        log_sum = anp.log(anp.sum(anp.exp(logits - top), axis=1)) + top[:, 0]
        return anp.mean(log_sum - logits[anp.arange(len(labels)), labels])

    losses = {"ours": bp.nn.CrossEntropyLoss(), "hips": loss}
    arrays = lambda model: [p.array for p in model.parameters()]  # noqa: E731
    return times_hips(network, arrays, predict, losses, INPUTS, TARGETS, 0.01)(repeat)


CLAIMS = {
    "mlp_sgd": at_most(0.8, WHAT + "SGD", over_pytorch(network, sgd, cross_entropy, INPUTS, TARGETS)),
    "mlp_adam": at_most(0.8, WHAT + "Adam", over_pytorch(network, adam, cross_entropy, INPUTS, TARGETS)),
    "mlp_backward": cheap_gradient(WHAT, backward_over_forward(network, cross_entropy, INPUTS, TARGETS)),
    "mlp_sgd_hips": at_least(2, WHAT + "SGD", hips),
}
