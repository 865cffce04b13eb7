"""Activations and dropout. `inplace` is accepted for PyTorch's sake; the result is always a new Tensor."""

import numpy as np

from backprop_lib.operations import activations, elementwise, losses
from backprop_lib.operations.gelu import gelu
from backprop_lib.operations.softmax import log_softmax, softmax, softmin
from backprop_lib.randomness import generator
from backprop_lib.tensor import Tensor

__all__ = ["gelu", "log_softmax", "softmax", "softmin"]


def relu(input, inplace=False):
    """max(x, 0); the derivative at 0 is taken to be 0; the shape stays. Nair & Hinton, ICML 2010."""
    return elementwise.relu(input)


def sigmoid(input):
    """The logistic function 1 / (1 + e**-x); the shape stays."""
    return elementwise.sigmoid(input)


def tanh(input):
    """The hyperbolic tangent; the shape stays."""
    return elementwise.tanh(input)


def logsigmoid(input):
    """log(sigmoid(x)) = -log(1 + e**-x), without overflow; the shape stays."""
    return -losses.log_one_plus_exp(-input)


def leaky_relu(input, negative_slope=0.01, inplace=False):
    """x where x > 0, negative_slope * x elsewhere; the shape stays. Maas, Hannun & Ng, ICML workshop 2013."""
    return activations.leaky_relu(input, negative_slope=negative_slope)


def elu(input, alpha=1.0, inplace=False):
    """x where x > 0, alpha (e**x - 1) elsewhere; the shape stays.

    Clevert, Unterthiner & Hochreiter, ICLR 2016.
    """
    return activations.elu(input, alpha=alpha)


def silu(input, inplace=False):
    """x sigmoid(x); the shape stays. Elfwing, Uchibe & Doya, Neural Networks 107:3-11, 2018."""
    return activations.silu(input)


def softplus(input, beta=1, threshold=20):
    """log(1 + e**(beta x)) / beta, or x where beta x > threshold; the shape stays.

    Dugas et al., NIPS 2000.
    """
    return activations.softplus(input, beta=beta, threshold=threshold)


def softsign(input):
    """x / (1 + |x|), between -1 and 1; the shape stays. Bergstra et al., Univ. de Montréal TR 1337, 2009."""
    return activations.softsign(input)


def dropout(input, p=0.5, training=True, inplace=False):
    """Each element is 0 with probability p, else divided by 1 - p; unchanged unless `training`.

    The shape stays. Raises ValueError unless 0 <= p <= 1. Srivastava et al., JMLR 15:1929-1958, 2014.
    """
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if not training or p == 0:
        return input
    return input * Tensor(dropout_mask(input.shape, p, input.dtype))


def dropout_mask(shape, p, dtype):
    """An array that is 0 with probability p and 1 / (1 - p) elsewhere."""
    kept = generator().random(shape, np.float32) >= p
    return np.asarray(np.multiply(kept, 1 / (1 - p) if p < 1 else 0, dtype=dtype))
