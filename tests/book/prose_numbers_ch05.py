"""What the prose of the worked example says in numbers, beside the computation that it must agree with.

In `numbers`: a phrase as the page has it, then each of its decimals and powers of ten, computed.
In `figures`: a phrase with a number in words, then whether the computation bears it out.
"""

import re
from functools import cache

import numpy as np
import torch

import backprop_lib as bp
from backprop_lib.gradcheck import numerical_gradient
from tests.book.pages import cells
from tests.book.worked_example import ALPHA, ARTICLE, W1, W2, T, by_decimals, by_pytorch, forward, train
from tools.check_notebooks import ROOT


def power(number, decimals):
    """A number as LaTeX writes it: -4.9 \\times 10^{-3}."""
    mantissa, exponent = f"{number:.{decimals}e}".split("e")
    return rf"{mantissa} \times 10^{{{int(exponent)}}}"


def nearest_power(numbers):
    """The power of ten nearest to the size of all the numbers, as LaTeX writes it."""
    (exponent,) = {round(float(np.log10(abs(number)))) for number in numbers}
    return f"10^{{{exponent}}}"


def close(number, expected, within):
    return bool(np.all(np.abs(np.asarray(number) / expected - 1) < within))


def first_weight_raised_by(change):
    """The error after a change of the first weight of the hidden layer."""
    raised = torch.tensor(W1, dtype=torch.float64)
    raised[0, 0] += change
    return forward(raised, torch.tensor(W2, dtype=torch.float64), linear=False)[-1].item()


def library_gradient():
    """dE/dW1 by backprop_lib."""
    w1, w2 = (bp.tensor(W, dtype=np.float64, requires_grad=True) for W in (W1, W2))
    y = (w2 @ (w1 @ bp.tensor([1.0, 2.0], dtype=np.float64)).sigmoid()).sigmoid()
    (0.5 * (y - T) ** 2).sum().backward()
    return w1.grad.array


def calls_for(number_of_weights):
    """How often numerical_gradient runs the function."""
    seen = []
    numerical_gradient(lambda w: seen.append(w) or 0.0, np.zeros(number_of_weights))
    return len(seen)


def nudges_of_the_page():
    """The step sizes that the chapter's code gives to numerical_gradient."""
    notebook = cells(ROOT / "chapters/05_worked_example.ipynb")
    return {eps for _, cell in notebook for eps in re.findall(r"\beps=([^)]+)\)", "".join(cell["source"]))}


def relative_error(gradient):
    """The largest relative error of a gradient of W1."""
    return np.abs(gradient / np.array(by_decimals().dW1, dtype=float) - 1).max()


def largest_share_left(n):
    """The largest derivative of a chain of n sigmoids over many random weights between -1 and 1."""
    x = torch.zeros(1000, dtype=torch.float64, requires_grad=True)
    weights = 2 * torch.rand(n, 1000, generator=torch.Generator().manual_seed(0), dtype=torch.float64) - 1
    out = x
    for weight in weights:
        out = torch.sigmoid(weight * out)
    out.sum().backward()
    return x.grad.abs().max().item()


def graded(assignment):
    """Of a solution notebook: the number of coded answers, of answers in words, and the points in all."""
    notebook = cells(ROOT / f"solutions/{assignment}/{assignment}.ipynb")
    marked = [(c["cell_type"], c["metadata"]["nbgrader"]) for _, c in notebook if "nbgrader" in c["metadata"]]
    answers = [kind for kind, mark in marked if mark["solution"]]
    points = sum(mark["points"] for _, mark in marked if mark["grade"])
    return answers.count("code"), answers.count("markdown"), points


