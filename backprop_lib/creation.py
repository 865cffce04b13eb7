"""Make Tensors from shapes and from the library's random generator."""

import numpy as np

from backprop_lib.tensor import Tensor

_generator = np.random.default_rng(0)


def manual_seed(seed):
    """Restart the library's random generator, so that what follows is reproducible."""
    global _generator
    _generator = np.random.default_rng(seed)


def zeros(*shape, dtype=np.float32, requires_grad=False):
    """A Tensor of zeros."""
    return Tensor(np.zeros(_shape(shape), dtype), requires_grad)


def ones(*shape, dtype=np.float32, requires_grad=False):
    """A Tensor of ones."""
    return Tensor(np.ones(_shape(shape), dtype), requires_grad)


def rand(*shape, dtype=np.float32, requires_grad=False):
    """Independent samples from the uniform distribution on [0, 1)."""
    return Tensor(np.asarray(_generator.random(_shape(shape), dtype)), requires_grad)


def randn(*shape, dtype=np.float32, requires_grad=False):
    """Independent samples from the normal distribution with mean 0 and variance 1."""
    return Tensor(np.asarray(_generator.standard_normal(_shape(shape), dtype)), requires_grad)


def _shape(shape):
    return shape[0] if len(shape) == 1 and isinstance(shape[0], tuple | list) else shape
