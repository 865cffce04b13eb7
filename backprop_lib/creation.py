"""Make Tensors from shapes and from the library's random generator.

Everywhere `dtype` is float32 unless something else is said, and `requires_grad` is False.
"""

import math
import operator
import types

import numpy as np

from backprop_lib.randomness import generator
from backprop_lib.tensor import Tensor, tensor

# ---- constants ----


def zeros(*shape, dtype=None, requires_grad=False):
    """A Tensor of zeros; the shape is given as ints or as one tuple."""
    return full(_shape(shape), 0, dtype=dtype or np.float32, requires_grad=requires_grad)


def ones(*shape, dtype=None, requires_grad=False):
    """A Tensor of ones; the shape is given as ints or as one tuple."""
    return full(_shape(shape), 1, dtype=dtype or np.float32, requires_grad=requires_grad)


def empty(*shape, dtype=None, requires_grad=False):
    """A Tensor whose numbers mean nothing yet; the shape is given as ints or as one tuple."""
    return Tensor(np.empty(_shape(shape), dtype or np.float32), requires_grad)


def full(size, fill_value, *, dtype=None, requires_grad=False):
    """A Tensor of the shape `size` with equal numbers; without a dtype it is that of `tensor(fill_value)`."""
    fill_value = tensor(fill_value, dtype=dtype).array
    return Tensor(np.full(_shape((size,)), fill_value), requires_grad)


def eye(n, m=None, *, dtype=None, requires_grad=False):
    """The matrix of n rows and m columns (or n) with ones on its diagonal and zeros elsewhere.

    Raises RuntimeError if a length is negative.
    """
    m = n if m is None else m
    if n < 0 or m < 0:
        raise RuntimeError(f"eye() needs lengths >= 0, got {n} and {m}")
    return Tensor(np.eye(n, m, dtype=dtype or np.float32), requires_grad)


def zeros_like(input, *, dtype=None, requires_grad=False):
    """Zeros in the shape and dtype of the input."""
    return full_like(input, 0, dtype=dtype, requires_grad=requires_grad)


def ones_like(input, *, dtype=None, requires_grad=False):
    """Ones in the shape and dtype of the input."""
    return full_like(input, 1, dtype=dtype, requires_grad=requires_grad)


def empty_like(input, *, dtype=None, requires_grad=False):
    """A Tensor in the shape and dtype of the input, whose numbers mean nothing yet."""
    return empty(input.shape, dtype=dtype or input.dtype, requires_grad=requires_grad)


def full_like(input, fill_value, *, dtype=None, requires_grad=False):
    """Equal numbers in the shape and dtype of the input."""
    return full(input.shape, fill_value, dtype=dtype or input.dtype, requires_grad=requires_grad)


# ---- what there is already ----


def from_numpy(ndarray):
    """A Tensor that shares the numbers of a NumPy array; raises TypeError for anything else."""
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"from_numpy() needs a NumPy array, got {type(ndarray).__name__}: use tensor()")
    return Tensor(ndarray)


def as_tensor(data, dtype=None):
    """The Tensor itself, or one that shares the numbers of an array; a copy of other data, as `tensor`.

    With another dtype it is a copy too. Raises TypeError and ValueError as `tensor` does.
    """
    found = data if isinstance(data, Tensor) else Tensor(data) if isinstance(data, np.ndarray) else None
    if found is None:
        return tensor(data, dtype=dtype)
    return found if dtype is None else found.to(dtype)


def is_tensor(obj):
    """Whether this is a Tensor."""
    return isinstance(obj, Tensor)


# ---- sequences ----


def arange(start=0, end=None, step=1, *, dtype=None, requires_grad=False):
    """arange(end), arange(start, end) or with a step: start, start + step, ... before end.

    int64 if all of them are whole numbers, float32 otherwise.
    Raises RuntimeError if the step is 0 or leads away from the end, or if a bound is not finite.
    """
    start, end = (0, start) if end is None else (start, end)
    if not all(math.isfinite(x) for x in (start, end)) or step == 0 or (end - start) * step < 0:
        raise RuntimeError(f"arange() cannot go from {start} to {end} by steps of {step}")
    if dtype is None:
        dtype = np.int64 if all(isinstance(x, int | np.integer) for x in (start, end, step)) else np.float32
    if dtype == np.int64:
        start, end, step = int(start), int(end), int(step)
    numbers = start + np.arange(math.ceil((end - start) / step)) * step
    return Tensor(numbers.astype(dtype), requires_grad)


