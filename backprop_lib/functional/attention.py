"""Attention."""

import math

import numpy as np

from backprop_lib.core import Tensor, apply
from backprop_lib.functional.activation import dropout
from backprop_lib.operations import attention


def scaled_dot_product_attention(
    query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False
):
    """softmax(Q K^T scale + mask) V, with scale 1 / sqrt(E) if it is not given.

    Shapes: query (..., L, E), key (..., S, E), value (..., S, Ev); result (..., L, Ev).
    `attn_mask`, broadcastable to (..., L, S), is added, or if bool is True where a query may look.
    `is_causal` lets query i look at keys up to i. `dropout_p` applies to the weights, always.
    With `enable_gqa` each key and value head, dimension -3, serves several query heads.
    Raises RuntimeError if the shapes do not fit or if both a mask and is_causal are given.
    Vaswani et al., NeurIPS 2017.
    """
    if min(len(x.shape) for x in (query, key, value)) < 2 or query.shape[-1] != key.shape[-1]:
        raise RuntimeError(
            "attention needs query (..., L, E), key (..., S, E) and value (..., S, Ev), "
            f"got {query.shape}, {key.shape} and {value.shape}"
        )
    if is_causal:
        if attn_mask is not None:
            raise RuntimeError("Explicit attn_mask should not be set when is_causal=True")
        attn_mask = causal_mask(query.shape[-2], key.shape[-2])
    if enable_gqa:
        key, value = (_repeated(x, query.shape[-3]) for x in (key, value))
    scale = 1 / math.sqrt(max(query.shape[-1], 1)) if scale is None else scale
    if dropout_p > 0 or (isinstance(attn_mask, Tensor) and attn_mask.requires_grad):
        drop = (lambda weights: dropout(weights, dropout_p)) if dropout_p > 0 else None
        return attention.composed(query, key, value, _plain(attn_mask), scale, drop)
    options = {"mask": _plain(attn_mask), "scale": scale}
    return apply(attention.attention.operation, (query, key, value), options)


def _plain(mask):
    return mask.array if isinstance(mask, Tensor) and not mask.requires_grad else mask


def causal_mask(rows, columns):
    """True where a query (row) may look: at keys that are not later."""
    return np.tri(rows, columns, dtype=bool)


def _repeated(x, heads):
    """Each head of `x` as often as makes `heads` of them."""
    *batch, own, length, width = x.shape
    if own == 0 or heads % own:
        raise RuntimeError(f"enable_gqa needs a number of query heads that {own} divides, got {heads}")
    x = x.reshape(*batch, own, 1, length, width)
    return x.broadcast_to((*batch, own, heads // own, length, width)).reshape(*batch, heads, length, width)
