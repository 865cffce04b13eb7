"""Losses that compare probabilities, reduced by 'mean', 'sum' or 'none'. All are stable for large logits."""

import numpy as np

from backprop_lib.core import Tensor, apply
from backprop_lib.functional.regression import _reduction
from backprop_lib.operations import losses
from backprop_lib.operations.softmax import log_softmax


def cross_entropy(
    input,
    target,
    weight=None,
    size_average=None,
    ignore_index=-100,
    reduce=None,
    reduction="mean",
    label_smoothing=0.0,
):
    """-log softmax(logits)[class], averaged: the loss of classification.

    Shapes: logits (C,), (N, C) or (N, C, d1, ...); target: class numbers of the shape without C, or
    probabilities of the shape of the logits; weight (C,).
    Targets equal to `ignore_index` do not count. `label_smoothing` mixes the target with equal probabilities
    (Szegedy et al., CVPR 2016).
    Raises IndexError for a class number out of range, RuntimeError for shapes that do not fit,
    ValueError for another reduction.
    """
    reduction = _reduction(size_average, reduce, reduction)
    if not 0 <= label_smoothing <= 1:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    target, weight = _plain(target), _plain(weight)
    if _is_of_classes(target):
        return _with_classes(input, target, weight, ignore_index, reduction, label_smoothing)
    if target.shape != input.shape:
        raise RuntimeError(
            f"cross_entropy needs probabilities of the shape of the logits, {input.shape}, got {target.shape}"
        )
    dim = 1 if len(input.shape) > 1 else 0
    share = target * (1 - label_smoothing) + label_smoothing / max(input.shape[dim], 1)
    losses_ = -(_along(weight, share * log_softmax(input, dim), dim)).sum(dim=dim)
    if reduction == "mean":
        return losses_.sum() / max(losses_.numel() if dim == 0 else input.shape[0] * _inner(input.shape), 0)
    return losses.reduce(losses_, reduction)


def _inner(shape):
    return int(np.prod(shape[2:], dtype=np.int64))


def _along(weight, x, dim):
    """`x` times the class weights along `dim`."""
    if weight is None:
        return x
    return x * weight.reshape((-1,) + (1,) * (len(x.shape) - dim - 1))


def _with_classes(input, target, weight, ignore_index, reduction, label_smoothing):
    rows, classes, shape, ignore = _as_rows("cross_entropy", input, target, weight, ignore_index)
    options = {"target": classes, "weight": weight, "ignore": ignore, "reduction": reduction}
    if label_smoothing == 0:
        loss = apply(losses.cross_entropy_of_rows.operation, (rows,), options)
        return loss if reduction != "none" or loss.shape == shape else loss.reshape(shape)
    logs = log_softmax(rows, 1)
    hard = losses.negative_log_likelihood(logs, **options)
    kept = classes != ignore_index
    soft = -_along(weight, logs, 1).sum(dim=1) * kept.astype(logs.dtype)
    if reduction == "mean":
        total = kept.sum() if weight is None else weight[np.where(kept, classes, 0)][kept].sum()
        soft = soft.sum() / total
    elif reduction == "sum":
        soft = soft.sum()
    loss = hard * (1 - label_smoothing) + soft * (label_smoothing / max(rows.shape[1], 1))
    return loss.reshape(shape) if reduction == "none" else loss


