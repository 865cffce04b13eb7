"""Losses, element by element or row by row; reduced by 'mean', 'sum' or 'none'."""

import math

import numpy as np

from backprop_lib.core import differentiable
from backprop_lib.graph import ones
from backprop_lib.operations import elementwise
from backprop_lib.operations.either import either
from backprop_lib.operations.shifting import shifted
from backprop_lib.operations.softmax import log_softmax

_sigmoid, _log = either(elementwise.sigmoid), either(elementwise.log)


def reduce(loss, reduction):
    """`loss` as it is, its sum or its mean; raises ValueError for another reduction."""
    if reduction == "mean":
        return loss.mean()
    if reduction == "sum":
        return loss.sum()
    check_reduction(reduction)
    return loss


def check_reduction(reduction):
    """Raise ValueError unless the reduction is one of PyTorch's."""
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"reduction must be 'mean', 'sum' or 'none', got {reduction!r}")


# ---- squared error; its mean is one operation, as it is what small networks end with ----


@differentiable(
    lambda g, input, target: 2 * g * (input - target), lambda g, input, target: 2 * g * (target - input)
)
def squared_error(input, target):
    """(y - t)**2, element by element."""
    d = input - target
    return d * d


def _mean_squared_vjp(g, y, t):
    """2 (y - t) / n, for y and t of n elements."""
    return (y - t) * (g * (2 / max(math.prod(y.shape), 1)))


@differentiable(
    lambda g, input, target: _mean_squared_vjp(g, input, target),
    lambda g, input, target: _mean_squared_vjp(g, target, input),
)
def mean_squared_error(input, target):
    """The mean of (y - t)**2 over all elements."""
    d = input - target
    return np.vdot(d, d) / (d.size or math.nan)


# ---- losses of pairs ----


def _clipped(g, d, limit):
    return g * np.maximum(np.minimum(d, limit), -limit)


@differentiable(
    lambda g, input, target, delta: _clipped(g, input - target, delta),
    lambda g, input, target, delta: _clipped(-g, input - target, delta),
)
def huber(input, target, delta=1.0):
    """d**2 / 2 where the error |d| is at most delta, delta (|d| - delta / 2) beyond."""
    d = np.abs(input - target)
    return np.where(d <= delta, 0.5 * d * d, delta * (d - 0.5 * delta))


def _signed(g, d):
    return np.where(d > 0, g, np.where(d < 0, -g, 0.0))


@differentiable(
    lambda g, input, target: _signed(g, input - target), lambda g, input, target: _signed(-g, input - target)
)
def absolute_error(input, target):
    """|y - t|; the derivative at 0 is taken to be 0."""
    return np.abs(input - target)


@differentiable(
    lambda g, input, target: g * (input - target) / np.maximum(input * (1 - input), 1e-12),
    lambda g, input: g * (_clamped_log(1 - input) - _clamped_log(input)),
)
def cross_entropy_of_probability(input, target):
    """-(t log p + (1 - t) log(1 - p)), each logarithm being at least -100."""
    return -(target * _clamped_log(input) + (1 - target) * np.maximum(np.log1p(-input), -100))


def _clamped_log(p):
    return np.maximum(_log(p), -100)


@differentiable(lambda g, input: g * _sigmoid(input))
def log_one_plus_exp(input):
    """log(1 + e**x), without overflow."""
    return np.logaddexp(input, 0)


@differentiable(
    lambda g, input: g * (_log(np.where(input == 0, 1.0, input)) + 1),
)
def x_log_x(input):
    """x log x, and 0 at 0."""
    return input * np.log(np.where(input == 0, 1, input))


# ---- cross-entropy with class numbers: a row of logits for each number ----


def _composed_cross_entropy(input, target, weight=None, ignore=None, reduction="mean"):
    return negative_log_likelihood(log_softmax(input, 1), target, weight, ignore, reduction)


@differentiable(
    lambda g, context, reduction: _cross_entropy_vjp(g, *context, reduction),
    composed=_composed_cross_entropy,
)
def cross_entropy_of_rows(input, target=None, weight=None, ignore=None, reduction="mean"):
    """The cross-entropy between softmax(logits), logits (N, C), and class numbers (N,), reduced."""
    logits = np.ascontiguousarray(shifted(input, 1))
    safe, kept, weights = row_weights(target, weight, ignore, input)
    at = safe.astype(np.intp, copy=False)
    if logits.size:
        at = at + np.arange(0, logits.size, logits.shape[1])  # each row's class among all numbers
    picked = logits.take(at)
    np.exp(logits, out=logits)
    total = logits.dot(ones(logits.shape[1], logits.dtype))
    losses = np.log(total) - picked
    logits /= total[:, None]
    if weights is not None:
        losses = np.where(kept, losses * weights, 0)
    count = len(safe) if weights is None else weights.sum()
    context = (logits, at, weights, count)
    if reduction == "none":
        return losses, context
    return (losses.sum() / count if reduction == "mean" else losses.sum()), context


def _cross_entropy_vjp(g, probabilities, at, weights, count, reduction):
    """(softmax(x) - one-hot) w, which is why softmax and cross-entropy belong together."""
    scale = g / count if reduction == "mean" else g
    if weights is not None:
        scale = np.where(weights == 0, 0, scale * weights)  # also where nothing counts and the mean is nan
    scale = np.asarray(scale, probabilities.dtype)
    share = probabilities * (scale[:, None] if scale.ndim else scale)
    share.reshape(-1)[at] -= scale
    return share


def row_weights(target, weight, ignore, like):
    """Class numbers safe to index with, which are not ignored, and their weights, None if all are 1."""
    kept = ignore is None or target != ignore
    if kept is True or kept.all():
        return target, kept, None if weight is None else weight[target]
    safe = np.where(kept, target, 0)
    weights = kept.astype(like.dtype) if weight is None else np.where(kept, weight[safe], 0)
    return safe, kept, weights


def negative_log_likelihood(input, target, weight=None, ignore=None, reduction="mean"):
    """-w[t] x[t] for each row x (N, C) of log-probabilities and class number t (N,), reduced."""
    safe, kept, weights = row_weights(target, weight, ignore, input)
    losses = -input[np.arange(len(safe)), safe]
    if weights is not None:
        losses = np.where(kept, losses * weights, 0.0)
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    count = len(safe) if weights is None else weights.sum()
    return losses.sum() / count
