"""Products of matrices and vectors."""

import math

import numpy as np

from backprop_lib.core import apply, differentiable
from backprop_lib.operations.dimensions import one_dim


@differentiable(
    lambda g, input_shape, other: _left(g, input_shape, other),
    lambda g, input, other_shape: _right(g, input, other_shape),
    expects="the last dimension of the left must equal the last but one of the right, or its only one",
)
def matmul(input, other):
    """The matrix product (..., n, m) (..., m, k) -> (..., n, k); the other dimensions broadcast.

    A 1-D operand counts as a row on the left and as a column on the right, and its dimension is not kept.
    Raises RuntimeError if the shapes do not fit.
    """
    return np.matmul(input, other)


def _left(g, shape, other):
    """The gradient of A in A B: G B^T."""
    if other.ndim == 1:
        return g[..., None] * other
    if len(shape) == 1:
        return (g[..., None, :] @ other.swapaxes(-1, -2))[..., 0, :]
    return g @ other.swapaxes(-1, -2)


def _right(g, input, shape):
    """The gradient of B in A B: A^T G."""
    if input.ndim == 1:
        return input[:, None] * g[..., None, :] if len(shape) > 1 else g * input
    if len(shape) == 1:
        return (input.swapaxes(-1, -2) @ g[..., None])[..., 0]
    return input.swapaxes(-1, -2) @ g


def mm(input, mat2):
    """The product (n, m) (m, k) -> (n, k) of two matrices; raises RuntimeError for any other shapes."""
    return _product("mm", input, mat2, 2, 2)


def bmm(input, mat2):
    """The products (b, n, m) (b, m, k) -> (b, n, k) of two batches.

    Raises RuntimeError for any other shapes.
    """
    if input.shape[:1] != mat2.shape[:1]:
        raise RuntimeError(f"bmm() needs batches of equal length, got {input.shape} and {mat2.shape}")
    return _product("bmm", input, mat2, 3, 3)


def mv(input, vec):
    """The product (n, m) (m,) -> (n,) of a matrix and a vector; raises RuntimeError for any other shapes."""
    return _product("mv", input, vec, 2, 1)


def dot(input, tensor):
    """The sum of the products of two vectors of equal length, without dimensions.

    Raises RuntimeError for other shapes or different dtypes.
    """
    if input.dtype != tensor.dtype:
        raise RuntimeError(f"dot() needs equal dtypes, got {input.dtype} and {tensor.dtype}")
    return _product("dot", input, tensor, 1, 1)


def _product(name, left, right, left_ndim, right_ndim):
    if (left.ndim, right.ndim) != (left_ndim, right_ndim):
        shapes = f"shapes {left.shape} and {right.shape}"
        raise RuntimeError(f"{name}() needs {left_ndim} and {right_ndim} dimension(s), got {shapes}")
    return apply(matmul.operation, (left, right), {})


def outer(input, vec2):
    """All products of an element of (n,) with one of (m,): (n, m).

    Raises RuntimeError for other dimensions.
    """
    if input.ndim != 1 or vec2.ndim != 1:
        raise RuntimeError(f"outer() needs two vectors, got shapes {input.shape} and {vec2.shape}")
    return input.reshape(-1, 1) * vec2


def tensordot(a, b, dims=2):
    """The sum of products over the last `dims` dimensions of a and the first of b, or over two lists of them.

    Raises RuntimeError if the lengths differ.
    """
    if isinstance(dims, int):
        if not 0 <= dims <= min(a.ndim, b.ndim):
            raise RuntimeError(f"tensordot() cannot sum over {dims} dimensions of {a.shape} and {b.shape}")
        dims = range(a.ndim - dims, a.ndim), range(dims)
    of_a, of_b = ([one_dim(d, x.ndim) for d in each] for each, x in zip(dims, (a, b)))
    if [a.shape[d] for d in of_a] != [b.shape[d] for d in of_b]:
        # As in PyTorch, a length of 1 goes with any other: that dimension of the other is summed.
        if len(of_a) != len(of_b) or any(
            a.shape[i] != b.shape[k] and 1 not in (a.shape[i], b.shape[k]) for i, k in zip(of_a, of_b)
        ):
            raise RuntimeError(f"tensordot() cannot sum {a.shape} over {of_a} with {b.shape} over {of_b}")
        for i, k in zip(of_a, of_b):
            a = a.sum(i, keepdim=True, dtype=a.dtype) if b.shape[k] == 1 else a
            b = b.sum(k, keepdim=True, dtype=b.dtype) if a.shape[i] == 1 else b
    free_a, free_b = ([d for d in range(x.ndim) if d not in each] for x, each in ((a, of_a), (b, of_b)))
    summed = math.prod(a.shape[d] for d in of_a)
    rows, columns = (tuple(x.shape[d] for d in free) for x, free in ((a, free_a), (b, free_b)))
    left = a.permute(*free_a, *of_a).reshape(math.prod(rows), summed)
    right = b.permute(*of_b, *free_b).reshape(summed, math.prod(columns))
    return matmul(left, right).reshape(rows + columns)
