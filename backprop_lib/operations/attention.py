"""Scaled dot-product attention as one operation. Vaswani et al., NeurIPS 2017."""

import numpy as np

from backprop_lib.core import differentiable
from backprop_lib.operations.choosing import where
from backprop_lib.operations.either import Shared
from backprop_lib.operations.softmax import softmax


def composed(query, key, value, mask=None, scale=1.0, dropout=None):
    """softmax(Q K^T scale + mask) V of Tensors; the mask is added, or if it is bool tells where to look."""
    scores = (query @ key.transpose(-2, -1)) * scale
    if mask is None:
        weights = softmax(scores, -1)
    elif mask.dtype.kind == "b":
        blind = ~getattr(mask, "array", mask).any(-1, keepdims=True)
        weights = softmax(where(mask | blind, scores, -np.inf), -1)
        weights = where(blind, 0.0, weights) if blind.any() else weights
    else:
        weights = softmax(scores + mask, -1)
    if dropout is not None:
        weights = dropout(weights)
    return weights @ value


@differentiable(
    lambda g, key, value, context, scale: context.get(g, _scores_vjp, value, scale) @ key,
    lambda g, query, value, context, scale: _T(context.take(g, _scores_vjp, value, scale)) @ query,
    lambda g, context: _T(context.kept) @ g,
    composed=composed,
    expects="query (..., L, E), key (..., S, E), value (..., S, Ev), mask to broadcast to (..., L, S)",
)
def attention(query, key, value, mask=None, scale=1.0):
    """softmax(Q K^T scale + mask) V for arrays."""
    scores = (query * scale) @ _T(key)
    small = (
        scores.size == 0 or max(scores.max(), -scores.min()) < 60
    )  # then no e**x is too large or too small
    if mask is not None:
        added = np.where(mask, 0, -np.inf).astype(scores.dtype) if mask.dtype.kind == "b" else mask
        small = small and mask.dtype.kind == "b"
        same = np.broadcast_shapes(added.shape, scores.shape) == scores.shape
        scores = np.add(scores, added, out=scores if same else None)
    if not small:
        largest = scores.max(axis=-1, keepdims=True)
        if mask is not None:
            largest[largest == -np.inf] = 0  # a row that may look nowhere gets weights 0
        scores -= largest
    np.exp(scores, out=scores)
    total = scores @ np.ones((*scores.shape[-1:], 1), scores.dtype)
    if mask is not None:
        total[total == 0] = 1
    scores /= total
    return scores @ value, Shared(scores)


def _T(x):
    return x.swapaxes(-1, -2)


def _scores_vjp(g, weights, value, scale):
    """The gradient of Q K^T: that of softmax, weights * (dW - sum(dW * weights)), times the scale."""
    d = g @ _T(value)
    d *= weights
    d -= weights * (d @ np.ones((*d.shape[-1:], 1), d.dtype))
    d *= scale
    return d
