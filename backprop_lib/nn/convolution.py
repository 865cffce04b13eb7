"""Convolutional layers."""

import math

from backprop_lib import functional
from backprop_lib.nn.module import Module
from backprop_lib.nn.start import uniform_parameter


class _Convolution(Module):
    """What the layers for one and for two dimensions have in common."""

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride=1,
        padding=0,
        dilation=1,
        groups=1,
        bias=True,
        padding_mode="zeros",
        dtype=None,
    ):
        if groups <= 0:
            raise ValueError("groups must be a positive integer")
        if in_channels % groups:
            raise ValueError("in_channels must be divisible by groups")
        if out_channels % groups:
            raise ValueError("out_channels must be divisible by groups")
        if isinstance(padding, str):
            if padding not in ("same", "valid"):
                raise ValueError(f"Invalid padding string {padding!r}, should be one of 'same', 'valid'")
            if padding == "same" and any(s != 1 for s in self._each(stride)):
                raise ValueError("padding='same' is not supported for strided convolutions")
        if padding_mode != "zeros":
            raise NotImplementedError(
                f"padding_mode={padding_mode!r} is not supported: pad the input yourself, then use 'zeros'"
            )
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = self._each(kernel_size)
        self.stride = self._each(stride)
        self.padding = padding if isinstance(padding, str) else self._each(padding)
        self.dilation = self._each(dilation)
        self.groups = groups
        self.padding_mode = padding_mode
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        inputs = math.prod(shape[1:])
        bound = 1 / math.sqrt(inputs) if inputs else 0
        self.weight = uniform_parameter(shape, bound, dtype)
        self.bias = uniform_parameter(shape[:1], bound, dtype) if bias else None

    def _each(self, value):
        """A value for each dimension."""
        return tuple(value) if isinstance(value, tuple | list) else (value,) * self._dimensions

    def forward(self, input):
        return self._function(
            input, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups
        )

    def extra_repr(self):
        text = (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        )
        if self.padding != (0,) * self._dimensions:
            text += f", padding={self.padding}"
        if self.dilation != (1,) * self._dimensions:
            text += f", dilation={self.dilation}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        return text + ("" if self.bias is not None else ", bias=False")


class Conv1d(_Convolution):
    """Slides kernels along sequences (N, in_channels, L) or (in_channels, L).

    Weight (out_channels, in_channels / groups, kernel_size), bias (out_channels,), both uniform in
    +-1/sqrt(inputs of a kernel) at first. Raises ValueError for options that do not fit,
    NotImplementedError for a padding_mode other than 'zeros', RuntimeError for inputs that do not fit.
    """

    _dimensions = 1
    _function = staticmethod(functional.conv1d)


class Conv2d(_Convolution):
    """Slides kernels over images (N, in_channels, H, W) or (in_channels, H, W).

    Weight (out_channels, in_channels / groups, kh, kw), bias (out_channels,), both uniform in
    +-1/sqrt(inputs of a kernel) at first. Raises ValueError for options that do not fit,
    NotImplementedError for a padding_mode other than 'zeros', RuntimeError for inputs that do not fit.
    LeCun et al., Proceedings of the IEEE 86(11):2278-2324, 1998.
    """

    _dimensions = 2
    _function = staticmethod(functional.conv2d)
