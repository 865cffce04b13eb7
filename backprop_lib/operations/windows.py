"""Windows that slide over images (..., H, W): what convolution and pooling have in common.

Padding is a pair (before, after) for each of the two dimensions.
"""

import operator

import numpy as np


def pair(value, name="kernel_size"):
    """Two ints, of one or two; raises TypeError for what is no int, ValueError for another length."""
    values = value if isinstance(value, tuple | list) else (value,)
    if len(values) not in (1, 2):
        raise ValueError(f"{name} must be one or two ints, got {value!r}")
    values = tuple(operator.index(v) for v in values)
    return values * 2 if len(values) == 1 else values


def pad(x, padding, value=0):
    """`x` with `value` around its images; negative padding is not needed here."""
    (top, bottom), (left, right) = padding
    if not (top or bottom or left or right):
        return x
    *lead, h, w = x.shape
    out = np.full_like(x, value, shape=(*lead, h + top + bottom, w + left + right))
    out[..., top : top + h, left : left + w] = x
    return out


def crop(x, padding):
    """What `pad` was given."""
    (top, bottom), (left, right) = padding
    return x[..., top : x.shape[-2] - bottom, left : x.shape[-1] - right]


def out_size(size, kernel, stride, padding, dilation):
    """How many windows fit along each dimension."""
    return tuple(
        (n + sum(p) - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(size, kernel, stride, padding, dilation)
    )


def places(kernel, stride, dilation, size):
    """For each element of a window, row by row, the slices of the image where it lies in the windows."""
    for i in range(kernel[0]):
        rows = slice(i * dilation[0], i * dilation[0] + stride[0] * (size[0] - 1) + 1, stride[0])
        for j in range(kernel[1]):
            columns = slice(j * dilation[1], j * dilation[1] + stride[1] * (size[1] - 1) + 1, stride[1])
            yield (..., rows, columns)


def view(x, kernel, stride, dilation, size):
    """All windows of `x` (C, H, W, n) as a view (C, kh, kw, oh, ow, n); its elements share memory."""
    c, h, w, n = x.strides
    return np.lib.stride_tricks.as_strided(
        x,
        (len(x), *kernel, *size, x.shape[3]),
        (c, h * dilation[0], w * dilation[1], h * stride[0], w * stride[1], n),
        writeable=False,
    )
