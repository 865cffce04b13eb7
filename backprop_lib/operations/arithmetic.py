"""Arithmetic of two Tensors, with broadcasting."""

import numpy as np

from backprop_lib.core import apply, differentiable


@differentiable(lambda g: g, lambda g: g, name="add")
def _add(input, other):
    return np.add(input, other)


@differentiable(lambda g: g, lambda g: -g, name="sub")
def _sub(input, other):
    return np.subtract(input, other)


def add(input, other, *, alpha=1):
    """input + alpha * other; the shapes broadcast. Raises RuntimeError if they do not."""
    return apply(_add.operation, (input, other if alpha == 1 else mul(other, alpha)), {})


def sub(input, other, *, alpha=1):
    """input - alpha * other; the shapes broadcast. Raises RuntimeError if they do not."""
    return apply(_sub.operation, (input, other if alpha == 1 else mul(other, alpha)), {})


@differentiable(lambda g, other: g * other, lambda g, input: g * input)
def mul(input, other):
    """input * other; the shapes broadcast. Raises RuntimeError if they do not."""
    return np.multiply(input, other)


@differentiable(lambda g, other: g / other, lambda g, out, other: -g * out / other, name="div")
def _div(input, other):
    return np.true_divide(input, other)


def div(input, other, *, rounding_mode=None):
    """input / other; integers are divided as float32; the shapes broadcast.

    `rounding_mode` is None, "floor" (towards minus infinity) or "trunc" (towards 0): a staircase, whose
    derivative is 0. Raises RuntimeError for any other, or if the shapes do not broadcast.
    """
    if rounding_mode is None:
        return apply(_div.operation, (input, other), {})
    if rounding_mode not in ("floor", "trunc"):
        raise RuntimeError(f"rounding_mode must be None, 'floor' or 'trunc', got {rounding_mode!r}")
    return _div_rounded(input, other, rounding_mode)


def floor_divide(input, other):
    """The largest whole number not above input / other; its derivative is 0; the shapes broadcast.

    Raises RuntimeError if they do not.
    """
    return _div_rounded(input, other, "floor")


@differentiable(lambda g: np.zeros_like(g), lambda g: np.zeros_like(g), name="div_rounded")
def _div_rounded(input, other, rounding_mode=None):
    if rounding_mode == "floor":
        return np.floor_divide(input, other)
    quotient = np.true_divide(input, other)
    if np.result_type(input, other).kind == "f":
        return np.trunc(quotient)
    floor = np.floor_divide(input, other)
    return floor + ((quotient < 0) & (floor * other != input))


@differentiable(lambda g: g, lambda g, input, other: -g * (input // other))
def remainder(input, other):
    """input - other * floor(input / other): what is left, with the sign of `other`; the shapes broadcast.

    Raises RuntimeError if they do not.
    """
    return np.remainder(input, other)


@differentiable(lambda g: -g)
def neg(input):
    """-input; the shape stays. Raises RuntimeError for truth values."""
    if input.dtype == bool:
        raise RuntimeError("the negative of a bool tensor: use ~x or logical_not(x)")
    return np.negative(input)


@differentiable(lambda g, out: -g * out * out)
def reciprocal(input):
    """1 / input; the shape stays."""
    return 1 / input


@differentiable(
    lambda g, input, exponent: _pow_base(g, input, exponent),
    lambda g, out, input, exponent: g * np.where((input == 0) & (exponent >= 0), 0.0, out * np.log(input)),
    expects="lengths, from the right, must be equal or 1; negative powers of whole numbers need floats",
)
def pow(input, exponent):
    """input ** exponent; the shapes broadcast.

    Raises RuntimeError if they do not, or for whole numbers to a negative power.
    """
    return np.power(input, exponent)


def _pow_base(g, input, exponent):
    """g * n * x**(n - 1), but 0 where the exponent n is 0, whatever the base."""
    if isinstance(exponent, int | float):
        return g * (exponent * input ** (exponent - 1)) if exponent != 0 else g * 0.0
    safe = np.where(exponent == 0, 1.0, exponent)
    return np.where(exponent == 0, 0.0, g * (safe * input ** (safe - 1)))


@differentiable(lambda g, input: g * (2 * input))
def square(input):
    """input * input; the shape stays."""
    return np.square(input if input.dtype != bool else input.astype(np.int64))
