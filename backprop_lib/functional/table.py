"""Rows of a table by number, and numbers as rows of zeros with a one."""

import numpy as np

from backprop_lib.core import Tensor, apply
from backprop_lib.operations import linear


def embedding(
    input, weight, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, sparse=False
):
    """The rows of `weight` that the whole numbers `input` name.

    Shapes: input any, weight (V, D); result (*input.shape, D).
    Row `padding_idx` gets no gradient. With `max_norm`, rows that are used and whose norm, of order
    `norm_type`, exceeds it are first shortened, in place.
    `scale_grad_by_freq` divides the gradient of a row by the times it was used.
    Raises IndexError for a number out of range, RuntimeError if `input` has no whole numbers,
    AssertionError if there is no row `padding_idx`, NotImplementedError for `sparse`.
    """
    if sparse:
        raise NotImplementedError("embedding: sparse gradients are not supported; use sparse=False")
    index = input.array if isinstance(input, Tensor) else np.asarray(input)
    if index.dtype.kind not in "iu" or len(weight.shape) != 2:
        raise RuntimeError(
            f"embedding needs whole numbers and weight (V, D), got dtype {index.dtype} and {weight.shape}"
        )
    count = weight.shape[0]
    if index.size and not (index.min() >= 0 and index.max() < count):
        raise IndexError(f"index out of range: embedding of {count} rows got {index.min()} to {index.max()}")
    if padding_idx is not None:
        if not -count <= padding_idx < count:
            raise AssertionError(f"padding_idx must be within the {count} rows, got {padding_idx}")
        padding_idx %= count
    if max_norm is not None:
        _shorten(weight, np.unique(index), max_norm, norm_type)
    out = apply(linear._take_rows.operation, (weight,), {"index": index, "skip": padding_idx})
    if scale_grad_by_freq and out.requires_grad:
        times = np.bincount(index.reshape(-1), minlength=count)[index].astype(out.dtype)[..., None]
        out.register_hook(lambda g: g / times)
    return out


def _shorten(weight, rows, max_norm, norm_type):
    norms = np.linalg.norm(weight.array[rows], ord=norm_type, axis=1, keepdims=True)
    factors = np.where(norms > max_norm, max_norm / (norms + 1e-7), 1).astype(weight.dtype)
    weight.array[rows] *= factors
    weight._has_changed()


def one_hot(tensor, num_classes=-1):
    """Each whole number as a row of zeros with a one at that place; -1 takes as many classes as needed.

    Shapes: tensor any; result (*shape, num_classes), int64.
    Raises RuntimeError for numbers that are negative, too large or not whole.
    """
    index = tensor.array
    if index.dtype.kind not in "iu":
        raise RuntimeError(f"one_hot needs whole numbers, got dtype {index.dtype}")
    if num_classes == -1:
        if not index.size:
            raise RuntimeError("Can not infer total number of classes from empty tensor.")
        num_classes = int(index.max()) + 1
    if num_classes <= 0 and not index.size:
        raise RuntimeError("Class values must be smaller than num_classes.")
    if index.size and (index.min() < 0 or index.max() >= num_classes):
        raise RuntimeError(
            f"one_hot with {num_classes} classes needs numbers from 0 to {num_classes - 1}, "
            f"got {index.min()} to {index.max()}"
        )
    return Tensor((index[..., None] == np.arange(num_classes)).astype(np.int64))
