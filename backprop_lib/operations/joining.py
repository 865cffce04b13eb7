"""Several Tensors made into one, and one into several."""

import itertools

import numpy as np

from backprop_lib.core import differentiable_many, numpy_names
from backprop_lib.operations.choosing import getitem
from backprop_lib.operations.dimensions import one_dim

# ---- into one ----


def _along(dim, part):
    return (slice(None),) * dim + (part,)


@differentiable_many(
    lambda i: lambda g, dim, bounds: g[_along(dim, slice(bounds[i], bounds[i + 1]))],
    name="cat",
    expects="all lengths but that along dim must be equal",
)
def _cat(*tensors, dim=0, bounds=None):
    return np.concatenate(tensors, axis=dim)


@numpy_names
def cat(tensors, dim=0):
    """The Tensors one after the other along `dim`; all other lengths must be equal.

    Raises RuntimeError if they are not, ValueError if there are no Tensors, TypeError for something else,
    IndexError if there is no such dim.
    """
    tensors = list(tensors)
    if not tensors:
        raise ValueError("cat() needs at least one tensor")
    try:
        shapes = [x.shape for x in tensors]
    except AttributeError as error:
        raise TypeError(f"cat() needs tensors, got {tensors}") from error
    if (0,) in shapes:
        tensors, shapes = _fitting(tensors, shapes, dim)
    if len({len(shape) for shape in shapes}) > 1 or not shapes[0]:
        raise RuntimeError(f"cat() needs tensors of as many dimensions, at least 1, got {shapes}")
    dim = one_dim(dim, len(shapes[0]))
    return _cat(tensors, dim=dim, bounds=(0, *itertools.accumulate(shape[dim] for shape in shapes)))


def _fitting(tensors, shapes, dim):
    """As in PyTorch, an empty list of numbers goes with everything: in their shape, but 0 long."""
    other = next((shape for shape in shapes if shape != (0,)), (0,))
    dim = one_dim(dim, len(other))
    empty = (*other[:dim], 0, *other[dim + 1 :])
    tensors = [x.reshape(empty) if x.shape == (0,) else x for x in tensors]
    return tensors, [x.shape for x in tensors]


@differentiable_many(
    lambda i: lambda g, dim: g[_along(dim, i)], name="stack", expects="all must have the same shape"
)
def _stack(*tensors, dim=0):
    return np.stack(tensors, axis=dim)


@numpy_names
def stack(tensors, dim=0):
    """Tensors of equal shapes side by side along a new dimension, which is as long as there are Tensors.

    Raises RuntimeError if the shapes differ or there are none, IndexError if there is no such dim.
    """
    tensors = list(tensors)
    if not tensors:
        raise RuntimeError("stack() needs at least one tensor")
    return _stack(tensors, dim=one_dim(dim, tensors[0].ndim + 1))


# ---- into several ----


@numpy_names
def split(tensor, split_size_or_sections, dim=0):
    """A tuple of parts along `dim`: each of a given length, but perhaps the last, or of the lengths listed.

    Raises RuntimeError if the lengths do not add up, IndexError if there is no such dim.
    """
    dim = one_dim(dim, tensor.ndim)
    if not tensor.ndim:
        raise RuntimeError("split() needs a tensor with dimensions")
    length, sizes = tensor.shape[dim], split_size_or_sections
    if isinstance(sizes, int):
        if sizes < 0 or (sizes == 0 and length):
            raise RuntimeError(f"split() needs a positive length, got {sizes}")
        starts = range(0, length, sizes) if length else [0]
        bounds = [(i, min(i + sizes, length)) for i in starts]
    else:
        ends = list(itertools.accumulate(sizes))
        if sum(sizes) != length or min(sizes, default=0) < 0:
            raise RuntimeError(f"split() needs lengths that add up to {length}, got {list(sizes)}")
        bounds = list(zip([0, *ends], ends))
    return tuple(getitem(tensor, _along(dim, slice(start, end))) for start, end in bounds)


@numpy_names
def chunk(input, chunks, dim=0):
    """At most `chunks` parts of equal length along `dim`, but perhaps the last, as a tuple.

    Raises RuntimeError unless `chunks` is positive, IndexError if there is no such dim.
    """
    if chunks <= 0:
        raise RuntimeError(f"chunk() needs a positive number of chunks, got {chunks}")
    length = input.shape[one_dim(dim, input.ndim)] if input.ndim else 0
    size = -(-length // chunks)
    return split(input, size if length else [0] * chunks, dim)


@numpy_names
def unbind(input, dim=0):
    """A tuple of the slices along `dim`, without that dimension.

    Raises IndexError if there is no such dim.
    """
    dim = one_dim(dim, input.ndim)
    if not input.ndim:
        raise IndexError("unbind() needs a tensor with dimensions")
    return tuple(getitem(input, _along(dim, i)) for i in range(input.shape[dim]))
