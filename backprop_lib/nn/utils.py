"""Clipping gradients, between backward() and the update."""

import numpy as np

from backprop_lib.tensor import Tensor


def _gradients(parameters):
    parameters = [parameters] if isinstance(parameters, Tensor) else parameters
    return [p.grad for p in parameters if p.grad is not None]


def get_total_norm(tensors, norm_type=2.0, error_if_nonfinite=False):
    """The norm of all numbers of several Tensors together, as a Tensor without dimensions.

    Raises RuntimeError if it is nan or infinite and `error_if_nonfinite`.
    """
    tensors = list(tensors)
    norm_type = float(norm_type)
    if not tensors:
        return Tensor(np.zeros((), np.float32))
    dtype = np.result_type(*(t.dtype for t in tensors))
    with np.errstate(all="ignore"):
        if norm_type == 2:
            parts = [t.array.reshape(-1) for t in tensors]
            total = np.sqrt(sum(float(np.vdot(a, a)) for a in parts))
            if not np.isfinite(total):  # the squares may have overflowed
                total = np.linalg.norm([np.linalg.norm(a.astype(np.float64)) for a in parts])
        else:
            total = np.linalg.norm(
                [np.linalg.norm(t.array.reshape(-1), norm_type) for t in tensors], norm_type
            )
    if error_if_nonfinite and not np.isfinite(total):
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, "
            "so it cannot be clipped"
        )
    return Tensor(np.asarray(total, dtype))


def clip_grad_norm_(parameters, max_norm, norm_type=2.0, error_if_nonfinite=False):
    """Shorten all gradients together, in place, if their norm exceeds `max_norm`; returns the norm before.

    Raises RuntimeError if it is nan or infinite and `error_if_nonfinite`.
    Pascanu, Mikolov & Bengio, ICML 2013.
    """
    gradients = _gradients(parameters)
    norm = get_total_norm(gradients, norm_type, error_if_nonfinite)
    factor = min(float(max_norm) / (norm.item() + 1e-6), 1.0)
    for g in gradients:
        if factor != 1:
            g.array *= factor
            g._has_changed()
    return norm


def clip_grad_value_(parameters, clip_value):
    """Clip every element of every gradient to +-clip_value, in place."""
    for g in _gradients(parameters):
        np.clip(g.array, -clip_value, clip_value, out=g.array)
        g._has_changed()


def parameters_to_vector(parameters):
    """All parameters in one row, recorded."""
    from backprop_lib.operations.joining import cat

    return cat([p.reshape(-1) for p in parameters], 0)


def vector_to_parameters(vec, parameters):
    """Copy the numbers of one row into the parameters, in place."""
    start = 0
    for p in parameters:
        p.array[...] = vec.array[start : start + p.array.size].reshape(p.shape)
        p._has_changed()
        start += p.array.size
