"""Other dtypes."""

import numpy as np

from backprop_lib.core import Tensor, apply, differentiable


@differentiable(lambda g: g, name="astype")
def _astype(input, dtype=None):
    return input.astype(dtype)


def astype(input, dtype):
    """The Tensor with another dtype; the gradient comes back in the old one. The shape stays."""
    return apply(_astype.operation, (input,), {"dtype": np.dtype(dtype)})


def to(input, dtype):
    """The Tensor with another dtype, or that of another Tensor; the Tensor itself if it has it already."""
    dtype = np.dtype(dtype.dtype if isinstance(dtype, Tensor) else dtype)
    return input if input.dtype == dtype else astype(input, dtype)


def float(input):
    """The Tensor as float32; the shape stays."""
    return to(input, np.float32)


def half(input):
    """The Tensor as float16; the shape stays."""
    return to(input, np.float16)


def double(input):
    """The Tensor as float64; the shape stays."""
    return to(input, np.float64)


def int(input):
    """The Tensor as int32, rounded towards 0; the shape stays."""
    return to(input, np.int32)


def long(input):
    """The Tensor as int64, rounded towards 0; the shape stays."""
    return to(input, np.int64)


def bool(input):
    """Where the Tensor is not 0; the shape stays."""
    return to(input, np.bool_)


def type(input, dtype):
    """Another name for `to`; the shape stays."""
    return to(input, dtype)


def type_as(input, other):
    """The Tensor with the dtype of another one; the shape stays."""
    return to(input, other)
