"""How parameters start: each function fills a Tensor in place and returns it, as in `torch.nn.init`."""

import math

import numpy as np

from backprop_lib.randomness import generator

_GAINS = {
    "linear": 1.0,
    "conv1d": 1.0,
    "conv2d": 1.0,
    "sigmoid": 1.0,
    "tanh": 5 / 3,
    "relu": math.sqrt(2),
    "selu": 3 / 4,
}


def calculate_gain(nonlinearity, param=None):
    """By what a layer's deviation is to be multiplied to make up for the activation that follows it.

    `param` is the slope of 'leaky_relu'. Raises ValueError for an unknown activation.
    """
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity not in _GAINS:
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}")
    return _GAINS[nonlinearity]


def _filled(tensor, numbers):
    tensor.array[...] = numbers
    tensor._has_changed()
    return tensor


def uniform_(tensor, a=0.0, b=1.0):
    """Independent samples from the uniform distribution on [a, b), in place of what the Tensor held."""
    return _filled(tensor, np.asarray(generator().random(tensor.shape, _dtype(tensor))) * (b - a) + a)


def normal_(tensor, mean=0.0, std=1.0):
    """Independent samples from the normal distribution."""
    numbers = generator().standard_normal(tensor.shape, _dtype(tensor))
    return _filled(tensor, np.asarray(numbers) * std + mean)


def trunc_normal_(tensor, mean=0.0, std=1.0, a=-2.0, b=2.0):
    """Independent samples from the normal distribution, those outside [a, b] drawn again."""
    numbers = np.asarray(generator().standard_normal(tensor.shape)) * std + mean
    out = (numbers < a) | (numbers > b)
    while out.any():
        numbers[out] = generator().standard_normal(int(out.sum())) * std + mean
        out = (numbers < a) | (numbers > b)
    return _filled(tensor, numbers)


def _dtype(tensor):
    return np.float64 if tensor.dtype == np.float64 else np.float32


def constant_(tensor, val):
    """`val` everywhere."""
    return _filled(tensor, val)


def ones_(tensor):
    """1 everywhere."""
    return _filled(tensor, 1)


def zeros_(tensor):
    """0 everywhere."""
    return _filled(tensor, 0)


def eye_(tensor):
    """The identity matrix; raises ValueError unless there are two dimensions."""
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    return _filled(tensor, np.eye(*tensor.shape))


def fans(tensor):
    """How many numbers go into, and come out of, each unit of a weight (out, in, ...).

    Raises ValueError for fewer than two dimensions.
    """
    if tensor.ndim < 2:
        raise ValueError("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
    places = math.prod(tensor.shape[2:])
    return tensor.shape[1] * places, tensor.shape[0] * places


def xavier_uniform_(tensor, gain=1.0):
    """Uniform with variance 2 gain**2 / (fan_in + fan_out). Glorot & Bengio, AISTATS 2010.

    Raises ValueError for fewer than two dimensions.
    """
    bound = gain * math.sqrt(6 / sum(fans(tensor)))
    return uniform_(tensor, -bound, bound)


def xavier_normal_(tensor, gain=1.0):
    """Normal with variance 2 gain**2 / (fan_in + fan_out). Glorot & Bengio, AISTATS 2010.

    Raises ValueError for fewer than two dimensions.
    """
    return normal_(tensor, 0, gain * math.sqrt(2 / sum(fans(tensor))))


def _kaiming_deviation(tensor, a, mode, nonlinearity):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"Mode {mode} not supported, please use one of ['fan_in', 'fan_out']")
    fan = fans(tensor)[mode == "fan_out"]
    return calculate_gain(nonlinearity, a) / math.sqrt(fan) if fan else 0


def kaiming_uniform_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu"):
    """Uniform with variance gain**2 / fan; `a` is the slope of leaky_relu. He et al., ICCV 2015.

    Raises ValueError for fewer than two dimensions or an unknown mode or activation.
    """
    bound = math.sqrt(3) * _kaiming_deviation(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound)


def kaiming_normal_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu"):
    """Normal with variance gain**2 / fan; `a` is the slope of leaky_relu. He et al., ICCV 2015.

    Raises ValueError for fewer than two dimensions or an unknown mode or activation.
    """
    return normal_(tensor, 0, _kaiming_deviation(tensor, a, mode, nonlinearity))


def orthogonal_(tensor, gain=1):
    """A matrix with orthogonal rows or columns; further dimensions count as columns.

    Raises ValueError for fewer than two dimensions. Saxe, McClelland & Ganguli, ICLR 2014.
    """
    if tensor.ndim < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    rows, columns = tensor.shape[0], math.prod(tensor.shape[1:])
    numbers = generator().standard_normal((max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(numbers)
    q *= np.sign(np.diag(r))
    return _filled(tensor, gain * (q if rows >= columns else q.T).reshape(tensor.shape))
