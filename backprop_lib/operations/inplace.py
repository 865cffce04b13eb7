"""Changes in place, for the update step: they record nothing, and are refused where `+=` is."""

import numpy as np

from backprop_lib.randomness import generator


def add_(input, other, *, alpha=1):
    """input + alpha * other, in place; raises RuntimeError if shape, dtype or a record would suffer."""
    return input._in_place(np.add, other if alpha == 1 else other * alpha)


def sub_(input, other, *, alpha=1):
    """input - alpha * other, in place; raises RuntimeError if shape, dtype or a record would suffer."""
    return input._in_place(np.subtract, other if alpha == 1 else other * alpha)


def mul_(input, other):
    """input * other, in place; raises RuntimeError if shape, dtype or a record would suffer."""
    return input._in_place(np.multiply, other)


def div_(input, other):
    """input / other, in place; raises RuntimeError if shape, dtype or a record would suffer."""
    return input._in_place(np.true_divide, other)


def copy_(input, src):
    """The numbers of another Tensor, in this one's dtype, in place; src broadcasts to the shape of input.

    Raises RuntimeError if it does not, or if a record would suffer.
    """
    return input._in_place(lambda array, value, out, casting: np.copyto(out, value, "unsafe"), src)


def fill_(input, value):
    """One number everywhere, in place; raises RuntimeError if a record would suffer."""
    return copy_(input, value)


def uniform_(input, low=0.0, high=1.0):
    """Independent samples from the uniform distribution on [low, high), in place.

    Raises RuntimeError if a record would suffer.
    """
    return copy_(input, generator().random(input.shape) * (high - low) + low)


def normal_(input, mean=0.0, std=1.0):
    """Independent samples from the normal distribution, in place.

    Raises RuntimeError if a record would suffer.
    """
    return copy_(input, generator().standard_normal(input.shape) * std + mean)
