"""The affine map of a layer, and rows of a table."""

import math

import numpy as np

from backprop_lib.core import differentiable
from backprop_lib.operations.either import either

FITS = "the last dimension of the input must equal that of the weight, and the bias has one number per output"


def _affine(input, weight, bias):
    """x W^T + b over the last dimension, as one product of matrices."""
    if input.ndim == 0 or (bias is not None and bias.ndim and bias.shape != weight.shape[:1]):
        raise ValueError("shapes do not fit")
    if input.ndim <= 2:
        out = input.dot(weight.T)  # on small matrices half the time of @
    else:
        out = (input.reshape(-1, input.shape[-1]) @ weight.T).reshape(*input.shape[:-1], len(weight))
    if bias is not None:
        out += bias
    return out


def _rows(x):
    """`x` as a matrix whose rows are along the last dimension."""
    return x if len(x.shape) == 2 else x.reshape(math.prod(x.shape[:-1]), x.shape[-1])


def _product(a, b):
    """The product of two matrices: arrays, or Tensors."""
    return a.dot(b) if type(a) is type(b) is np.ndarray else a @ b


def _input_vjp(g, weight):
    """dX = G W."""
    if len(g.shape) <= 2:
        return _product(g, weight)
    return _product(_rows(g), weight).reshape(*g.shape[:-1], weight.shape[-1])


def _weight_vjp(g, input):
    """dW = G^T X."""
    return _product(_rows(g).swapaxes(0, 1), _rows(input))


def _bias_vjp(g):
    """db = the sum of G's rows, as the bias was added to each: the engine sums what was broadcast."""
    return g


@differentiable(_input_vjp, _weight_vjp, name="linear", expects=FITS)
def _linear(input, weight):
    return _affine(input, weight, None)


@differentiable(_input_vjp, _weight_vjp, _bias_vjp, name="linear_with_bias", expects=FITS)
def _linear_with_bias(input, weight, bias):
    return _affine(input, weight, bias)


def linear(input, weight, bias=None):
    """y = x W^T + b: x (..., in), W (out, in) or (in,), b (out,) or a number.

    Raises RuntimeError if the shapes do not fit.
    """
    if weight.ndim == 1:
        out = input @ weight
        return out if bias is None else out + bias
    return _linear(input, weight) if bias is None else _linear_with_bias(input, weight, bias)


# ---- rows of a table, by number: two operations, each of which is the other's gradient ----


@differentiable(
    lambda g, index, skip, input_shape: add_rows(g, index, input_shape[0], skip), name="take_rows"
)
def _take_rows(input, index=None, skip=None):
    """The rows of a matrix that `index` names; a row equal to `skip` gives zeros if this is a gradient."""
    return input.take(index.astype(np.intp, copy=False), axis=0)


def _zero_at(rows, index, skip):
    """`rows` without those that were taken from row `skip`, or as they are if that is None."""
    return rows if skip is None else np.where((index == skip)[..., None], 0.0, rows)


@differentiable(lambda g, index, skip: _zero_at(take_rows(g, index), index, skip), name="add_rows")
def _add_rows(input, index=None, count=None, skip=None):
    """A matrix of `count` rows: those of `input` added up where `index` says, except in row `skip`."""
    width = input.shape[-1]
    flat, rows = index.reshape(-1), input.reshape(index.size, width)
    if skip is not None:
        flat, rows = flat[flat != skip], rows[flat != skip]
    if count * flat.size <= 1 << 16:  # a small table: a product with a one-hot matrix is fastest
        hot = np.zeros((count, flat.size), input.dtype)
        hot[flat, np.arange(flat.size)] = 1
        return hot.dot(rows)
    out = np.zeros((count, width), input.dtype)
    order = np.argsort(flat, kind="stable")
    ordered = flat[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    out[ordered[starts]] = np.add.reduceat(rows[order], starts, axis=0)
    return out


take_rows, add_rows = either(_take_rows), either(_add_rows)
