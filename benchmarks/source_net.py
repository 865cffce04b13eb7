"""The 2-3-1 sigmoid network of the first chapters: gradient descent in PyTorch and in backprop_lib."""

import numpy as np
import torch

import backprop_lib as bp
from benchmarks.measure import Claim, agree, ratios

STEPS = 100
INPUTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
TARGETS = np.array([[0], [1], [1], [0]], np.float32)


def network(lib):
    return lib.nn.Sequential(lib.nn.Linear(2, 3), lib.nn.Sigmoid(), lib.nn.Linear(3, 1), lib.nn.Sigmoid())


def trainer(lib, model):
    """A function that takes a number of steps (forward, backward, update) and returns their losses."""
    mse, optimizer = lib.nn.MSELoss(), lib.optim.SGD(model.parameters(), lr=0.5)
    x, y = lib.tensor(INPUTS), lib.tensor(TARGETS)

    def train(steps=STEPS):
        losses = []
        for _ in range(steps):
            optimizer.zero_grad()
            loss = mse(model(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss)
        return [loss.item() for loss in losses]

    return train


def measure(repeat):
    torch.set_num_threads(1)
    bp.manual_seed(0)
    ours, theirs = network(bp), network(torch)
    with torch.no_grad():
        for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            other.copy_(torch.tensor(mine.array))
    ours, theirs = trainer(bp, ours), trainer(torch, theirs)
    agree(ours(), theirs(), 1e-5)
    return ratios(ours, theirs, repeat)


CLAIMS = {
    "source_net": Claim(
        "of PyTorch's time for a step of the 2-3-1 sigmoid net: forward, backward, SGD",
        goal=0.2,
        at_least=False,
        measure=measure,
        repeat=31,
    ),
}
