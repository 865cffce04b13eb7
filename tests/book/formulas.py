"""The registry of checks, one for each displayed formula, and what they compare with.

A check evaluates its formula as the page writes it, on random data, and compares with what does not know it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

import backprop_lib as bp
from backprop_lib.gradcheck import numerical_gradient

CHECKS = {}


@dataclass(frozen=True)
class Check:
    """`run` takes a random generator; `latex` is the formula that it was written for, on one line."""

    run: Callable
    latex: str


def checks(label, latex):
    """Register the decorated function as the check of the formula `latex` with this label."""

    def register(run):
        if label in CHECKS:
            raise ValueError(f"{label} has two checks: {CHECKS[label].run.__name__} and {run.__name__}")
        CHECKS[label] = Check(run, " ".join(latex.split()))
        return run

    return register


def sigmoid(z):
    """The logistic function of a NumPy array, a backprop_lib Tensor or a torch Tensor."""
    return 1 / (1 + np.exp(-z)) if isinstance(z, np.ndarray) else z.sigmoid()


def like(example, array):
    """The array in the library of the example: NumPy, PyTorch or backprop_lib."""
    if isinstance(example, np.ndarray):
        return array
    return torch.tensor(array) if isinstance(example, torch.Tensor) else bp.tensor(array)


def assert_same(claimed, *others):
    """The claimed array has the shape and, to 11 digits, the numbers of each of the others."""
    for other in others:
        assert np.shape(claimed) == np.shape(other)
        np.testing.assert_allclose(claimed, np.asarray(other), rtol=1e-11, atol=1e-14)


def assert_gradient(claimed, function, at):
    """`claimed` is the gradient of `function` at the array `at`, by differences, backprop_lib and PyTorch.

    `function` maps an array, or a Tensor of either library, to its sum of one or more numbers.
    """
    at = np.asarray(at, dtype=np.float64)
    numerical = numerical_gradient(lambda array: np.sum(function(array)), at)
    assert np.shape(claimed) == np.shape(numerical)
    np.testing.assert_allclose(claimed, numerical, rtol=1e-5, atol=1e-8)
    for lib, dtype in ((bp, np.float64), (torch, torch.float64)):
        leaf = lib.tensor(at, dtype=dtype, requires_grad=True)
        function(leaf).sum().backward()
        assert_same(claimed, leaf.grad.detach())
