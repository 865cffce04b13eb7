"""The network that the article trains: 2-3-1 with a sigmoid in the hidden layer, one example, SGD."""

import numpy as np

import backprop_lib as bp
from benchmarks import hips
from benchmarks.training import at_most, over_pytorch

INPUTS = np.array([[1, 2]], np.float32)
TARGETS = np.array([[3]], np.float32)
STEPS = 1000  # as many as in the article


def network(lib):
    return lib.nn.Sequential(lib.nn.Linear(2, 3), lib.nn.Sigmoid(), lib.nn.Linear(3, 1))


def sgd(lib, parameters):
    return lib.optim.SGD(parameters, lr=0.1)


def squared_error(lib):
    return lib.nn.MSELoss()


def predict(arrays, x):
    """The network written for HIPS autograd."""
    import autograd.numpy as anp

    return hips.affine(arrays[2:], 1 / (1 + anp.exp(-hips.affine(arrays[:2], x))))


CLAIMS = {
    "source_net": at_most(
        0.2,
        "the article's 2-3-1 network, SGD",
        over_pytorch(network, sgd, squared_error, INPUTS, TARGETS, steps=STEPS, tolerance=1e-5),
        repeat=11,
    ),
    "source_net_hips": hips.at_least(
        2,
        "the article's 2-3-1 network, SGD",
        hips.times_hips(
            network, predict, (squared_error(bp), hips.squared_error), INPUTS, TARGETS, 0.1, steps=STEPS
        ),
    ),
}
