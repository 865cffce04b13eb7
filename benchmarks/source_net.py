"""The network that the article trains: 2-3-1 with a sigmoid in the hidden layer, one example, SGD."""

import numpy as np

from benchmarks.training import at_most, over_pytorch

INPUTS = np.array([[1, 2]], np.float32)
TARGETS = np.array([[3]], np.float32)


def network(lib):
    return lib.nn.Sequential(lib.nn.Linear(2, 3), lib.nn.Sigmoid(), lib.nn.Linear(3, 1))


def sgd(lib, parameters):
    return lib.optim.SGD(parameters, lr=0.1)


def squared_error(lib):
    return lib.nn.MSELoss()


CLAIMS = {
    "source_net": at_most(
        0.2,
        "the article's 2-3-1 network, SGD",
        over_pytorch(network, sgd, squared_error, INPUTS, TARGETS, steps=100, tolerance=1e-5),
        repeat=31,
    ),
}
