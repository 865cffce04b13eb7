"""Comparisons and conditions: their results hold truth values and have no gradient."""

import numpy as np

from backprop_lib.core import Tensor, numpy_names
from backprop_lib.operations.dimensions import dims


def eq(input, other):
    """input == other, element by element; the shapes broadcast. Raises RuntimeError if they do not."""
    return input == other


def ne(input, other):
    """input != other, element by element; the shapes broadcast. Raises RuntimeError if they do not."""
    return input != other


def lt(input, other):
    """input < other, element by element; the shapes broadcast. Raises RuntimeError if they do not."""
    return input < other


def le(input, other):
    """input <= other, element by element; the shapes broadcast. Raises RuntimeError if they do not."""
    return input <= other


def gt(input, other):
    """input > other, element by element; the shapes broadcast. Raises RuntimeError if they do not."""
    return input > other


def ge(input, other):
    """input >= other, element by element; the shapes broadcast. Raises RuntimeError if they do not."""
    return input >= other


def isnan(input):
    """Where the input is nan; the shape stays."""
    return Tensor(np.asarray(np.isnan(input.array)))


def isinf(input):
    """Where the input is inf or -inf; the shape stays."""
    return Tensor(np.asarray(np.isinf(input.array)))


def isfinite(input):
    """Where the input is neither nan nor infinite; the shape stays."""
    return Tensor(np.asarray(np.isfinite(input.array)))


def logical_not(input):
    """Where the input is 0 or False; the shape stays."""
    return Tensor(np.asarray(np.logical_not(input.array)))


def logical_and(input, other):
    """Where neither is 0 or False."""
    return Tensor(np.asarray(np.logical_and(input.array, other.array)))


def logical_or(input, other):
    """Where not both are 0 or False."""
    return Tensor(np.asarray(np.logical_or(input.array, other.array)))


@numpy_names
def all(input, dim=None, keepdim=False):
    """Whether no element over `dim` is 0 or False; shapes as for `sum`.

    Raises IndexError if there is no such dim.
    """
    return Tensor(np.asarray(input.array.all(axis=dims(dim, input.ndim), keepdims=keepdim)))


@numpy_names
def any(input, dim=None, keepdim=False):
    """Whether an element over `dim` is neither 0 nor False; shapes as for `sum`, and IndexError likewise."""
    return Tensor(np.asarray(input.array.any(axis=dims(dim, input.ndim), keepdims=keepdim)))


def equal(input, other):
    """Whether both have the same shape and the same elements, as one bool."""
    return np.array_equal(input.array, other.array)


def allclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Whether |input - other| <= atol + rtol * |other| everywhere, as one bool."""
    return bool(np.allclose(input.array, other.array, rtol, atol, equal_nan))


def bitwise_and(input, other):
    """The bits that both have; of truth values, whether both are true."""
    return Tensor(np.asarray(np.bitwise_and(input.array, getattr(other, "array", other))))


def bitwise_or(input, other):
    """The bits that one of them has, or both; of truth values, whether one is true."""
    return Tensor(np.asarray(np.bitwise_or(input.array, getattr(other, "array", other))))


def bitwise_not(input):
    """The opposite bits; of truth values, the opposite."""
    return Tensor(np.asarray(np.invert(input.array)))
