"""gelu: the product of x with Phi(x), the probability that a standard normal variable is below x."""

import math

import numpy as np

from backprop_lib.core import differentiable
from backprop_lib.graph import is_grad_enabled
from backprop_lib.operations.errorfunction import erf

_DENSITY = 1 / math.sqrt(2 * math.pi)
_BLOCK = 1 << 15  # elements done at a time, so that what lies between stays in the processor's cache
_A, _B = math.sqrt(2 / math.pi), 0.044715


def _gelu_exact(x, sloped=False):
    return x * (0.5 * (1 + erf(x * math.sqrt(0.5))))


@differentiable(lambda g, context: g * context, composed=_gelu_exact, name="gelu")
def _gelu(input, sloped=False):
    """x Phi(x), and if `sloped` its derivative too: both need Phi, so now is the time to compute it."""
    x = np.ascontiguousarray(input).reshape(-1)
    out, slope = np.empty_like(x), np.empty_like(x) if sloped else None
    for i in range(0, x.size, _BLOCK):
        part = slice(i, i + _BLOCK)
        below = _below(x[part])
        np.multiply(x[part], below, out=out[part])
        if sloped:
            _slope(x[part], below, slope[part])
    return out.reshape(input.shape), slope.reshape(input.shape) if sloped else None


def _slope(x, below, out):
    """The derivative Phi(x) + x phi(x), written to `out`."""
    np.multiply(x, x, out=out)
    out *= -0.5
    np.exp(out, out=out)
    out *= _DENSITY
    out *= x
    out += below


# (atanh(2 Phi(x) - 1)) / x as a polynomial in x**2, highest power first, fitted by weighted least squares on
# 0 < x < 5.4 so that Phi is right to 3e-8, half of what float32 can tell apart there; beyond, Phi is 0 or 1.
_FIT = (
    1.7562498e-09,
    -1.3226594e-07,
    3.9647741e-06,
    -5.5306339e-05,
    -3.2594669e-05,
    0.036333084,
    0.79788494,
)


def _below(x):
    """Phi(x): exact in double precision, by the fit in single precision."""
    if x.dtype == np.float64:
        out = erf.operation.forward(x * math.sqrt(0.5))
    else:
        square = x * x
        out = square * _FIT[0]
        for c in _FIT[1:-1]:
            out += c
            out *= square
        out += _FIT[-1]
        out *= x
        np.tanh(out, out=out)
    out += 1
    out *= 0.5
    return out


def _gelu_by_tanh(x):
    return 0.5 * x * (1 + (_A * (x + _B * x * x * x)).tanh())


@differentiable(lambda g, input, context: _tanh_vjp(g, input, context), composed=_gelu_by_tanh)
def gelu_tanh(input):
    """gelu with Phi(x) approximated by (1 + tanh(sqrt(2/pi) (x + 0.044715 x**3))) / 2."""
    t = np.asarray(input * input)
    t *= _A * _B
    t += _A
    t *= input
    np.tanh(t, out=t)
    out = np.asarray(t + 1)
    out *= input
    out *= 0.5
    return out, t


def _tanh_vjp(g, x, t):
    """(1 + t) / 2 + x (1 - t**2) u' / 2, where t = tanh(u)."""
    slope = np.asarray(x * x)
    slope *= 1.5 * _A * _B
    slope += 0.5 * _A
    slope *= x
    rest = np.asarray(t * t)
    np.subtract(1, rest, out=rest)
    slope *= rest
    np.multiply(t, 0.5, out=rest)
    rest += 0.5
    slope += rest
    slope *= g
    return slope


def gelu(input, approximate="none"):
    """x Phi(x), Phi the normal distribution function, or its approximation by 'tanh'; the shape stays.

    Raises RuntimeError for another `approximate`. Hendrycks & Gimpel, arXiv:1606.08415, 2016.
    """
    if approximate == "none":
        return _gelu(input, sloped=is_grad_enabled() and getattr(input, "requires_grad", False))
    if approximate == "tanh":
        return gelu_tanh(input)
    raise RuntimeError(f"approximate must be 'none' or 'tanh', got {approximate!r}")
