"""The same training steps in PyTorch and in backprop_lib, timed side by side."""

from time import perf_counter

import numpy as np
import torch

import backprop_lib as bp
from benchmarks.measure import Claim, agree, ratios

STEPS = 10


def trainer(lib, model, optimizer, loss, inputs, targets):
    """A function that takes training steps (forward, backward, update) and returns their losses."""
    x, y = lib.tensor(inputs), lib.tensor(targets)

    def train(steps=STEPS):
        losses = []
        for _ in range(steps):
            optimizer.zero_grad()
            value = loss(model(x), y)
            value.backward()
            optimizer.step()
            losses.append(value)
        return [value.item() for value in losses]

    return train


def copy_weights(ours, theirs):
    """Give the PyTorch module our weights."""
    state = {name: torch.tensor(np.array(value.detach())) for name, value in ours.state_dict().items()}
    theirs.load_state_dict(state)


def over_pytorch(network, optimizer, loss, inputs, targets, steps=STEPS, tolerance=1e-3):
    """What a claim measures: our time over PyTorch's for `steps` steps, once their losses are equal.

    `network(lib)`, `optimizer(lib, parameters)` and `loss(lib)` are written once for both libraries.
    """

    def measure(repeat):
        torch.set_num_threads(1)
        bp.manual_seed(0)
        ours, theirs = network(bp), network(torch)
        copy_weights(ours, theirs)
        train = [
            trainer(lib, model, optimizer(lib, model.parameters()), loss(lib), inputs, targets)
            for lib, model in ((bp, ours), (torch, theirs))
        ]
        agree(train[0](3), train[1](3), tolerance)
        return ratios(lambda: train[0](steps), lambda: train[1](steps), repeat)

    return measure


def backward_over_forward(network, loss, inputs, targets):
    """What a claim measures: the time of the backward pass over that of the forward pass, both ours."""

    def measure(repeat):
        bp.manual_seed(0)
        model, error = network(bp), loss(bp)
        x, y = bp.tensor(inputs), bp.tensor(targets)
        figures = []
        for _ in range(repeat + 1):
            forward = backward = 0.0
            for _ in range(STEPS):
                model.zero_grad()
                start = perf_counter()
                value = error(model(x), y)
                middle = perf_counter()
                value.backward()
                forward, backward = forward + middle - start, backward + perf_counter() - middle
            figures.append(backward / forward)
        return figures[1:]  # the first round pays for what is made once

    return measure


def at_most(goal, what, measure, repeat=11):
    """The claim to need at most `goal` of PyTorch's time for a training step."""
    statement = f"of PyTorch's time for a step of {what}"
    return Claim(statement, goal, at_least=False, measure=measure, repeat=repeat)


def cheap_gradient(what, measure):
    """The claim that the backward pass costs at most three times the forward pass."""
    statement = f"backward over forward time of {what}"
    return Claim(statement, 3, at_least=False, measure=measure, repeat=11)
