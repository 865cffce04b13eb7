"""Pooling: the maximum or the mean of each window of an image (N, C, H, W)."""

import numpy as np

from backprop_lib.core import differentiable
from backprop_lib.operations import windows
from backprop_lib.operations.either import either


def out_size(size, kernel, stride, padding, dilation, ceil_mode):
    """How many windows there are, and the padding (before, after) that they need.

    With `ceil_mode` the last window may begin inside the image or its left padding and end beyond it.
    Raises RuntimeError if there are none.
    """
    counts, needed = [], []
    for n, k, s, p, d in zip(size, kernel, stride, padding, dilation):
        reach = n + 2 * p - d * (k - 1) - 1
        count = -(-reach // s) + 1 if ceil_mode else reach // s + 1
        if ceil_mode and (count - 1) * s >= n + p:
            count -= 1
        if count < 1:
            raise RuntimeError(
                f"pooling windows of size {tuple(kernel)} do not fit into images {tuple(size)}"
            )
        counts.append(count)
        needed.append((p, max(p, (count - 1) * s + d * (k - 1) + 1 - n - p)))
    return tuple(counts), tuple(needed)


# ---- the maximum of a window is the maximum of its rows' maxima: one pass along each dimension ----


@differentiable(
    lambda g, context, input_shape, kernel, stride, padding, dilation, size: put_back(
        g, context, input_shape, kernel, stride, padding, dilation, size
    )
)
def max_pool(input, kernel=None, stride=None, padding=None, dilation=None, size=None):
    """The largest element of each window; of several, the first, row by row, gets the gradient."""
    return max_and_which(input, kernel, stride, padding, dilation, size)


def max_and_which(x, kernel, stride, padding, dilation, size):
    """The maximum of each window, and for both dimensions which element it was (see `_along`)."""
    x = windows.pad(x, padding, -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min)
    x, columns = _along(x, -1, kernel[1], stride[1], dilation[1], size[1])
    x, rows = _along(x, -2, kernel[0], stride[0], dilation[0], size[0])
    return x.copy() if kernel == (1, 1) else x, (rows, columns)  # never a view of the input


def places(axis, kernel, stride, dilation, size):
    """For each element of a window along one dimension, the index of where it lies in all windows."""
    for i in range(kernel):
        here = slice(i * dilation, i * dilation + stride * (size - 1) + 1, stride)
        yield (..., here) if axis == -1 else (..., here, slice(None))


def _along(x, axis, kernel, stride, dilation, size):
    """The maxima along one dimension, and the number in its window of each, the first of several."""
    if kernel == 1 and stride == 1:
        return x, None
    if axis == -1 and _divides(x.shape[-1], kernel, stride, dilation, size) and x.flags.c_contiguous:
        flat = x.reshape(-1, kernel)  # one long loop for each element of a window
        seen = (flat[:, i] for i in range(kernel))
    else:
        seen = (x[place] for place in places(axis, kernel, stride, dilation, size))
    shape = (*x.shape[:-1], size) if axis == -1 else (*x.shape[:-2], size, x.shape[-1])
    out, which = next(seen), None
    for i, other in enumerate(seen, 1):
        better = other > out
        out = np.maximum(out, other)
        if which is None:
            which = better.view(np.uint8)
        else:
            which = np.maximum(which, np.multiply(better, i, dtype=np.min_scalar_type(kernel)))
    which = np.zeros(out.shape, np.uint8) if which is None else which
    return out.reshape(shape), which.reshape(shape)


def _divides(length, kernel, stride, dilation, size):
    """Whether each element lies in one window."""
    return kernel == stride and (dilation == 1 or kernel == 1) and kernel * size == length


def _undo_along(g, which, axis, kernel, stride, dilation, size, length):
    """Put each gradient back where its maximum was, along one dimension of this length."""
    if which is None:
        return g
    g = _laid_out_as(which, g)
    shape = (*g.shape[:-1], length) if axis == -1 else (*g.shape[:-2], length, g.shape[-1])
    apart = stride >= dilation * (kernel - 1) + 1  # then no element lies in two windows
    whole = _divides(length, kernel, stride, dilation, size)
    out = (np.empty_like if whole else np.zeros_like)(which, g.dtype, shape=shape)
    if whole and axis == -1 and g.flags.c_contiguous:
        flat, g, which = out.reshape(-1, kernel), g.reshape(-1), which.reshape(-1)
        parts = (flat[:, i] for i in range(kernel))
    else:
        parts = (out[place] for place in places(axis, kernel, stride, dilation, size))
    for i, part in enumerate(parts):
        chosen = which.view(bool) if i == 1 and kernel == 2 else which == i
        if apart:
            np.multiply(g, chosen, out=part)
        else:
            part += g * chosen
    return out


def _laid_out_as(other, x):
    """`x` with its numbers in the same order in memory as those of `other`, which makes for long loops."""
    if x.strides == tuple(n // other.itemsize * x.itemsize for n in other.strides):
        return x
    out = np.empty_like(other, x.dtype)
    out[...] = x
    return out


@differentiable(
    lambda g, which, kernel, stride, padding, dilation, size: pick(
        g, which, kernel, stride, padding, dilation, size
    ),
    name="max_pool_vjp",
)
def _put_back(
    input, which=None, shape=None, kernel=None, stride=None, padding=None, dilation=None, size=None
):
    """Zeros of `shape`, to which each element of `input` is added where the maximum of its window was."""
    h, w = (n + sum(p) for n, p in zip(shape[-2:], padding))
    g = _undo_along(input, which[0], -2, kernel[0], stride[0], dilation[0], size[0], h)
    g = _undo_along(g, which[1], -1, kernel[1], stride[1], dilation[1], size[1], w)
    return windows.crop(g, padding)


@differentiable(
    lambda g, which, input_shape, kernel, stride, padding, dilation, size: put_back(
        g, which, input_shape, kernel, stride, padding, dilation, size
    ),
    name="max_pool_pick",
)
def _pick(input, which=None, kernel=None, stride=None, padding=None, dilation=None, size=None):
    """The elements that were the maxima of their windows."""
    x = windows.pad(input, padding)
    for axis, numbers in ((-1, which[1]), (-2, which[0])):
        if numbers is not None:
            seen = [x[p] for p in places(axis, kernel[axis], stride[axis], dilation[axis], size[axis])]
            x = np.choose(numbers, seen) if len(seen) <= 32 else _choose(numbers, seen)
    return x


def _choose(numbers, seen):
    """np.choose, which takes but 32 choices."""
    return np.take_along_axis(np.stack(seen), numbers[None].astype(np.int64), 0)[0]


def index_in_image(which, image, kernel, stride, padding, dilation, size):
    """Where the maxima were, counted row by row in the image."""
    rows, columns = which
    shape = (*image[:-2], *size)
    row = np.zeros(shape, np.int64) if rows is None else rows.astype(np.int64)
    row = np.arange(size[0])[:, None] * stride[0] + row * dilation[0]
    column = np.zeros(shape, np.int64)
    if columns is not None:
        column = np.take_along_axis(columns.astype(np.int64), row, -2)
    column = np.arange(size[1]) * stride[1] + column * dilation[1]
    return (row - padding[0][0]) * image[-1] + column - padding[1][0]


put_back, pick = either(_put_back), either(_pick)


# ---- the sum of each window, which is linear: its gradient's gradient is itself ----


@differentiable(
    lambda g, input_shape, kernel, stride, padding, size: spread_windows(
        g, input_shape, kernel, stride, padding, size
    ),
    name="window_sum",
)
def _sum_windows(input, kernel=None, stride=None, padding=None, size=None):
    """The sum of each window."""
    x = windows.pad(input, padding)
    places = windows.places(kernel, stride, (1, 1), size)
    out = x[next(places)].copy()
    for place in places:
        out += x[place]
    return out


@differentiable(
    lambda g, kernel, stride, padding, size: sum_windows(g, kernel, stride, padding, size),
    name="window_spread",
)
def _spread_windows(input, shape=None, kernel=None, stride=None, padding=None, size=None):
    """Zeros of `shape`, to which each element of `input` is added everywhere in its window."""
    padded = (n + sum(p) for n, p in zip(shape[-2:], padding))
    out = np.zeros((*shape[:-2], *padded), input.dtype)
    for place in windows.places(kernel, stride, (1, 1), size):
        out[place] += input
    return windows.crop(out, padding)


sum_windows, spread_windows = either(_sum_windows), either(_spread_windows)


def window_lengths(size, kernel, stride, padding, count, count_include_pad):
    """How many elements the mean of each window along one dimension counts."""
    start = np.arange(count) * stride - padding
    end = np.minimum(start + kernel, size + padding)
    if count_include_pad:
        return end - start
    return np.minimum(end, size) - np.maximum(start, 0)