@cache
def tables():
    """The rows (phrase, number, number, ...) and the rows (phrase, whether it is true)."""
    net, linear = by_pytorch(), by_pytorch(linear=True)
    slopes, output_slope = net.a1 * (1 - net.a1), (net.y * (1 - net.y))[0]
    some_z = torch.linspace(-20, 20, 4001, dtype=torch.float64, requires_grad=True)
    (some_slopes,) = torch.autograd.grad(torch.sigmoid(some_z).sum(), some_z)
    largest_slope = some_slopes.max().item()

    sigmoid_errors, *_ = train(1000)
    linear_errors, *trained = train(1000, linear=True)
    after_training = by_pytorch(*trained, linear=True)
    moved1, moved2 = (np.abs(new - np.array(old)).max() for new, old in zip(trained, (W1, W2)))
    gained = sigmoid_errors[1] - sigmoid_errors[0]
    predicted = -ALPHA * ((net.dW1**2).sum() + (net.dW2**2).sum())
    linear_slopes = [*linear.dW1.flat, *linear.dW2.flat]
    y = torch.tensor(net.y, requires_grad=True)
    (mse_slope,) = torch.autograd.grad(torch.nn.functional.mse_loss(y, torch.tensor([T], dtype=y.dtype)), y)
    raised = first_weight_raised_by(0.1) - sigmoid_errors[0]
    said_slopes = [float(ARTICLE[rf"$\partial E/\partial w^1_{{3{k}}}$"].replace("−", "-")) for k in (1, 2)]
    said_weights = [ARTICLE[f"change of $w^1_{{3{k}}}$"].split()[-1].strip(")") for k in (1, 2)]

    numbers = [
        ("in the middle, where it is 0.25, and tiny at both ends", f"{largest_slope:.2f}"),
        ("The first activation is 0.9933", f"{net.a1[0]:.4f}"),
        ("From $y$ to $z^2$ the gradient drops from −2 to −0.005", f"{net.dz2[0]:.3f}"),
        (r"the learning rate $\alpha = 0.1$", f"{ALPHA}"),
        ("then raising it by 0.1 would lower the error by about 0.2", "0.1", f"{0.1 * (3 - 1):.1f}"),
        ("5 − 0.1 · (−10) is 6.0, not 5.5", f"{ALPHA}", f"{5 - ALPHA * said_slopes[0]:.1f}", said_weights[0]),
        (r"the gradients of the third neuron are near $10^{-9}$", nearest_power(net.dW1[2])),
        (r"It takes $\alpha = 0.1$ without ever saying so", f"{ALPHA}"),
        ("6 − 0.1 · (−12) is 7.2, not 6.6", f"{ALPHA}", f"{6 - ALPHA * said_slopes[1]:.1f}", said_weights[1]),
        (r"first weight into the output is $-4.9 \times 10^{-3}$", power(net.dW2[0, 0], 1)),
        (r"the first weight has $-3.3 \times 10^{-5}$", power(net.dW1[0, 0], 1)),
        (r"multiplies by $\sigma' \le 0.25$", f"{largest_slope:.2f}"),
        ("at most $0.25^n$ of the gradient is left", f"{largest_slope:.2f}"),
        ("The output starts at 5.993", f"{linear.y[0]:.3f}"),
        ("from 2.0050 to 2.0020", f"{sigmoid_errors[0]:.4f}", f"{sigmoid_errors[1000]:.4f}"),
        ("The linear one is below 0.01 after ten steps", "0.01"),
    ]

    figures = [
        ("two inputs, three hidden neurons, one output", np.shape(W1) == (3, 2) and np.shape(W2) == (1, 3)),
        ("nine weights and no biases", np.size(W1) + np.size(W2) == 9),
        ("tiny at both ends", some_slopes[[0, -1]].max() < 1e-8),
        ("the other two look like 1 at four digits", [f"{a:.4g}" for a in net.a1[1:]] == ["1", "1"]),
        ("The first costs a factor of about 400", close(1 / output_slope, 400, 0.01)),
        ("the second a factor between 150 and 24 million", close(1 / slopes[[0, 2]], [150, 24e6], 0.01)),
        ("when a float64 holds sixteen", round(-np.log10(np.finfo(np.float64).eps)) == 16),
        ("Why only eight digits for the tiny ones", 1e-10 < relative_error(net.dW1) < 1e-8),
        ("differs from 1 only from the eighth decimal on", 1e-8 < 1 - net.a1[2] < 1e-7),
        ("only the last eight or nine are left", 1e-9 < np.finfo(np.float64).eps / (1 - net.a1[2]) < 1e-8),
        (r"as $\sigma(z)\,\sigma(-z)$ and keeps all digits", relative_error(library_gradient()) < 1e-14),
        ("up and down by a thousandth", nudges_of_the_page() == {"1e-3"}),
        ("a tiny nudge would change the error by less", net.dW1[2].min() * 1e-6 < np.spacing(net.E)),
        ("two forward passes for each weight", calls_for(9) == 2 * 9),
        ("the gradient drops from −2 to −0.005", close(net.dy, -2, 0.01)),
        ("From $a^1_1$ to $z^1_1$ it drops again", abs(net.dz1[0]) < 0.01 * abs(net.da1[0])),
        ("$x_1$ has three edges leaving it", len(W1) == 3),
        ("The prediction is right to a tenth of a percent", close(predicted, gained, 0.001)),
        ("the step gained seven millionths", f"{gained:.0e}" == "-7e-06"),
        ("of an error of two", close(net.E, 2, 0.01)),
        (r"$\frac12 (1-3)^2$ is 2, not 4", 0.5 * (1 - 3) ** 2 == 2 and ARTICLE["$E$"].endswith("= 4")),
        ('The article\'s "gradients" −2, −4, …, −12', said_slopes == [-10, -12]),
        ("the error moves by three millionths", f"{raised:.0e}" == "-3e-06"),
        ("though its gradients are the largest", np.abs(net.dW2).min() > np.abs(net.dW1).max()),
        ("the weighted inputs are 5, 11 and 17", list(net.z1) == [5, 11, 17]),
        (
            "at most $0.25^n$ of the gradient is left",
            all(largest_share_left(n) <= 0.25**n for n in (1, 2, 5)),
        ),
        ("too large this time, so the gradients are positive", linear.y > T and min(linear_slopes) > 0),
        ("Those of the output layer are now about 3", close(linear.dW2, 3, 0.01)),
        ("six hundred times as large as before, and of the", close(linear.dW2 / net.dW2, -600, 0.01)),
        ("After 1000 steps the sigmoid network", len(sigmoid_errors) == 1001),
        ("below 0.01 after ten steps", linear_errors[10] < 0.01),
        ("each step leaves about 49 %", close(linear_errors[2:41] / linear_errors[1:40], 0.49, 0.01)),
        ("the hidden neurons are as saturated as before", close(after_training.a1, net.a1, 0.001)),
        ("The output layer did nearly all of the work", moved1 < 0.01 * moved2),
        ("the gradient of `nn.MSELoss` is twice ours", close(mse_slope, 2 * net.dy, 1e-12)),
        ("Whenever your gradient is off by exactly 2", close(mse_slope, 2 * net.dy, 1e-12)),
        (
            "eight coded parts and one to explain in words, 100 points",
            graded("worked_example") == (8, 1, 100),
        ),
    ]
    return numbers, figures
