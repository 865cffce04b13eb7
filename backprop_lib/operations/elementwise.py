"""Functions of one Tensor, element by element."""

import math

import numpy as np

from backprop_lib.core import Tensor, differentiable
from backprop_lib.operations.choosing import zero_unless
from backprop_lib.operations.either import either

# ---- powers and logarithms ----


@differentiable(lambda g, out: g * out)
def exp(input):
    """e**x."""
    return np.exp(input)


@differentiable(lambda g, out: g * (out + 1))
def expm1(input):
    """e**x - 1, precise near 0."""
    return np.expm1(input)


@differentiable(lambda g, input: g / input)
def log(input):
    """The natural logarithm: -inf at 0 and nan below."""
    return np.log(input)


@differentiable(lambda g, input: g / (input * math.log(2)))
def log2(input):
    """The logarithm to base 2."""
    return np.log2(input)


@differentiable(lambda g, input: g / (input * math.log(10)))
def log10(input):
    """The logarithm to base 10."""
    return np.log10(input)


@differentiable(lambda g, input: g / (input + 1))
def log1p(input):
    """The natural logarithm of 1 + x, precise near 0."""
    return np.log1p(input)


@differentiable(lambda g, out: g / (2 * out))
def sqrt(input):
    """The square root: nan below 0."""
    return np.sqrt(input)


@differentiable(lambda g, out: -0.5 * g * out * out * out)
def rsqrt(input):
    """1 / sqrt(x)."""
    return 1 / np.sqrt(input)


# ---- trigonometry ----


@differentiable(lambda g, input: g * np.cos(input))
def sin(input):
    """The sine of x radians."""
    return np.sin(input)


@differentiable(lambda g, input: -g * np.sin(input))
def cos(input):
    """The cosine of x radians."""
    return np.cos(input)


@differentiable(lambda g, out: g * (1 + out * out))
def tan(input):
    """The tangent of x radians."""
    return np.tan(input)


# ---- activations ----


def _tanh_vjp(g, out):
    """g (1 - tanh(x)**2)."""
    if isinstance(g, Tensor):
        return g * (1 - out * out)
    share = np.asarray(out * out)
    np.subtract(1, share, out=share)
    share *= g
    return share


@differentiable(_tanh_vjp)
def tanh(input):
    """The hyperbolic tangent, in (-1, 1)."""
    return np.tanh(input)


def _sigmoid_vjp(g, out, input):
    """g sigma(x) sigma(-x), which keeps digits that 1 - sigma(x) would lose; exp may overflow: 1 / inf is 0.

    In a gradient that is differentiated again, inf / inf would come of that.
    """
    if isinstance(g, Tensor):
        return g * (out * (1 - out))
    share = np.asarray(np.exp(input))
    share += 1
    np.divide(out, share, out=share)
    share *= g
    return share


@differentiable(_sigmoid_vjp)
def sigmoid(input):
    """The logistic function 1 / (1 + e**-x), in (0, 1)."""
    input = input if input.dtype.kind == "f" else input.astype(np.float32)
    out = np.asarray(np.negative(input))
    np.exp(out, out=out)
    out += 1
    return np.reciprocal(out, out=out)


@differentiable(lambda g, out: zero_unless(out != 0, g))
def relu(input):
    """max(x, 0); the derivative at 0 is taken to be 0. Nair & Hinton, ICML 2010."""
    if input.size < 1 << 13 or input.dtype.kind != "f":
        return np.maximum(input, 0)
    return np.clip(input, 0, np.inf)  # of a large array in half the time, which is NumPy's doing


# ---- size and sign ----


@differentiable(lambda g: np.zeros_like(g))
def sign(input):
    """-1, 0 or 1, and 0 for nan; the derivative is 0."""
    return np.where(input != input, input.dtype.type(0), np.sign(input)) if input.dtype != bool else input


_slope_of_abs = either(sign)


@differentiable(lambda g, input: g * _slope_of_abs(input))
def abs(input):
    """The absolute value; the derivative at 0 is taken to be 0."""
    return np.absolute(input)


# ---- staircases: their derivative is 0 ----


@differentiable(lambda g: np.zeros_like(g))
def floor(input):
    """The largest whole number that is not above x."""
    return np.floor(input)


@differentiable(lambda g: np.zeros_like(g))
def ceil(input):
    """The smallest whole number that is not below x."""
    return np.ceil(input)


@differentiable(lambda g: np.zeros_like(g))
def trunc(input):
    """The whole number next to x towards 0."""
    return np.trunc(input)


@differentiable(lambda g: np.zeros_like(g))
def round(input, decimals=0):
    """The nearest number with `decimals` decimals, or of two equally near ones the even one."""
    return np.round(input, decimals)
