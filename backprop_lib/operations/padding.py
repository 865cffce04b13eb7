"""More elements round the edges."""

import numpy as np

from backprop_lib.core import apply, differentiable
from backprop_lib.operations.choosing import getitem


@differentiable(lambda g, input_shape, widths: g[_inner(input_shape, widths)], name="pad")
def _pad(input, widths=None, value=0.0):
    return np.pad(input, widths, constant_values=value)


def _inner(shape, widths):
    return tuple(slice(before, before + n) for n, (before, _) in zip(shape, widths))


def pad(input, pad, mode="constant", value=None):
    """The Tensor with elements added before and after: pad = (before, after) of the last dimension, then of
    the last but one, and so on; negative numbers take elements away.

    Shape: each length grows by before + after.
    `mode` is "constant" (with `value`, or 0), "reflect", "replicate" (the edge) or "circular".
    Raises RuntimeError if `pad` is too long or leaves a negative length, NotImplementedError for other modes.
    """
    if len(pad) % 2 or len(pad) > 2 * input.ndim:
        raise RuntimeError(f"pad() needs pairs for at most {input.ndim} dimension(s), got {tuple(pad)}")
    pairs = list(zip(pad[::2], pad[1::2]))[::-1]
    widths = ((0, 0),) * (input.ndim - len(pairs)) + tuple(pairs)
    if any(n + before + after < 0 for n, (before, after) in zip(input.shape, widths)):
        raise RuntimeError(f"pad() would leave a negative length of shape {input.shape}: {tuple(pad)}")
    if mode in ("constant", "circular") and any(n < 0 for n in pad):
        cut = tuple(slice(max(-b, 0), n - max(-a, 0)) for n, (b, a) in zip(input.shape, widths))
        input = getitem(input, cut)
        widths = tuple((max(before, 0), max(after, 0)) for before, after in widths)
    if mode != "constant":
        return _by_index(input, widths, mode)
    return apply(_pad.operation, (input,), {"widths": widths, "value": value or 0})


def _by_index(input, widths, mode):
    """Along each dimension, the elements where they are taken from."""
    for dim, (before, after) in enumerate(widths):
        if before or after:
            n = input.shape[dim]
            index = _sources(n, before, after, mode)
            input = getitem(input, (slice(None),) * dim + (index,))
    return input


def _sources(n, before, after, mode):
    index = np.arange(-before, n + after)
    if mode == "replicate":
        if not n:
            raise RuntimeError("pad() cannot replicate the edge of a dimension of length 0")
        return np.clip(index, 0, n - 1)
    if mode == "circular":
        if max(before, after) > n:
            raise RuntimeError(f"circular padding of a dimension of length {n} cannot exceed it")
        return index % n
    if mode == "reflect":
        if max(before, after) >= n:
            raise RuntimeError(f"reflect padding of a dimension of length {n} must be less than it")
        return n - 1 - np.abs(n - 1 - np.abs(index))
    raise NotImplementedError(f"pad() knows constant, reflect, replicate and circular, not {mode!r}")
