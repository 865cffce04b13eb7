"""The most memory that a training step holds beyond the weights, ours over PyTorch's."""

import tracemalloc

import numpy as np
import torch

import backprop_lib as bp
from benchmarks import mlp, transformer
from benchmarks.measure import Claim
from benchmarks.training import copy_weights, trainer


def our_peak(step):
    """Bytes that NumPy and Python hold at the worst moment of `step()`, beyond what they hold before."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        step()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def pytorch_peak(step):
    """Bytes that PyTorch's allocator holds at the worst moment of `step()`, beyond what it holds before."""
    with torch.profiler.profile(profile_memory=True) as profile:
        step()
    events = (e for e in profile.profiler.kineto_results.events() if e.name() == "[memory]")
    held = np.cumsum([e.nbytes() for e in sorted(events, key=lambda e: e.start_ns())])
    return held.max()


def measure(network, optimizer, loss, inputs, targets):
    def ratios(repeat):
        torch.set_num_threads(1)
        ours, theirs = network(bp), network(torch)
        copy_weights(ours, theirs)
        figures = []
        for lib, model, peak in ((bp, ours, our_peak), (torch, theirs, pytorch_peak)):
            train = trainer(lib, model, optimizer(lib, model.parameters()), loss(lib), inputs, targets)
            train(2)
            found = []
            for _ in range(repeat):
                model.zero_grad()  # memory that was taken before is not seen to be given back
                found.append(peak(lambda train=train: train(1)))
            figures.append(found)
        return [a / b for a, b in zip(*figures, strict=True)]

    return ratios


def at_most(goal, what, measurement):
    return Claim(
        f"of PyTorch's memory at the worst moment of a step of {what}", goal, False, measurement, repeat=3
    )


CLAIMS = {
    "mlp_memory": at_most(
        1.2, mlp.WHAT + "SGD", measure(mlp.network, mlp.sgd, mlp.cross_entropy, mlp.INPUTS, mlp.TARGETS)
    ),
    "transformer_memory": at_most(
        1.2,
        "the transformer block",
        measure(
            transformer.network, mlp.sgd, transformer.squared_error, transformer.INPUTS, transformer.TARGETS
        ),
    ),
}
