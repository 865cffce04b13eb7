"""What the prose of the concepts chapter says in numbers, beside the computation that it must agree with."""

import inspect
import math
from functools import cache

import numpy as np
import torch

import backprop_lib as bp
from backprop_lib.gradcheck import numerical_gradient
from backprop_lib.scalar import Value


def largest_slope(name, z):
    leaf = torch.tensor(z, dtype=torch.float64, requires_grad=True)
    getattr(torch, name)(leaf).sum().backward()
    return leaf.grad.max().item()


def slope(function, *at):
    """The gradient of a function of numbers, by the scalar engine."""
    values = [Value(number) for number in at]
    function(*values).backward()
    return [value.grad for value in values]


def default(function, name):
    return inspect.signature(function).parameters[name].default


def float32_error():
    """The typical relative error of central differences of exp in float32 with the best power of two."""
    x = (1 + np.arange(64) / 64).astype(np.float32)
    exact = np.exp(x.astype(np.float64))
    errors = []
    for h in 2.0 ** -np.arange(1, 21, dtype=np.float32):
        slope = (np.exp(x + h) - np.exp(x - h)) / (2 * h)
        errors.append(np.sqrt(np.mean((slope / exact - 1) ** 2)))
    return min(errors)


def stages(n):
    """The number of paths through n forks."""
    return 1 if n == 0 else 2 * stages(n - 1)


def either_or(x1, x2):
    """The network of the page, by PyTorch."""
    a = torch.sigmoid(torch.tensor([20.0 * x1 + 20.0 * x2 - 10, 20.0 * x1 + 20.0 * x2 - 30]))
    return torch.sigmoid(20 * a[0] - 20 * a[1] - 10).item() > 0.5


def power_of_ten(number):
    return f"10^{{{round(math.log10(number))}}}"


def with_sign(number, decimals):
    return f"{number:.{decimals}f}"


@cache
def tables():
    gradient = numerical_gradient(lambda w: w[0] ** 2 / 2 + 2 * w[1] ** 2, np.array([2.0, 1.0]))
    straight = gradient @ np.array([-2.0, -1.0]) / math.sqrt(5)
    steepest = -np.linalg.norm(gradient)
    float64_step = (3 * np.finfo(np.float64).eps) ** (1 / 3)
    leak = default(bp.nn.functional.leaky_relu, "negative_slope")
    eps = default(numerical_gradient, "eps")
    three = slope(lambda x, y: (x * y) * (x * y + x), 1.0, 3.0)
    path_u, path_v = slope(lambda u, v: u * v, 6.0, 4.0)

    numbers = [
        ("here $s = 0.01$", f"{leak}"),
        (r"$v \leftarrow 0.6\,v + \tanh v$", "0.6"),
        ("Take $h$ near $10^{-5}$ times the size of $x$", power_of_ten(float64_step)),
        ("in our library takes $10^{-6}$ unless told otherwise", power_of_ten(eps)),
        ("in float64, with $h$ near $10^{-5}$", power_of_ten(float64_step)),
        ("about −3.58", with_sign(straight, 2)),
        ("about −4.47", with_sign(steepest, 2)),
        (r"The ratio is $8/\sqrt{100} = 0.8$", f"{straight / steepest:.1f}"),
        ("with $h = 10^{-20}$", power_of_ten(1e-20)),
        ("$1 + 10^{-20}$ *is* 1", power_of_ten(1e-20)),
    ]

    figures = [
        (
            "Three neurons can do it",
            [either_or(a, b) for a in (0, 1) for b in (0, 1)] == [False, True, True, False],
        ),
        ("A sigmoid leaves a quarter at best", largest_slope("sigmoid", np.linspace(-5, 5, 1001)) == 0.25),
        (
            "next to nothing four steps from the middle",
            largest_slope("sigmoid", np.array([-4.0, 4.0])) < 0.02,
        ),
        ("here $s = 0.01$", default(torch.nn.functional.leaky_relu, "negative_slope") == leak),
        ("At $x = 2$ we have $u = 6$ and $v = 4$", (3 * 2, 2**2) == (6, 4)),
        (r"contributes $v \cdot 3 = 12$", path_u * 3 == 12),
        (r"contributes $u \cdot 2x = 24$", path_v * 2 * 2 == 24),
        ("together they make 36", math.isclose(slope(lambda x: (3 * x) * x**2, 2.0)[0], 36)),
        ("Then $n$ stages have $2^n$ paths", all(stages(n) == 2**n for n in range(10))),
        (
            "float64 number to about 16 digits and a float32 to about 7",
            [round(-math.log10(np.finfo(kind).eps)) for kind in (np.float64, np.float32)] == [16, 7],
        ),
        ("keeps about five digits of a single $e^x$", round(-math.log10(float32_error())) == 5),
        ("the number of paths doubles, and that of the arrows grows by four", stages(5) == 2 * stages(4)),
        ("so does PyTorch's `gradcheck`", default(torch.autograd.gradcheck, "eps") == eps),
        ("A weight matrix of shape (3, 2) asks six such questions", 3 * 2 == 6),
        ("at 80 % of the steepest rate", math.isclose(straight / steepest, 0.8, rel_tol=1e-6)),
        (r"Together $\partial E/\partial x = 24$", three[0] == 24),
        (r"$x \cdot c + x \cdot a = 4 + 3 = 7$", three[1] == 7),
        ("A central difference gives 0", 1 + 1e-20 == 1 == 1 - 1e-20),
    ]
    return numbers, figures
