"""The larger, the smaller, the largest and the smallest: functions that pick one of their inputs."""

from typing import NamedTuple

import numpy as np

from backprop_lib.core import Tensor, differentiable, numpy_names
from backprop_lib.operations.choosing import getitem, grid, zero_unless
from backprop_lib.operations.dimensions import dims, kept, one_dim


class ValuesAndIndices(NamedTuple):
    """What `max` and `min` along one dimension give."""

    values: Tensor
    indices: Tensor


# ---- of two ----


def _share(g, chosen, equal):
    """The gradient of the chosen operand; where both are equal, each gets half of it."""
    share = zero_unless(chosen, g)
    return np.where(equal, share / 2, share) if equal.any() else share


# "Not less" and not "greater": a nan is not less than anything, so the gradient passes, as in PyTorch.
@differentiable(
    lambda g, input, other: _share(g, ~(input < other), input == other),
    lambda g, input, other: _share(g, ~(other < input), input == other),
)
def maximum(input, other):
    """The larger of each pair; where they are equal, each gets half of the gradient. The shapes broadcast.

    Raises RuntimeError if they do not.
    """
    return np.maximum(input, other)


@differentiable(
    lambda g, input, other: _share(g, ~(input > other), input == other),
    lambda g, input, other: _share(g, ~(other > input), input == other),
)
def minimum(input, other):
    """The smaller of each pair; where they are equal, each gets half of the gradient. The shapes broadcast.

    Raises RuntimeError if they do not.
    """
    return np.minimum(input, other)


# ---- clamp ----


@differentiable(
    lambda g, input, min, max: zero_unless(_within(input, min, max), g),
    name="clamp",
)
def _clamp(input, min=None, max=None):
    return _at_most(input if min is None else np.maximum(input, min), max)


def _at_most(x, max):
    return x if max is None else np.minimum(x, max)


def _within(x, min, max):
    if max is None:
        return x >= min
    return x <= max if min is None else (x >= min) & (x <= max)


@differentiable(
    lambda g, input, min: zero_unless(input >= min, g), lambda g, input, min: zero_unless(input < min, g)
)
def clamp_min(input, min):
    """The input, but at least `min`; where they are equal, the gradient is the input's. The shapes broadcast.

    Raises RuntimeError if they do not.
    """
    return np.maximum(input, min)


@differentiable(
    lambda g, input, max: zero_unless(input <= max, g), lambda g, input, max: zero_unless(input > max, g)
)
def clamp_max(input, max):
    """The input, but at most `max`; where they are equal, the gradient is the input's. The shapes broadcast.

    Raises RuntimeError if they do not.
    """
    return np.minimum(input, max)


def clamp(input, min=None, max=None):
    """The input, but at least `min` and at most `max`: numbers, Tensors or None for no bound.

    If min > max the result is max. The shapes broadcast.
    Raises RuntimeError if they do not, or if both bounds are None.
    """
    if min is None and max is None:
        raise RuntimeError("clamp() needs min or max")
    if not (isinstance(min, Tensor | np.ndarray) or isinstance(max, Tensor | np.ndarray)):
        return _clamp(input, min, max)
    out = input if min is None else clamp_min(input, min)
    return out if max is None else clamp_max(out, max)


# ---- of all, or along dimensions ----


def _evenly(g, is_extreme, dim, keepdim):
    """Elements that are equally extreme share the gradient evenly."""
    count = is_extreme.sum(axis=dims(dim, is_extreme.ndim), keepdims=True).astype(g.dtype)
    return kept(g, is_extreme.shape, dim, keepdim) / count * is_extreme


def _checked(input, dim, name):
    if input.size == 0:
        along = dims(dim, input.ndim)
        if along is None:
            raise RuntimeError(f"{name}() of no elements: shape {input.shape} without a dim")
        if any(input.shape[d] == 0 for d in along):
            raise IndexError(f"{name}() of no elements: shape {input.shape}, dim={dim}")
    return dims(dim, input.ndim)


def _extreme_vjp(g, input, out, dim, keepdim):
    """The gradient goes to the elements that are the extreme, in equal parts."""
    return _evenly(g, input == kept(out, input.shape, dim, keepdim), dim, keepdim)


@differentiable(_extreme_vjp, expects="each dimension may be named once")
def amax(input, dim=None, keepdim=False):
    """The largest elements over `dim`; equal ones share the gradient. Shapes as for `sum`.

    Raises IndexError for a dim of length 0, RuntimeError if there are no elements and no dim.
    """
    return np.max(input, axis=_checked(input, dim, "amax"), keepdims=keepdim)


@differentiable(_extreme_vjp, expects="each dimension may be named once")
def amin(input, dim=None, keepdim=False):
    """The smallest elements over `dim`; equal ones share the gradient. Shapes as for `sum`.

    Raises IndexError for a dim of length 0, RuntimeError if there are no elements and no dim.
    """
    return np.min(input, axis=_checked(input, dim, "amin"), keepdims=keepdim)


