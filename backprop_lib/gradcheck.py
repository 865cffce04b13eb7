"""Compare the gradients of backpropagation with numerical ones."""

import numpy as np

from backprop_lib.tensor import Tensor, no_grad


class GradcheckError(RuntimeError):
    """The gradient from backpropagation differs from the numerical one."""


def numerical_gradient(function, x, eps=1e-6):
    """The gradient of a scalar `function` by central differences: (f(x + eps) - f(x - eps)) / (2 eps).

    `x` is a float64 array of any shape; `function` takes an array of that shape and returns a number.
    The result has the shape of `x`, and `x` is left as it was.
    """
    x = np.array(x, dtype=np.float64)
    gradient = np.empty_like(x)
    for index in np.ndindex(x.shape):
        centre = x[index]
        x[index] = centre + eps
        above = float(function(x.copy()))
        x[index] = centre - eps
        below = float(function(x.copy()))
        x[index] = centre
        gradient[index] = (above - below) / (2 * eps)
    return gradient


def gradcheck(func, inputs, eps=1e-6, atol=1e-5, rtol=1e-3):
    """True if `func(*inputs)` has the gradients that central differences give.

    `func` maps Tensors to a Tensor of any shape; `inputs` is a Tensor or a tuple of Tensors.
    Every input that requires a gradient is checked; it must be float64: float32 rounds the difference away.
    The result is weighted with fixed, unequal numbers, so that errors in different elements cannot cancel.
    Raises GradcheckError, naming the input, the element and both numbers, where they differ by more than
    atol + rtol * |numerical|; ValueError if no input requires a gradient or one of those is not float64.
    """
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    checked = [i for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]
    if not checked:
        raise ValueError("gradcheck needs at least one input with requires_grad=True")
    for i in checked:
        if inputs[i].dtype != np.float64:
            raise ValueError(f"gradcheck needs float64 inputs, but input {i} is {inputs[i].dtype}")

    arrays = [x.array.copy() if isinstance(x, Tensor) else x for x in inputs]
    leaves = [
        Tensor(a, requires_grad=i in checked) if isinstance(a, np.ndarray) else a
        for i, a in enumerate(arrays)
    ]
    out = func(*leaves)
    weights = np.cos(1 + np.arange(out.array.size, dtype=np.float64)).reshape(out.shape)
    if out.requires_grad:
        out.backward(weights)

    for i in checked:

        def weighted(array, i=i):
            with no_grad():
                changed = func(*(Tensor(array) if k == i else leaf for k, leaf in enumerate(leaves)))
            return (changed.array * weights).sum()

        expected = numerical_gradient(weighted, arrays[i], eps)
        got = np.zeros_like(expected) if leaves[i].grad is None else leaves[i].grad.array
        off = ~(np.abs(got - expected) <= atol + rtol * np.abs(expected))
        if off.any():
            worst = tuple(int(k) for k in np.argwhere(off)[0])
            raise GradcheckError(
                f"input {i}, element {worst}: backward() gives {got[worst]:.6g}, "
                f"central differences give {expected[worst]:.6g}"
            )
    return True
