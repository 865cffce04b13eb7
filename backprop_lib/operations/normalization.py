"""Normalisation: subtract the mean, divide by the standard deviation, then scale and shift.

Both kinds keep, beside the input itself, only a mean and a deviation per row or channel.
A weight or bias that is a number stands for none.
"""

import math

import numpy as np

from backprop_lib.core import differentiable
from backprop_lib.operations.either import Shared


def _means(x):
    """The mean of each row of a matrix, as a product with ones, which is faster than mean(1)."""
    return (x @ np.full(x.shape[1], 1 / max(x.shape[1], 1), x.dtype))[:, None]


# ---- over the last dimensions of each sample ----


def _composed_layer_norm(input, weight, bias, count=1, eps=1e-5):
    x = input.reshape(math.prod(input.shape) // max(count, 1), count)
    x = x - x.mean(dim=1, keepdim=True)
    x = x / ((x * x).mean(dim=1, keepdim=True) + eps) ** 0.5
    return x.reshape(input.shape) * weight + bias


@differentiable(
    lambda g, input, weight, context: _layer_norm_input(g, input, weight, context),
    lambda g, input, weight_shape, context: _layer_norm_weight(g, input, weight_shape, context),
    lambda g, bias_shape: _sum_of_rows(g, bias_shape),
    composed=_composed_layer_norm,
)
def layer_norm(input, weight, bias, count=1, eps=1e-5):
    """The `count` elements of a sample's last dimensions with mean 0 and variance 1, times w plus b."""
    x = input.reshape(input.size // max(count, 1), count)
    mean = _means(x)
    out = x - mean
    deviation = np.einsum("ij,ij->i", out, out)[:, None]
    deviation /= max(count, 1)
    deviation += eps
    np.sqrt(deviation, out=deviation)
    if isinstance(weight, np.ndarray):
        out *= weight.reshape(-1) / deviation
    else:
        out /= deviation
    out = out.reshape(input.shape)
    if isinstance(bias, np.ndarray):
        out += bias
    return out, Shared((mean, deviation, count))


def _centred(g, kept, x):
    mean, _, count = kept
    return x.reshape(len(mean), count) - mean


def _layer_norm_input(g, x, weight, shared):
    """(h - mean(h) - c mean(h c) / deviation**2) / deviation for h = g w and the centred c."""
    c, deviation = shared.get(g, _centred, x), shared.kept[1]
    h = (g * weight).reshape(c.shape) if isinstance(weight, np.ndarray) else g.reshape(c.shape)
    part = np.einsum("ij,ij->i", h, c)[:, None]
    part /= deviation * deviation * max(c.shape[1], 1)
    out = c * part
    np.subtract(h, out, out=out)
    out -= _means(h)
    out /= deviation
    return out.reshape(x.shape)


def _layer_norm_weight(g, x, shape, shared):
    c = shared.take(g, _centred, x)
    return ((1 / shared.kept[1][:, 0]) @ (g.reshape(c.shape) * c)).reshape(shape)


def _sum_of_rows(g, shape):
    count = math.prod(shape)
    rows = g.reshape(g.size // max(count, 1), count)
    return (np.ones(len(rows), g.dtype) @ rows).reshape(shape)


# ---- over the batch, for each channel: input (N, C, L) ----


def _composed_batch_norm(input, weight, bias, eps=1e-5):
    x = input - input.mean(dim=(0, 2), keepdim=True)
    x = x / ((x * x).mean(dim=(0, 2), keepdim=True) + eps) ** 0.5
    for combine, factor in ((x.__mul__, weight), (None, bias)):
        if hasattr(factor, "shape") and len(factor.shape):
            factor = factor.reshape(-1, 1)
        x = combine(factor) if combine else x + factor
    return x


@differentiable(
    lambda g, input, weight, context: _batch_norm_input(g, input, weight, context),
    lambda g, input, context: _batch_norm_weight(g, input, context),
    lambda g: g.sum(axis=(0, 2)),
    composed=_composed_batch_norm,
)
def batch_norm(input, weight, bias, eps=1e-5):
    """Each channel with mean 0 and variance 1 over the batch, times w plus b."""
    mean, variance = channel_moments(input)
    deviation = np.sqrt(variance + eps).astype(input.dtype, copy=False)
    out = input - mean[:, None]
    if isinstance(weight, np.ndarray):
        out *= (weight / deviation)[:, None]
    else:
        out /= deviation[:, None]
    if isinstance(bias, np.ndarray):
        out += bias[:, None]
    return out, Shared((mean, deviation))


def channel_moments(x):
    """The mean and the (biased) variance of each channel of (N, C, L)."""
    count = max(x.shape[0] * x.shape[2], 1)
    mean = np.einsum("ijk->j", x) / x.dtype.type(count)
    centred = x - mean[:, None]
    return mean, np.einsum("ijk,ijk->j", centred, centred) / x.dtype.type(count)


def _normalised_channels(g, kept, x):
    mean, deviation = kept
    y = x - mean[:, None]
    y /= deviation[:, None]
    return y


def _batch_norm_input(g, x, weight, shared):
    """w (g - mean(g) - y mean(g y)) / deviation for the normalised y."""
    y = shared.get(g, _normalised_channels, x)
    count = max(x.shape[0] * x.shape[2], 1)
    out = y * (np.einsum("ijk,ijk->j", g, y) / g.dtype.type(count))[:, None]
    np.subtract(g, out, out=out)
    out -= (np.einsum("ijk->j", g) / g.dtype.type(count))[:, None]
    out *= ((weight if isinstance(weight, np.ndarray) else g.dtype.type(1)) / shared.kept[1])[:, None]
    return out


def _batch_norm_weight(g, x, shared):
    return np.einsum("ijk,ijk->j", g, shared.take(g, _normalised_channels, x))
