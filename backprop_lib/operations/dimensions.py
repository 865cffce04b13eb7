"""What a dimension may be called, and what becomes of a shape: helpers of the operations."""

import functools
import math
import operator

import numpy as np


def dims(dim, ndim):
    """`dim` as a tuple of ints, or None for all dimensions, which an empty tuple means too.

    Raises IndexError if one is out of range.
    """
    if dim is None:
        return None
    found = tuple(operator.index(d) for d in (dim if isinstance(dim, tuple | list) else (dim,)))
    for d in found:
        if not -max(ndim, 1) <= d < max(ndim, 1):
            raise IndexError(f"dimension {d} is out of range for a tensor with {ndim} dimension(s)")
    return found if ndim and found else None


def one_dim(dim, ndim):
    """`dim` counted from the front; IndexError if it is out of range."""
    (dim,) = dims(operator.index(dim), max(ndim, 1))
    return dim % max(ndim, 1)


def kept(x, shape, dim, keepdim):
    """The result `x` of reducing `shape`, its reduced dimensions kept: so it broadcasts to `shape`."""
    if keepdim:
        return x
    found = dims(dim, len(shape))
    reduced = range(len(shape)) if found is None else {d % len(shape) for d in found}
    return x.reshape(tuple(1 if i in reduced else n for i, n in enumerate(shape)))


def spread(g, shape, dim, keepdim):
    """The gradient of a sum: every summand gets the whole of it, so copy `g` along the summed dimensions."""
    return np.broadcast_to(kept(g, shape, dim, keepdim), shape)


def reduced(shape, dim):
    found = dims(dim, len(shape))
    reduced = range(len(shape)) if found is None else {d % len(shape) for d in found}
    return tuple(n for i, n in enumerate(shape) if i not in reduced)


def count(shape, dim):
    """How many elements each result is made of."""
    found = dims(dim, len(shape))
    return math.prod(shape if found is None else [shape[d] for d in found])


def from_the_front(dims, ndim):
    """Dimensions as ints >= 0; IndexError if one is out of range."""
    dims = tuple(dims) if isinstance(dims, tuple | list) else (dims,)
    return tuple(one_dim(d, ndim) for d in dims)


def several(function):
    """Let the ints that are the second argument of a function be given one by one, or as one sequence."""

    @functools.wraps(function)
    def call(input, *numbers, **named):
        if numbers:
            return function(input, sequence(numbers), **named)
        return function(input, **named)

    return call


def sequence(numbers):
    """The ints of f(2, 3) or of f((2, 3)), from the tuple that * collects."""
    if len(numbers) == 1 and isinstance(numbers[0], tuple | list):
        numbers = numbers[0]
    return tuple(map(operator.index, numbers))
