"""PyTorch's default start of layers: weights and biases uniform in +-1 / sqrt(number of inputs)."""

import numpy as np

from backprop_lib.nn.init import uniform_
from backprop_lib.nn.module import Parameter


def uniform_parameter(shape, bound, dtype=None):
    """A Parameter with numbers uniform in +-bound."""
    return uniform_(Parameter(np.empty(shape, np.float32 if dtype is None else dtype)), -bound, bound)