def linspace(start, end, steps, *, dtype=None, requires_grad=False):
    """`steps` numbers in equal distances, from start to end, both included.

    Raises RuntimeError if `steps` is negative.
    """
    if steps < 0:
        raise RuntimeError(f"linspace() needs a number of steps >= 0, got {steps}")
    start, end = (x.item() if isinstance(x, Tensor) else x for x in (start, end))
    if np.dtype(dtype).kind in "iu" and dtype is not None:
        start, end = int(start), int(end)
    return Tensor(np.linspace(start, end, steps).astype(dtype or np.float32), requires_grad)


def meshgrid(*tensors, indexing="ij"):
    """The coordinates of a grid: of n Tensors with one dimension each, n of shape (length 0, length 1, ...).

    With `indexing` "xy" the first two dimensions are exchanged.
    Raises RuntimeError for another `indexing`, several dimensions or different dtypes.
    """
    tensors = tensors[0] if len(tensors) == 1 and not isinstance(tensors[0], Tensor) else tensors
    if indexing not in ("ij", "xy"):
        raise RuntimeError(f"meshgrid() needs indexing 'ij' or 'xy', got {indexing!r}")
    if len({x.dtype for x in tensors}) > 1:
        raise RuntimeError(f"meshgrid() needs tensors of one dtype, got {[str(x.dtype) for x in tensors]}")
    if any(x.ndim > 1 for x in tensors):
        raise RuntimeError(f"meshgrid() needs tensors of 1 dimension, got {[x.shape for x in tensors]}")
    shape = tuple(x.numel() for x in tensors)
    grids = [
        x.reshape([-1 if i == k else 1 for k in range(len(shape))]).broadcast_to(shape)
        for i, x in enumerate(tensors)
    ]
    return tuple(x.transpose(0, 1) if indexing == "xy" and len(shape) > 1 else x for x in grids)


# ---- random numbers ----


def rand(*shape, dtype=None, requires_grad=False):
    """Independent samples from the uniform distribution on [0, 1); the shape as ints or as one tuple."""
    return Tensor(np.asarray(generator().random(_shape(shape), dtype or np.float32)), requires_grad)


def randn(*shape, dtype=None, requires_grad=False):
    """Independent samples from the normal distribution, mean 0 and variance 1; shape as for `rand`."""
    numbers = generator().standard_normal(_shape(shape), dtype or np.float32)
    return Tensor(np.asarray(numbers), requires_grad)


def rand_like(input, *, dtype=None, requires_grad=False):
    """`rand` in the shape and dtype of the input."""
    return rand(*input.shape, dtype=dtype or input.dtype, requires_grad=requires_grad)


def randn_like(input, *, dtype=None, requires_grad=False):
    """`randn` in the shape and dtype of the input."""
    return randn(*input.shape, dtype=dtype or input.dtype, requires_grad=requires_grad)


def randint(low, high=None, size=None, *, dtype=None, requires_grad=False):
    """randint(high, size) or randint(low, high, size): independent whole numbers, low (or 0) <= n < high.

    Raises ValueError unless low < high.
    """
    low, high, size = (0, low, high) if size is None else (low, high, size)
    numbers = np.asarray(generator().integers(low, high, _shape((size,))))
    return Tensor(numbers.astype(dtype or np.int64), requires_grad)


def randperm(n, *, dtype=None):
    """The whole numbers from 0 to n - 1 in a random order: (n,)."""
    return Tensor(generator().permutation(n).astype(dtype or np.int64))


def _shape(shape):
    shape = shape[0] if len(shape) == 1 and isinstance(shape[0], tuple | list) else shape
    return tuple(map(operator.index, shape))


FUNCTIONS = {
    name: function
    for name, function in globals().items()
    if isinstance(function, types.FunctionType) and function.__module__ == __name__ and name[0] != "_"
}
