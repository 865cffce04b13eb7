"""Activation functions: what makes a network more than one affine map.

relu, sigmoid and tanh are in elementwise.py, gelu and softmax in files of their names.
"""

import numpy as np

from backprop_lib.core import differentiable
from backprop_lib.operations import elementwise
from backprop_lib.operations.choosing import zero_unless
from backprop_lib.operations.either import either

_sigmoid = either(elementwise.sigmoid)


def _either_side(mask, where, elsewhere):
    """np.where, but without a branch for each element."""
    return zero_unless(mask, where) + zero_unless(~mask, elsewhere)


@differentiable(lambda g, input, negative_slope: _either_side(input > 0, g, g * negative_slope))
def leaky_relu(input, negative_slope=0.01):
    """x where x > 0, negative_slope * x elsewhere; the shape stays. Maas, Hannun & Ng, ICML workshop 2013."""
    return np.where(input > 0, input, input * negative_slope)


@differentiable(
    lambda g, input, alpha: _either_side(input > 0, g, g * (alpha * np.exp(np.minimum(input, 0.0))))
)
def elu(input, alpha=1.0):
    """x where x > 0, alpha * (e**x - 1) elsewhere; the shape stays.

    Clevert, Unterthiner & Hochreiter, ICLR 2016.
    """
    return np.where(input > 0, input, alpha * np.expm1(np.minimum(input, 0)))


@differentiable(
    lambda g, input, beta, threshold: np.where(input * beta > threshold, g, g * _sigmoid(input * beta))
)
def softplus(input, beta=1.0, threshold=20.0):
    """log(1 + e**(beta x)) / beta, a smooth relu; x itself where beta x > threshold; the shape stays.

    Dugas et al., NIPS 2000.
    """
    scaled = input * beta
    soft = np.log1p(np.exp(np.minimum(scaled, threshold))) / beta
    return np.where(scaled > threshold, input, soft)


@differentiable(lambda g, input: g * _silu_slope(input))
def silu(input):
    """x * sigmoid(x), also called swish. Elfwing, Uchibe & Doya, Neural Networks 107:3-11, 2018."""
    return input / (1 + np.exp(-input))


def _silu_slope(x):
    """sigma (1 + x (1 - sigma))."""
    sigma = _sigmoid(x)
    return sigma * (1 + x * (1 - sigma))


@differentiable(lambda g, input: g / (1 + np.abs(input)) ** 2)
def softsign(input):
    """x / (1 + |x|), between -1 and 1. Bergstra et al., Univ. de Montréal TR 1337, 2009."""
    return input / (1 + np.abs(input))
