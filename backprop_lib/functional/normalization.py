"""Layer and batch normalisation."""

import math

import numpy as np

from backprop_lib.core import Tensor, apply
from backprop_lib.operations import normalization


def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-5):
    """(x - mean) / sqrt(variance + eps) over the last dimensions, times weight plus bias.

    Shapes: input (..., *normalized_shape), weight and bias normalized_shape; the shape stays.
    Raises RuntimeError if the shapes do not fit. Ba, Kiros & Hinton, arXiv:1607.06450, 2016.
    """
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    if not shape or input.shape[len(input.shape) - len(shape) :] != shape:
        raise RuntimeError(f"layer_norm over {shape} needs input (..., {shape}), got {input.shape}")
    for name, given in (("weight", weight), ("bias", bias)):
        if given is not None and given.shape != shape:
            raise RuntimeError(f"layer_norm over {shape} needs a {name} of this shape, got {given.shape}")
    inputs = input, 1 if weight is None else weight, 0 if bias is None else bias
    return apply(normalization.layer_norm.operation, inputs, {"count": math.prod(shape), "eps": eps})


def batch_norm(
    input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5
):
    """(x - mean) / sqrt(variance + eps) for each channel, times weight plus bias.

    Shapes: input (N, C, ...), the others (C,); the shape stays.
    In training, mean and variance are those of the batch, and the running ones move towards them by
    `momentum`, in place; else they are the running ones.
    Raises ValueError in training with one value per channel, RuntimeError if the shapes do not fit.
    Ioffe & Szegedy, ICML 2015.
    """
    shape = input.shape
    if len(shape) < 2:
        raise RuntimeError(f"batch_norm needs input (N, C, ...), got {shape}")
    for name, given in (
        ("running_mean", running_mean),
        ("running_var", running_var),
        ("weight", weight),
        ("bias", bias),
    ):
        if given is not None and given.shape != shape[1:2]:
            raise RuntimeError(f"batch_norm of {shape} needs {name} of shape {shape[1:2]}, got {given.shape}")
    x = input.reshape(shape[0], shape[1], math.prod(shape[2:]))
    if not training:
        return _by_running(x, running_mean, running_var, weight, bias, eps).reshape(shape)
    count = shape[0] * x.shape[2]
    if count == 1:
        raise ValueError(f"Expected more than 1 value per channel when training, got input size {shape}")
    inputs = x, 1 if weight is None else weight, 0 if bias is None else bias
    out = apply(normalization.batch_norm.operation, inputs, {"eps": eps})
    if count and (running_mean is not None or running_var is not None):
        mean, variance = normalization.channel_moments(x.array)
        _move(running_mean, mean, momentum)
        _move(running_var, variance * (count / (count - 1)), momentum)
    return out if out.shape == shape else out.reshape(shape)


def _move(running, new, momentum):
    if running is not None:
        running.array *= 1 - momentum
        running.array += momentum * new
        running._has_changed()


def _by_running(x, mean, variance, weight, bias, eps):
    if mean is None or variance is None:
        raise RuntimeError("Expected running_mean and running_var to be defined when training=False")
    factor = Tensor((1 / np.sqrt(variance.array + eps)).astype(x.dtype, copy=False))
    factor = factor if weight is None else factor * weight
    shift = -mean.detach() * factor
    shift = shift if bias is None else shift + bias
    return x * factor.reshape(-1, 1) + shift.reshape(-1, 1)
