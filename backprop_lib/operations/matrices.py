"""Parts of matrices: triangles and diagonals."""

import operator

import numpy as np

from backprop_lib.core import differentiable
from backprop_lib.operations.dimensions import one_dim
from backprop_lib.operations.either import either


@differentiable(lambda g, diagonal: np.tril(g, diagonal))
def tril(input, diagonal=0):
    """The lower triangle of the last two dimensions up to that diagonal, 0 elsewhere; the shape stays.

    Raises RuntimeError for fewer than two dimensions.
    """
    return np.tril(_matrices(input, "tril"), operator.index(diagonal))


@differentiable(lambda g, diagonal: np.triu(g, diagonal))
def triu(input, diagonal=0):
    """The upper triangle of the last two dimensions down to that diagonal, 0 elsewhere; the shape stays.

    Raises RuntimeError for fewer than two dimensions.
    """
    return np.triu(_matrices(input, "triu"), operator.index(diagonal))


def _matrices(input, name):
    if input.ndim < 2:
        raise RuntimeError(f"{name}() needs at least 2 dimensions, got shape {input.shape}")
    return input


@differentiable(
    lambda g, input_shape, offset, dim1, dim2: _with_diagonal(g, input_shape, offset, dim1, dim2),
    name="diagonal",
)
def _diagonal(input, offset=0, dim1=0, dim2=1):
    return np.diagonal(input, offset, dim1, dim2)


def diagonal(input, offset=0, dim1=0, dim2=1):
    """The diagonal of dimensions dim1 and dim2, `offset` above the main one, as a last dimension.

    Raises IndexError if a dimension is out of range, RuntimeError if both are the same.
    """
    first, second = one_dim(dim1, input.ndim), one_dim(dim2, input.ndim)
    if first == second:
        raise RuntimeError(f"diagonal() needs two different dimensions, got {dim1} and {dim2}")
    return _diagonal(input, offset, first, second)


@differentiable(lambda g, offset, dim1, dim2: np.diagonal(g, offset, dim1, dim2), name="put_diagonal")
def _put_diagonal(input, shape=None, offset=0, dim1=0, dim2=1):
    """Zeros of `shape` with the input on that diagonal."""
    out = np.zeros(shape, input.dtype)
    matrices = np.moveaxis(out, (dim1, dim2), (-2, -1))
    i = np.arange(input.shape[-1])
    matrices[..., i + max(-offset, 0), i + max(offset, 0)] = input
    return out


_with_diagonal = either(_put_diagonal)


def trace(input):
    """The sum of the diagonal of a matrix, without dimensions; raises RuntimeError for other shapes."""
    if input.ndim != 2:
        raise RuntimeError(f"trace() needs a matrix, got shape {input.shape}")
    return diagonal(input).sum()