def _equal_or_both_nan(input, out):
    return (input == out) | ((input != input) & (out != out))


@differentiable(lambda g, input, out: _evenly(g, _equal_or_both_nan(input, out), None, False), name="max")
def _max(input):
    _checked(input, None, "max")
    return np.max(input)


@differentiable(lambda g, input, out: _evenly(g, _equal_or_both_nan(input, out), None, False), name="min")
def _min(input):
    _checked(input, None, "min")
    return np.min(input)


@numpy_names
def max(input, dim=None, keepdim=False, *, other=None):
    """max(x): the largest element. max(x, dim): (values, indices) along one dimension. max(x, y): maximum.

    Of equally large elements the first gets the gradient if there is a dim; else they share it.
    Raises IndexError for a dim of length 0, RuntimeError if there are no elements at all.
    """
    return _one_or_two(input, dim, keepdim, other, _max, argmax, maximum)


@numpy_names
def min(input, dim=None, keepdim=False, *, other=None):
    """min(x): the smallest element. min(x, dim): (values, indices) along one dimension. min(x, y): minimum.

    Of equally small elements the first gets the gradient if there is a dim; else they share it.
    Raises IndexError for a dim of length 0, RuntimeError if there are no elements at all.
    """
    return _one_or_two(input, dim, keepdim, other, _min, argmin, minimum)


def _one_or_two(input, dim, keepdim, other, of_all, position, of_two):
    other = dim if isinstance(dim, Tensor | np.ndarray) else other
    if other is not None:
        return of_two(input, other)
    if dim is None:
        return of_all(input)
    dim = one_dim(dim, input.ndim)
    indices = position(input, dim, keepdim=True)
    if not input.ndim:
        return ValuesAndIndices(input.alias(), indices)
    picked = grid(dim, indices.array, keepdim)
    return ValuesAndIndices(getitem(input, picked), Tensor(picked[dim]))


@numpy_names
def argmax(input, dim=None, keepdim=False):
    """Where the largest element is, the first of several: in the flattened Tensor, or along `dim`.

    Shapes as for `sum`. Raises IndexError where there are no elements.
    """
    return _position(np.argmax, input, dim, keepdim)


@numpy_names
def argmin(input, dim=None, keepdim=False):
    """Where the smallest element is, the first of several: in the flattened Tensor, or along `dim`.

    Shapes as for `sum`. Raises IndexError where there are no elements.
    """
    return _position(np.argmin, input, dim, keepdim)


def _position(function, input, dim, keepdim):
    dim = None if dim is None else one_dim(dim, input.ndim)
    if not (input.array.size if dim is None or not input.ndim else input.shape[dim]):
        raise IndexError(f"{function.__name__}() of no elements: shape {input.shape}, dim={dim}")
    axis = dim if input.ndim else None
    return Tensor(np.asarray(function(input.array, axis=axis, keepdims=keepdim)))


# ---- in order ----


@numpy_names
def sort(input, dim=-1, descending=False, stable=False):
    """(values, indices): the elements along `dim` in ascending order, and where each was, both shaped as it.

    Equal elements keep their order. Raises IndexError if there is no such dim.
    """
    indices = argsort(input, dim, descending)
    return ValuesAndIndices(_picked(input, dim, indices.array), indices)


@numpy_names
def argsort(input, dim=-1, descending=False, stable=False):
    """Where the elements along `dim` are, in ascending order; equal ones keep their order. The shape stays.

    Raises IndexError if there is no such dim.
    """
    dim = one_dim(dim, input.ndim)
    if not input.ndim:
        return Tensor(np.zeros((), np.int64))
    array = input.array
    if descending:  # a stable sort of the opposite order, which leaves equal elements as they were
        backwards = np.flip(np.argsort(np.flip(array, dim), dim, kind="stable"), dim)
        return Tensor((array.shape[dim] - 1 - backwards).astype(np.int64))
    return Tensor(np.argsort(array, dim, kind="stable").astype(np.int64))


@numpy_names
def topk(input, k, dim=-1, largest=True, sorted=True):
    """(values, indices): the k largest elements along `dim`, or the smallest, and where each was.

    In both `dim` has the length k.
    Raises RuntimeError unless 0 <= k <= length, IndexError if there is no such dim.
    """
    dim = one_dim(dim, input.ndim)
    if not 0 <= k <= (input.shape[dim] if input.ndim else 1):
        raise RuntimeError(f"topk() cannot take {k} along dim {dim} of shape {input.shape}")
    order = argsort(input, dim, descending=largest).array
    indices = order[(slice(None),) * dim + (slice(k),)] if input.ndim else order
    return ValuesAndIndices(_picked(input, dim, indices), Tensor(indices.copy()))


def _picked(input, dim, indices):
    if not input.ndim:
        return input.alias()
    return getitem(input, grid(one_dim(dim, input.ndim), indices))
