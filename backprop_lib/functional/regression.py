"""Losses that compare numbers: prediction and target of the same shape, reduced by a mean or a sum."""

import numpy as np

from backprop_lib.operations import losses


def mse_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """The squared error (y - t)**2, times `weight` if given, reduced; there is no factor 1/2.

    Shapes: y and t the same; the result has none, or theirs with 'none'.
    Raises ValueError for another reduction, RuntimeError if prediction and target differ in shape:
    broadcasting them would average over pairs that do not belong together.
    """
    _same_shape("mse_loss", input, target)
    reduction = _reduction(size_average, reduce, reduction)
    if reduction == "mean" and weight is None:
        return losses.mean_squared_error(input, target)
    return _weighted(losses.squared_error(input, target), weight, reduction)


def l1_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """The absolute error |y - t|, times `weight` if given, reduced; the derivative at 0 is taken to be 0.

    Shapes: y and t the same or broadcastable. Raises ValueError for another reduction.
    """
    reduction = _reduction(size_average, reduce, reduction)
    return _weighted(losses.absolute_error(input, target), weight, reduction)


def huber_loss(input, target, reduction="mean", delta=1.0, weight=None):
    """d**2 / 2 where |d| <= delta, delta (|d| - delta / 2) beyond, for d = y - t, reduced.

    Shapes: y and t the same or broadcastable.
    Raises ValueError for another reduction, RuntimeError for delta <= 0.
    Huber, Annals of Mathematical Statistics 35(1):73-101, 1964.
    """
    losses.check_reduction(reduction)
    if delta <= 0:
        raise RuntimeError(f"huber_loss does not support non-positive values for delta, got {delta}")
    loss = losses.huber(input, target, delta=delta)
    return losses.reduce(loss if weight is None else loss * weight, reduction)


def smooth_l1_loss(input, target, size_average=None, reduce=None, reduction="mean", beta=1.0):
    """huber_loss / beta with delta = beta; l1_loss if beta is 0.

    Shapes: y and t the same or broadcastable. Raises ValueError for another reduction, RuntimeError for
    negative beta. Girshick, ICCV 2015.
    """
    if beta < 0:
        raise RuntimeError(f"smooth_l1_loss does not support negative values for beta, got {beta}")
    reduction = _reduction(size_average, reduce, reduction)
    if beta == 0:
        return l1_loss(input, target, reduction=reduction)
    return losses.reduce(losses.huber(input, target, delta=beta) / beta, reduction)


def _same_shape(name, input, target):
    if input.shape != target.shape:
        raise RuntimeError(
            f"{name} needs prediction and target of the same shape, got {input.shape} and {target.shape}: "
            "broadcasting them would average over pairs that do not belong together"
        )


def _reduction(size_average, reduce, reduction):
    """The reduction, also where PyTorch's two old arguments say it."""
    if size_average is not None or reduce is not None:
        if reduce is False:
            return "none"
        return "sum" if size_average is False else "mean"
    losses.check_reduction(reduction)
    return reduction


def _weighted(loss, weight, reduction):
    """Times the weight; the mean is then divided by the sum of the weights."""
    if weight is None:
        return losses.reduce(loss, reduction)
    weighted = loss * weight
    if reduction != "mean":
        return losses.reduce(weighted, reduction)
    return weighted.sum() / np.broadcast_to(getattr(weight, "array", weight), weighted.shape).sum()
