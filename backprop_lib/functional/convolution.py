"""Convolution in one and in two dimensions."""

from backprop_lib.core import apply
from backprop_lib.operations import convolution
from backprop_lib.operations.windows import out_size, pair


def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Slide a kernel over images and take the sum of products at each place (cross-correlation).

    Shapes: input (N, C, H, W) or (C, H, W), weight (O, C / groups, kh, kw), bias (O,); result (N, O, H', W')
    or (O, H', W') with H' = (H + 2 padding - dilation (kh - 1) - 1) // stride + 1.
    `padding` counts zeros around the image: one or two ints, 'valid' for none, or 'same' to keep H and W.
    Raises RuntimeError if the shapes do not fit or for 'same' with a stride.
    LeCun et al., Proceedings of the IEEE 86(11):2278-2324, 1998.
    """
    shape = input.shape
    if len(shape) not in (3, 4) or len(weight.shape) != 4:
        raise RuntimeError(
            "conv2d needs input (N, C, H, W) or (C, H, W) and weight (O, C / groups, kh, kw), "
            f"got {shape} and {weight.shape}"
        )
    x = input if len(shape) == 4 else input.reshape(1, *shape)
    out = _convolve("conv2d", x, weight, bias, stride, padding, dilation, groups)
    return out if len(shape) == 4 else out.reshape(out.shape[1:])


def conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """The same along one dimension.

    Shapes: input (N, C, L) or (C, L), weight (O, C / groups, k), bias (O,); result (N, O, L') or (O, L').
    Raises RuntimeError if the shapes do not fit or for 'same' with a stride.
    """
    shape = input.shape
    if len(shape) not in (2, 3) or len(weight.shape) != 3:
        raise RuntimeError(
            "conv1d needs input (N, C, L) or (C, L) and weight (O, C / groups, k), "
            f"got {shape} and {weight.shape}"
        )
    stride, dilation = (_along(value) for value in (stride, dilation))
    padding = padding if isinstance(padding, str) else (0, _along(padding)[1])
    x = input.reshape(*((1,) if len(shape) == 2 else ()), *shape[:-1], 1, shape[-1])
    kernel = weight.reshape(*weight.shape[:2], 1, weight.shape[2])
    out = _convolve("conv1d", x, kernel, bias, stride, padding, dilation, groups)
    return out.reshape(*out.shape[len(shape) == 2 : 2], out.shape[3])


def _along(value):
    """A number for the only dimension, as the second of two."""
    return (1, value[0] if isinstance(value, tuple | list) else value)


def _convolve(name, x, weight, bias, stride, padding, dilation, groups):
    stride, dilation = pair(stride, "stride"), pair(dilation, "dilation")
    outputs, depth, *kernel = weight.shape
    if min(stride) < 1 or min(dilation) < 1 or groups < 1:
        raise RuntimeError(f"{name} needs stride, dilation and groups to be positive")
    if x.shape[1] != depth * groups or outputs % groups:
        raise RuntimeError(
            f"{name} with weight {weight.shape} and groups={groups} needs {depth * groups} input channels "
            f"and outputs that groups divide, got input {x.shape}"
        )
    if bias is not None and bias.shape != (outputs,):
        raise RuntimeError(f"{name} needs a bias of shape {(outputs,)}, got {bias.shape}")
    padding = padding_of(name, padding, kernel, stride, dilation)
    if min(out_size(x.shape[2:], kernel, (1, 1), padding, dilation), default=0) < 1:
        raise RuntimeError(
            f"{name}: the kernel {tuple(kernel)} is larger than the padded image, {x.shape[2:]} and {padding}"
        )
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    if bias is None:
        return apply(convolution._convolve.operation, (x, weight), options)
    return apply(convolution.convolve_with_bias.operation, (x, weight, bias), options)


def padding_of(name, padding, kernel, stride, dilation):
    """Pairs (before, after) for each dimension; raises RuntimeError for "same" with a stride."""
    if padding == "valid":
        return ((0, 0), (0, 0))
    if padding == "same":
        if stride != (1, 1):
            raise RuntimeError("padding='same' is not supported for strided convolutions")
        totals = [d * (k - 1) for k, d in zip(kernel, dilation)]
        return tuple((total // 2, total - total // 2) for total in totals)
    if isinstance(padding, str):
        raise RuntimeError(f"padding must be ints, 'same' or 'valid', got {padding!r}")
    padding = pair(padding, "padding")
    if min(padding) < 0:
        raise RuntimeError(f"{name}: negative padding is not supported, got {padding}")
    return tuple((p, p) for p in padding)
