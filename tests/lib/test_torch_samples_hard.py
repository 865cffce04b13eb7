"""Infinities, nan, ties, zeros, strides and no elements at all: the results are those of PyTorch."""

import math

import numpy as np
import pytest
import torch

import backprop_lib as bp
from backprop_lib.tensor import Tensor
from tests.lib.torch_samples import assert_same, flat, gradients

INF, NAN = math.inf, math.nan
NUMBERS = {
    "ties": [[1.0, 2, 2], [2, 0, 2]],
    "nan": [[1, NAN, 2], [0, 3, NAN]],
    "inf": [[INF, 1, INF], [-3, -INF, 2]],
    "-inf": [[-INF, -INF, -INF], [0, 1, -INF]],
    "zeros": [[0.0, 0, 3], [0, 2, 4]],
    "all zero": [[0.0, 0, 0], [0, 0, 0]],
    "signed zeros": [[-0.0, 0.0, -0.0], [0.0, -0.0, 0.0]],
    "huge and tiny": [[1e18, 3, 1e-30], [1e-40, 1e4, -1e-40]],
}
EMPTY = {
    "no rows": np.zeros((0, 3)),
    "no columns": np.zeros((2, 0)),
    "nothing": np.zeros(0),
    "one number": np.full((), 0.5),
    "every other, backwards": np.arange(24.0).reshape(4, 6)[::-2, ::-2],
    "transposed": np.arange(6.0).reshape(2, 3).T,
    "broadcast": np.broadcast_to(np.arange(3.0), (2, 3)),
}
REDUCTIONS = ["sum", "mean", "amax", "amin", "prod", "var", "std", "norm", "max", "min", "argmax", "argmin"]
UNARY = ["abs", "ceil", "erf", "floor", "isfinite", "isinf", "isnan", "round", "sign", "square", "trunc"]
FUNCTIONS = {
    **{f"{name}()": lambda x, name=name: getattr(x, name)() for name in REDUCTIONS},
    **{f"{name}(1)": lambda x, name=name: getattr(x, name)(dim=1) for name in [*REDUCTIONS, "logsumexp"]},
    **{f"norm({p}, 1)": lambda x, p=p: x.norm(p, dim=1) for p in (0.5, 1, 1.5, 3, INF, -INF, -1)},
    "cumsum": lambda x: x.cumsum(-1),
    "softmax": lambda x: x.softmax(-1),
    "log_softmax": lambda x: x.log_softmax(-1),
    "clamp": lambda x: x.clamp(0, 2),
    "clamp by tensors": lambda x: x.clamp(x.detach() * 0, x.detach() * 0 + 2),
    "clamp, min > max": lambda x: x.clamp(x.detach() * 0 + 2, x.detach() * 0),
    "clamp(min)": lambda x: x.clamp(min=2),
    "clamp(max)": lambda x: x.clamp(max=2),
    "maximum": lambda x: x.maximum(x.flip(0)),
    "minimum": lambda x: x.minimum(x.flip(0)),
    "max of two": lambda x: x.max(x.flip(-1)),
    "masked_fill": lambda x: x.masked_fill(x.detach() > 1, 7.0),
    "x**2": lambda x: x**2,
    "x**0": lambda x: x**0,
    "x**-1": lambda x: x**-1,
    "x / 0, floor": lambda x: x.div(0.0, rounding_mode="floor"),
    "x / 0, trunc": lambda x: x.div(0.0, rounding_mode="trunc"),
    "tril": lambda x: x.tril(),
    "reshape": lambda x: x.reshape(-1),
    "flip": lambda x: x.flip(0),
    "x[..., :1]": lambda x: x[..., :1],
    "x @ x.T": lambda x: x @ x.transpose(0, 1),
    **{name: lambda x, name=name: getattr(x, name)() for name in UNARY},
}
# PyTorch has no first or second derivative there, or nan where the derivative does not exist.
NOT_TWICE = {"norm()", "norm(1)", "prod()", "prod(1)"}

pytestmark = pytest.mark.filterwarnings("ignore:.*degrees of freedom")
functions = pytest.mark.parametrize("function", FUNCTIONS)
dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=lambda dtype: dtype.__name__)


def outcome(lib, function, numbers, order):
    """Results and gradients up to that order, or the error."""
    x = lib.tensor(np.array(numbers), requires_grad=True) if lib is torch else Tensor(numbers, True)
    try:
        out = flat(FUNCTIONS[function](x), type(x))
    except (RuntimeError, IndexError) as error:
        return error
    all_of_them = list(out)
    for _ in range(order):
        out = [g for g in gradients(lib, out, [x], create_graph=order == 2) if g is not None]
        all_of_them += out
        if not any(g.requires_grad for g in out):
            break
    return all_of_them


def agree(function, numbers, order):
    ours, theirs = (outcome(lib, function, numbers, order) for lib in (bp, torch))
    if isinstance(theirs, Exception):
        assert type(ours) in (type(theirs), RuntimeError), (ours, theirs)
        return
    assert not isinstance(ours, Exception), ours
    count = min(len(ours), len(theirs))  # of a gradient that is constant, one has none and the other zeros
    assert not any(g.detach().any() for g in [*ours[count:], *theirs[count:]])
    assert_same(ours[:count], theirs[:count])


@functions
@dtypes
@pytest.mark.parametrize("numbers", NUMBERS)
def test_hard_numbers(function, dtype, numbers):
    with np.errstate(all="ignore"):
        numbers = np.array(NUMBERS[numbers], dtype)
    agree(function, numbers, order=1)


@functions
@dtypes
@pytest.mark.parametrize("numbers", ["ties", "zeros", "all zero", "signed zeros"])
def test_their_second_order(function, dtype, numbers):
    agree(function, np.array(NUMBERS[numbers], dtype), order=1 if function in NOT_TWICE else 2)


@functions
@dtypes
@pytest.mark.parametrize("numbers", EMPTY)
def test_hard_shapes(function, dtype, numbers):
    numbers = EMPTY[numbers]
    agree(function, numbers.astype(dtype, copy=numbers.dtype != dtype), order=1)


def test_erf_is_that_of_the_c_library():
    x = np.concatenate(
        [np.linspace(-7, 7, 20_001), np.logspace(-300, 1, 10_001), [0.0, -0.0, INF, -INF, 0.46875, 4.0]]
    )
    expected = np.array([math.erf(number) for number in x])
    np.testing.assert_allclose(bp.erf(Tensor(x)).array, expected, rtol=1e-15, atol=0)
    single = bp.erf(Tensor(x.astype(np.float32))).array
    expected = np.array([math.erf(number) for number in x.astype(np.float32)])
    np.testing.assert_allclose(single, expected, rtol=5e-7, atol=2e-45)
    assert abs(single).max() <= 1
    assert math.isnan(bp.erf(bp.tensor(NAN)).item())
