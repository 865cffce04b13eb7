"""The same elements in another shape or order."""

import math
import operator

import numpy as np

from backprop_lib.core import apply, differentiable, numpy_names
from backprop_lib.operations.dimensions import dims as checked_dims
from backprop_lib.operations.dimensions import from_the_front, one_dim, sequence, several

# ---- another shape ----


@differentiable(
    lambda g, input_shape: g.reshape(input_shape),
    name="reshape",
    expects="the number of elements must stay the same, and at most one length may be -1",
)
def _reshape(input, shape=None):
    return input.reshape(shape)


@several
def reshape(input, shape):
    """The same elements in the same order with another shape; one length may be -1.

    Raises RuntimeError if the number of elements would change.
    """
    return apply(_reshape.operation, (input,), {"shape": tuple(shape)})


@several
def view(input, size):
    """Another name for `reshape`: the numbers are shared with the input where NumPy can.

    Raises RuntimeError if the number of elements would change.
    """
    return apply(_reshape.operation, (input,), {"shape": tuple(size)})


def flatten(input, start_dim=0, end_dim=-1):
    """The dimensions from start_dim to end_dim as one: (N, C, H, W) from dim 1 on becomes (N, C * H * W).

    Raises RuntimeError if they are in the wrong order, IndexError if there is no such dimension.
    """
    start, end = one_dim(start_dim, input.ndim), one_dim(end_dim, input.ndim)
    if start > end:
        raise RuntimeError(f"flatten() needs start_dim before end_dim, got {start_dim} and {end_dim}")
    joined = math.prod(input.shape[start : end + 1])
    return reshape(input, (*input.shape[:start], joined, *input.shape[end + 1 :]))


def ravel(input):
    """All elements along one dimension, of length numel()."""
    return flatten(input)


@numpy_names
def squeeze(input, dim=None):
    """The Tensor without its dimensions of length 1, or without those of them that `dim` names.

    Raises IndexError if there is no such dim.
    """
    named = range(input.ndim) if dim is None else from_the_front(dim, input.ndim)
    return reshape(input, tuple(n for i, n in enumerate(input.shape) if n != 1 or i not in named))


@numpy_names
def unsqueeze(input, dim):
    """The Tensor with a new dimension of length 1 at `dim`; raises IndexError if it is out of range."""
    dim = one_dim(dim, input.ndim + 1)
    return reshape(input, (*input.shape[:dim], 1, *input.shape[dim:]))


# ---- another order of the dimensions ----


@differentiable(lambda g, dim0, dim1: g.swapaxes(dim0, dim1) if g.ndim else g)
def transpose(input, dim0=None, dim1=None):
    """The Tensor with two dimensions exchanged; raises IndexError if there is no such dimension."""
    checked_dims((dim0, dim1), input.ndim)
    return input.swapaxes(dim0, dim1) if input.ndim else input


@differentiable(lambda g, dims: np.transpose(g, _inverse(dims)), name="permute")
def _permute(input, dims=None):
    return input.transpose(dims)


@several
def permute(input, dims):
    """The Tensor with its dimensions in the order `dims`: shape[dims[0]], shape[dims[1]], ...

    Raises RuntimeError unless each is named once, IndexError if there is no such dimension.
    """
    dims = from_the_front(dims, input.ndim)
    if sorted(dims) != list(range(input.ndim)):
        raise RuntimeError(f"permute() needs each of {input.ndim} dimension(s) once, got {dims}")
    return apply(_permute.operation, (input,), {"dims": dims})


def _inverse(dims):
    return tuple(sorted(range(len(dims)), key=dims.__getitem__))


def movedim(input, source, destination):
    """The Tensor with dimensions moved to other places; the others keep their order.

    Raises RuntimeError unless each has one place, IndexError if there is no such dimension.
    """
    sources, places = (
        from_the_front(d if isinstance(d, tuple | list) else (d,), input.ndim) for d in (source, destination)
    )
    if len(sources) != len(places) or len({*sources}) != len(sources) or len({*places}) != len(places):
        raise RuntimeError(f"movedim() needs as many places as dimensions, got {source} and {destination}")
    rest = iter(d for d in range(input.ndim) if d not in sources)
    there = dict(zip(places, sources))
    return permute(input, tuple(there[i] if i in there else next(rest) for i in range(input.ndim)))