def nll_loss(input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean"):
    """-x[class] of log-probabilities x, averaged with the weights of the classes.

    Shapes: x (C,), (N, C) or (N, C, d1, ...); target of the shape without C; weight (C,).
    Targets equal to `ignore_index` do not count.
    Raises IndexError for a class number out of range, RuntimeError for shapes that do not fit,
    ValueError for another reduction.
    """
    reduction = _reduction(size_average, reduce, reduction)
    target, weight = _plain(target), _plain(weight)
    rows, classes, shape, ignore = _as_rows("nll_loss", input, target, weight, ignore_index)
    loss = losses.negative_log_likelihood(rows, classes, weight, ignore, reduction)
    return loss.reshape(shape) if reduction == "none" else loss


def _as_rows(name, input, target, weight, ignore_index):
    """Logits as rows (M, C), class numbers as (M,), the shape of the losses, and which class to ignore.

    The last is None if the classes are all to count. Raises what its callers say.
    """
    shape = input.shape
    if not shape or target.shape != (*shape[: len(shape) > 1], *shape[2:]):
        raise RuntimeError(
            f"{name} needs logits (C,), (N, C) or (N, C, d1, ...) and class numbers of the shape without C, "
            f"got {shape} and {target.shape}"
        )
    if not _is_of_classes(target):
        raise RuntimeError(f"{name} needs whole numbers as classes, got dtype {target.dtype}")
    rows = input
    if len(shape) == 1:
        rows = input.reshape(1, shape[0])
    elif len(shape) > 2:
        rows = input.reshape(shape[0], shape[1], -1 if 0 not in shape else _inner(shape))
        rows = rows.transpose(1, 2).reshape(shape[0] * _inner(shape), shape[1])
    if weight is not None and weight.shape != (rows.shape[1],):
        raise RuntimeError(
            f"{name} needs a weight for each of the {rows.shape[1]} classes, got shape {weight.shape}"
        )
    classes, count = target.reshape(-1), rows.shape[1]
    outside = _out_of_range(classes, count)
    if outside.any():
        wrong = outside & (classes != ignore_index)
        if wrong.any():
            raise IndexError(f"Target {classes[wrong][0]} is out of bounds.")
    elif not 0 <= ignore_index < count:
        ignore_index = None
    return rows, classes, target.shape, ignore_index


def _out_of_range(classes, count):
    if classes.dtype == np.int64:
        return classes.view(np.uint64) >= count  # negative numbers become large ones: one comparison for two
    return (classes < 0) | (classes >= count)


def _is_of_classes(target):
    return isinstance(target, np.ndarray) and target.dtype.kind in "iu"


def _plain(x):
    """The array of a Tensor that needs no gradient; anything else as it is."""
    return x.array if isinstance(x, Tensor) and not x.requires_grad else x


def binary_cross_entropy(input, target, weight=None, size_average=None, reduce=None, reduction="mean"):
    """-(t log p + (1 - t) log(1 - p)), times `weight` if given; a logarithm counts as -100 at least.

    Shapes: p and t the same, weight broadcastable to it.
    Raises RuntimeError unless 0 <= p <= 1, ValueError if the shapes differ or for another reduction.
    """
    reduction = _reduction(size_average, reduce, reduction)
    _same_shape(input, target)
    p = input.array
    if not ((p >= 0) & (p <= 1)).all():
        raise RuntimeError("all elements of input should be between 0 and 1")
    loss = losses.cross_entropy_of_probability(input, target)
    return losses.reduce(loss if weight is None else loss * weight, reduction)


def binary_cross_entropy_with_logits(
    input, target, weight=None, size_average=None, reduce=None, reduction="mean", pos_weight=None
):
    """binary_cross_entropy(sigmoid(x), t), exact for logits x of any size, times `weight` if given.

    Shapes: x and t the same; weight and pos_weight, which multiplies the losses of positives, broadcastable.
    Raises ValueError if the shapes differ or for another reduction.
    """
    reduction = _reduction(size_average, reduce, reduction)
    _same_shape(input, target)
    soft = losses.log_one_plus_exp(-input)
    if pos_weight is not None:
        soft = soft * ((pos_weight - 1) * target + 1)
    loss = (1 - target) * input + soft
    return losses.reduce(loss if weight is None else loss * weight, reduction)


def _same_shape(input, target):
    if input.shape != target.shape:
        raise ValueError(f"Target size {target.shape} must be the same as input size {input.shape}")


def kl_div(input, target, size_average=None, reduce=None, reduction="mean", log_target=False):
    """t (log t - x): the divergence of log-probabilities x from probabilities t, or log t if `log_target`.

    Shapes: x and t broadcastable. 'batchmean' divides the sum by the length of the first dimension, which is
    the divergence of the mathematicians; 'mean' divides by the number of elements.
    Raises ValueError for another reduction. Kullback & Leibler, Annals of Mathematical Statistics
    22(1):79-86, 1951.
    """
    if reduction != "batchmean" or size_average is not None or reduce is not None:
        reduction = _reduction(size_average, reduce, reduction)
    own = target.exp() * target if log_target else losses.x_log_x(target)
    loss = own - (target.exp() if log_target else target) * input
    if reduction != "batchmean":
        return losses.reduce(loss, reduction)
    return loss.sum() / input.shape[0] if len(input.shape) else loss.sum()
