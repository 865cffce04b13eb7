"""The library's one source of random numbers."""

import numpy as np

_generator = np.random.default_rng(0)


def generator():
    """The NumPy generator that everything random draws from."""
    return _generator


def manual_seed(seed):
    """Start the random numbers of the library anew: the same seed gives the same numbers."""
    global _generator
    _generator = np.random.default_rng(seed)