def swapaxes(input, axis0, axis1):
    """Another name for `transpose`; raises IndexError likewise."""
    return transpose(input, axis0, axis1)


def t(input):
    """The transpose of a matrix; a vector or a number stays. Raises RuntimeError for more dimensions."""
    if input.ndim > 2:
        raise RuntimeError(f"t() needs at most 2 dimensions, got shape {input.shape}")
    return transpose(input, 0, 1) if input.ndim == 2 else input.alias()


# ---- copies ----


@differentiable(lambda g: g, expects="aligned from the right, lengths must be equal, or 1 in the input")
def broadcast_to(input, shape=None):
    """The Tensor copied along dimensions of length 1, and new ones at the front, to `shape`.

    Raises RuntimeError if another length would have to change.
    """
    return np.broadcast_to(input, shape)


@several
def expand(input, sizes):
    """The Tensor copied along dimensions of length 1, and new ones at the front; -1 keeps a length.

    Raises RuntimeError if another length would have to change.
    """
    new = len(sizes) - input.ndim
    if new < 0 or -1 in sizes[:new]:
        raise RuntimeError(f"expand() cannot make shape {input.shape} into {sizes}")
    return broadcast_to(input, tuple(input.shape[i - new] if n == -1 else n for i, n in enumerate(sizes)))


@several
def repeat(input, repeats):
    """The Tensor repeats[i] times along dimension i, where new dimensions come first.

    Raises RuntimeError unless there is a number >= 0 for each dimension.
    """
    new = len(repeats) - input.ndim
    if new < 0 or any(n < 0 for n in repeats):
        raise RuntimeError(f"repeat() needs a number >= 0 for each of {input.ndim} dimensions, got {repeats}")
    shape = (1,) * new + input.shape
    apart = tuple(n for length in shape for n in (1, length))
    copied = tuple(n for pair in zip(repeats, shape) for n in pair)
    return reshape(broadcast_to(reshape(input, apart), copied), tuple(map(operator.mul, repeats, shape)))


@differentiable(lambda g: g)
def clone(input):
    """A copy of the same shape: later changes of the input do not reach it, but gradients flow back."""
    return input.copy()


def contiguous(input):
    """The Tensor itself if its numbers lie in memory in C order, or else a copy of it in which they do."""
    return input if input.array.flags.c_contiguous else clone(input)


# ---- another order of the elements ----


@differentiable(lambda g, dims: np.flip(g, dims), name="flip", expects="each dimension may be named once")
def _flip(input, dims=None):
    return np.flip(input, dims)


@several
def flip(input, dims):
    """The elements in the opposite order along `dims`; the shape stays.

    Raises RuntimeError if one is named twice, IndexError if there is no such dimension.
    """
    dims = from_the_front(dims, input.ndim)
    if len({*dims}) < len(dims):
        raise RuntimeError(f"flip() may name each dimension once, got {dims}")
    return apply(_flip.operation, (input,), {"dims": dims if input.ndim else ()})


@differentiable(lambda g, shifts, dims: np.roll(g, _negative(shifts), dims), name="roll")
def _roll(input, shifts=None, dims=None):
    return np.roll(input, shifts, dims)


def roll(input, shifts, dims=None):
    """The elements moved by `shifts` along `dims`, round the end; without dims, in the flattened Tensor.

    The shape stays. Raises RuntimeError unless there are as many shifts as dims, IndexError if there is no
    such dimension.
    """
    shifts = sequence((shifts,))
    if dims is None or dims == ():
        if len(shifts) != 1:
            raise RuntimeError(f"roll() without dims takes one shift, got {shifts}")
        return _roll(input, shifts[0], None)
    dims = sequence((dims,))
    if len(dims) != len(shifts):
        raise RuntimeError(f"roll() needs as many shifts as dims, got {shifts} and {dims}")
    dims = from_the_front(dims, input.ndim)
    if not input.ndim:
        raise IndexError("roll() of a 0-d tensor cannot name a dimension")
    return _roll(input, shifts, dims)


def _negative(shifts):
    return tuple(-n for n in shifts) if isinstance(shifts, tuple) else -shifts
