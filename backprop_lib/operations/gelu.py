"""gelu: the product of x with Phi(x), the probability that a standard normal variable is below x."""

import math

import numpy as np

from backprop_lib.core import differentiable
from backprop_lib.operations.errorfunction import erf

_DENSITY = 1 / math.sqrt(2 * math.pi)
_BLOCK = 1 << 14  # elements done at a time, so that what lies between stays in the processor's cache
_A, _B = math.sqrt(2 / math.pi), 0.044715


def _gelu_exact(x):
    return x * (0.5 * (1 + erf(x * math.sqrt(0.5))))


@differentiable(lambda g, input, out: _exact_vjp(g, input, out), composed=_gelu_exact, name="gelu")
def _gelu(input):
    x = np.ascontiguousarray(input)
    out = np.empty(input.shape, x.dtype)
    flat, done = x.reshape(-1), out.reshape(-1)
    for i in range(0, flat.size, _BLOCK):
        _below(flat[i : i + _BLOCK], done[i : i + _BLOCK])
    out *= x.reshape(input.shape)
    return out


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


def _below(x, out):
    """Phi(x), written to `out`: exact in double precision, by the fit in single precision."""
    if x.dtype == np.float64:
        out[...] = erf.operation.forward(x * math.sqrt(0.5))
    else:
        square = x * x
        np.multiply(square, _FIT[0], out=out)
        for c in _FIT[1:-1]:
            out += c
            out *= square
        out += _FIT[-1]
        out *= x
        np.tanh(out, out=out)
    out += 1
    out *= 0.5


def _exact_vjp(g, x, out):
    """g (Phi(x) + x phi(x)), where Phi(x) is the result over x: nothing else need be kept."""
    share = np.empty(x.shape, x.dtype)
    if all(a.flags.c_contiguous for a in (g, x, out)):
        flat = [a.reshape(-1) for a in (g, x, out, share)]
        for i in range(0, x.size, _BLOCK):
            _exact_share(*(a[i : i + _BLOCK] for a in flat))
    else:
        _exact_share(g, x, out, share)
    return share


def _exact_share(g, x, out, share):
    np.multiply(x, x, out=share)
    share *= -0.5
    np.exp(share, out=share)
    share *= _DENSITY
    share *= x
    if x.all():
        share += out / x
    else:
        share += np.divide(out, x, out=np.full_like(out, 0.5), where=x != 0)
    share *= g


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
        return _gelu(input)
    if approximate == "tanh":
        return gelu_tanh(input)
    raise RuntimeError(f"approximate must be 'none' or 'tanh', got {approximate!r}")
