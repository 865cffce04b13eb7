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


_ROWS = 32  # queries done at a time, at least: the weights of a block are computed again in the backward pass


@differentiable(
    lambda g, query, key, value, out, context, mask, scale: context.get(
        g, _vjps, query, key, value, out, mask, scale
    )[0],
    lambda g, query, key, value, out, context, mask, scale: context.get(
        g, _vjps, query, key, value, out, mask, scale
    )[1],
    lambda g, query, key, value, out, context, mask, scale: context.take(
        g, _vjps, query, key, value, out, mask, scale
    )[2],
    composed=composed,
    expects="query (..., L, E), key (..., S, E), value (..., S, Ev), mask to broadcast to (..., L, S)",
)
def attention(query, key, value, mask=None, scale=1.0):
    """softmax(Q K^T scale + mask) V for arrays.

    Of the weights only the logarithm of each row's total is kept, as Dao et al. do, arXiv:2205.14135, 2022.
    """
    batch = np.broadcast_shapes(*(a.shape[:-2] for a in (query, key, value)))
    if mask is not None:
        batch = np.broadcast_shapes(batch, mask.shape[:-2])
    query, key = query * scale, np.ascontiguousarray(_T(key))
    length = query.shape[-2]
    out = _beside((*batch, length, value.shape[-1]), value.dtype)
    logs = np.empty((*batch, length), query.dtype)
    for rows, seen, added in _blocks(mask, length, key.shape[-1], query.dtype):
        weights, total, largest = _exponentials(query[..., rows, :], key[..., seen], added)
        found = weights @ value[..., seen, :]
        found /= total
        out[..., rows, :] = found
        logs[..., rows] = (np.log(total) + largest)[..., 0]
    return out, Shared(logs)


def _T(x):
    return x.swapaxes(-1, -2)


def _beside(shape, dtype):
    """An array (..., H, L, E) in which the heads of a position lie together, as the next layer reads them."""
    if len(shape) < 3:
        return np.empty(shape, dtype)
    *batch, heads, length, width = shape
    return np.empty((*batch, length, heads, width), dtype).swapaxes(-2, -3)


def _blocks(mask, length, keys, dtype):
    """Some rows of queries at a time, the keys up to the last that one of them sees, what to add there."""
    ends = added = None
    if mask is not None:
        added = np.broadcast_to(mask, (*mask.shape[:-2], length, keys))
        if mask.dtype.kind == "b":
            ends = keys - added[..., ::-1].argmax(axis=-1) if keys else None
            added = np.where(added, dtype.type(0), dtype.type(-np.inf))
    step = max(_ROWS, -(-length // 8))
    for start in range(0, length, step):
        rows = slice(start, start + step)
        seen = slice(keys if ends is None else ends[..., rows].max(initial=0))
        yield rows, seen, None if added is None else added[..., rows, seen]


def _exponentials(query, key, added):
    """e**(Q K + added - largest), the totals of its rows, and `largest`: 0 unless numbers get out of hand."""
    scores = _scores(query, key, added)
    np.exp(scores, out=scores)
    total = _row_sums(scores)
    if total.size == 0 or (total.min() > 1e-20 and total.max() < np.inf):
        return scores, total, 0
    scores = _scores(query, key, added)
    largest = scores.max(axis=-1, keepdims=True, initial=-np.inf)
    largest[largest == -np.inf] = 0  # a row that may look nowhere gets weights 0
    scores -= largest
    np.exp(scores, out=scores)
    total = _row_sums(scores)
    total[total == 0] = 1
    return scores, total, largest


def _scores(query, key, added):
    scores = query @ key
    if added is None:
        return scores
    same = np.broadcast_shapes(added.shape, scores.shape) == scores.shape
    return np.add(scores, added, out=scores if same else None)


def _row_sums(x):
    """The sums over the last dimension, which is kept."""
    return x @ np.ones((x.shape[-1], 1), x.dtype)


def _vjps(g, logs, query, key, value, out, mask, scale):
    """The three gradients, for a block of queries at a time.

    The gradient of the scores is that of softmax, weights * (dW - sum(dW * weights)), where dW = g V^T and
    the sum is that of g * out. Both subtractions, of this sum and of `logs` from the scores, are done by the
    matrix product: one more column, times a row of ones.
    """
    length, keys = query.shape[-2], key.shape[-2]
    queries = _with_column(query, scale, -logs)
    gradients = _with_column(g, 1, -np.einsum("...i,...i->...", g, out))
    ks, vs = _with_ones(key), _with_ones(value)
    batch = g.shape[:-2]
    dq = np.empty((*batch, *query.shape[-2:]), query.dtype)
    dk, dv = (np.zeros((*batch, keys, a.shape[-1]), a.dtype) for a in (key, value))
    for rows, seen, added in _blocks(mask, length, keys, query.dtype):
        weights = _scores(queries[..., rows, :], ks[..., seen], added)
        np.exp(weights, out=weights)
        dv[..., seen, :] += _T(weights) @ g[..., rows, :]
        weights *= gradients[..., rows, :] @ vs[..., seen]
        np.matmul(weights, key[..., seen, :], out=dq[..., rows, :])
        dk[..., seen, :] += _T(weights) @ query[..., rows, :]
    dq *= scale  # last, so that dW and the sum that is subtracted from it are rounded alike
    dk *= scale
    return dq, dk, dv


def _with_column(x, scale, column):
    """`x` (..., L, E) times `scale`, with one more column, `column` (..., L)."""
    out = np.empty((*column.shape, x.shape[-1] + 1), x.dtype)
    np.multiply(x, scale, out=out[..., :-1])
    out[..., -1] = column
    return out


def _with_ones(x):
    """The transpose of `x` (..., S, E) with one more row, of ones."""
    out = np.empty((*x.shape[:-2], x.shape[-1] + 1, x.shape[-2]), x.dtype)
    out[..., :-1, :] = _T(x)
    out[..., -1, :] = 1
    return out
