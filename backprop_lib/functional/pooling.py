"""Pooling: the maximum or the mean of the windows of an image."""

import numpy as np

from backprop_lib.core import Tensor, apply
from backprop_lib.operations import pooling
from backprop_lib.operations.windows import pair


def max_pool2d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """The largest element of each window; where several are, the first gets the gradient.

    Shapes: input (N, C, H, W) or (C, H, W); result (N, C, H', W') or (C, H', W').
    The stride is the kernel size if it is not given. With `ceil_mode` windows may end beyond the image.
    With `return_indices` also where the maxima were, counted row by row in the image.
    Raises RuntimeError if the windows do not fit or the padding exceeds half of the kernel.
    """
    x, kernel, stride, padding, single = _prepare("max_pool2d", input, kernel_size, stride, padding)
    dilation = pair(dilation, "dilation")
    if min(dilation) < 1:
        raise RuntimeError(f"dilation should be greater than zero, but got {dilation}")
    size, needed = pooling.out_size(x.shape[2:], kernel, stride, padding, dilation, ceil_mode)
    options = {
        "kernel": kernel,
        "stride": stride,
        "padding": needed,
        "dilation": dilation,
        "size": size,
    }
    out = apply(pooling.max_pool.operation, (x,), options)
    out = out.reshape(out.shape[1:]) if single else out
    if not return_indices:
        return out
    which = pooling.max_and_which(x.array, **options)[1]
    return out, Tensor(pooling.index_in_image(which, x.shape, **options).reshape(out.shape))


def avg_pool2d(
    input,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
):
    """The mean of each window.

    Shapes: input (N, C, H, W) or (C, H, W); result (N, C, H', W') or (C, H', W').
    The stride is the kernel size if it is not given. With `ceil_mode` windows may end beyond the image.
    Padding counts as zeros unless `count_include_pad` is False; `divisor_override` replaces the count.
    Raises RuntimeError if the windows do not fit or the padding exceeds half of the kernel.
    """
    x, kernel, stride, padding, single = _prepare("avg_pool2d", input, kernel_size, stride, padding)
    if divisor_override == 0:
        raise RuntimeError("divisor must be not zero")
    size, needed = pooling.out_size(x.shape[2:], kernel, stride, padding, (1, 1), ceil_mode)
    options = {"kernel": kernel, "stride": stride, "padding": needed, "size": size}
    out = apply(pooling._sum_windows.operation, (x,), options)
    if divisor_override is not None:
        out = out / divisor_override
    elif any(p != (0, 0) for p in needed):
        rows, columns = (
            pooling.window_lengths(n, k, s, p, count, count_include_pad)
            for n, k, s, p, count in zip(x.shape[2:], kernel, stride, padding, size)
        )
        out = out / Tensor(np.outer(rows, columns).astype(x.dtype))
    else:
        out = out / (kernel[0] * kernel[1])
    return out.reshape(out.shape[1:]) if single else out


def max_pool1d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """The largest element of each window along the last dimension; see max_pool2d.

    Shapes: input (N, C, L) or (C, L); result (N, C, L') or (C, L').
    Raises RuntimeError if the windows do not fit or the padding exceeds half of the kernel.
    """
    x, kernel, stride, padding = _flat("max_pool1d", input, kernel_size, stride, padding)
    dilation = (1, pair(dilation)[1])
    out = max_pool2d(x, kernel, stride, padding, dilation, ceil_mode, return_indices)
    if return_indices:
        return tuple(_unflat(t, input) for t in out)
    return _unflat(out, input)


def avg_pool1d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    """The mean of each window along the last dimension; see avg_pool2d.

    Shapes: input (N, C, L) or (C, L); result (N, C, L') or (C, L').
    Raises RuntimeError if the windows do not fit or the padding exceeds half of the kernel.
    """
    x, kernel, stride, padding = _flat("avg_pool1d", input, kernel_size, stride, padding)
    return _unflat(avg_pool2d(x, kernel, stride, padding, ceil_mode, count_include_pad), input)


def _prepare(name, input, kernel_size, stride, padding):
    """Images with a batch dimension, pairs of ints, and whether there was only one image."""
    shape = input.shape
    if len(shape) not in (3, 4):
        raise RuntimeError(f"{name} needs input (N, C, H, W) or (C, H, W), got {shape}")
    if 0 in shape[-3:]:
        raise RuntimeError(f"{name} needs images with at least one element, got {shape}")
    kernel = pair(kernel_size)
    stride = kernel if stride in (None, [], ()) else pair(stride, "stride")
    padding = pair(padding, "padding")
    if min(kernel) < 1 or min(stride) < 1:
        raise RuntimeError(f"{name} needs kernel and stride greater than zero, got {kernel} and {stride}")
    if min(padding) < 0 or any(2 * p > k for p, k in zip(padding, kernel)):
        raise RuntimeError(
            f"{name}: pad should be at most half of effective kernel size, got {padding} and {kernel}"
        )
    single = len(shape) == 3
    return (input.reshape(1, *shape) if single else input), kernel, stride, padding, single


def _flat(name, input, kernel_size, stride, padding):
    """A sequence as an image of height 1."""
    if len(input.shape) not in (2, 3):
        raise RuntimeError(f"{name} needs input (N, C, L) or (C, L), got {input.shape}")
    kernel = pair(kernel_size)[1]
    stride = kernel if stride in (None, [], ()) else pair(stride, "stride")[1]
    x = input.reshape(*input.shape[:-1], 1, input.shape[-1])
    return x, (1, kernel), (1, stride), (0, pair(padding, "padding")[1])


def _unflat(x, input):
    return x.reshape(*input.shape[:-1], x.shape[-1])
