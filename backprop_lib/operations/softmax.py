"""Softmax and its logarithm, shifted by the largest logit so that nothing overflows."""

import numpy as np

from backprop_lib.core import differentiable
from backprop_lib.operations.reductions import dims
from backprop_lib.operations.shifting import shifted

FITS = "dim must be one of the dimensions"


@differentiable(
    lambda g, out, dim: out * (g - (g * out).sum(axis=dim, keepdims=True)) if out.ndim else g * 0.0,
    name="softmax",
    expects=FITS,
)
def _softmax(input, dim=-1):
    dims(dim, input.ndim)
    if not input.ndim:
        return np.ones_like(input)
    out = shifted(input, dim)
    np.exp(out, out=out)
    out /= out.sum(axis=dim, keepdims=True)
    return out


@differentiable(
    lambda g, out, dim: g - np.exp(out) * g.sum(axis=dim, keepdims=True) if out.ndim else g * 0.0,
    name="log_softmax",
    expects=FITS,
)
def _log_softmax(input, dim=-1):
    dims(dim, input.ndim)
    if not input.ndim:
        return np.zeros_like(input)
    out = shifted(input, dim)
    out -= np.log(np.exp(out).sum(axis=dim, keepdims=True))
    return out


def _default(dim, ndim):
    """What PyTorch takes for a missing dim."""
    return dim if dim is not None else 0 if ndim in (0, 1, 3) else 1


def softmax(input, dim=None, dtype=None):
    """e**x / sum of e**x along `dim`: positive numbers that sum to 1; the shape stays.

    `dtype` is that of the result and of the computation; integers need one.
    Raises IndexError if `dim` is out of range.
    """
    return _softmax(_floating(input, dtype), dim=_default(dim, len(input.shape)))


def log_softmax(input, dim=None, dtype=None):
    """log(softmax(x)) along `dim`, exact where softmax itself underflows; the shape stays.

    `dtype` is that of the result and of the computation; integers need one.
    Raises IndexError if `dim` is out of range.
    """
    return _log_softmax(_floating(input, dtype), dim=_default(dim, len(input.shape)))


def softmin(input, dim=None, dtype=None):
    """softmax(-x) along `dim`; the shape stays. Raises IndexError if `dim` is out of range."""
    return softmax(-input, dim, dtype)


def _floating(input, dtype):
    if dtype is not None and input.dtype != dtype:
        input = input.astype(dtype)
    if input.dtype.kind != "f":
        raise RuntimeError(f"softmax needs a floating-point tensor, got dtype {input.dtype}")
    return input
