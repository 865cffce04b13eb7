"""What backprop_lib.gradcheck promises: it passes right gradients and catches wrong ones."""

import re

import numpy as np
import pytest

import backprop_lib as bp
from backprop_lib import graph
from backprop_lib.core import differentiable
from backprop_lib.gradcheck import GradcheckError, gradcheck, numerical_gradient


def leaf(*shape, seed=0, low=0.5, high=1.5):
    return bp.tensor(np.random.default_rng(seed).uniform(low, high, shape), requires_grad=True)


def operation(forward, *vjps):
    return differentiable(*vjps, name="wrong", registered=False)(forward)


def diagonal_only(g, b):
    right = g @ b.swapaxes(-1, -2)
    return right * np.eye(*right.shape)


def product(a, b):
    return a * b


def matrix_product(a, b):
    return a @ b


def exponential(a):
    return np.exp(a)


WRONG = {
    # the operation, its inputs, the input and the element that the message must name
    "sign": (operation(exponential, lambda g, out: -g * out), [leaf(3)], 0, (0,)),
    "factor 2": (
        operation(product, lambda g, b: g * b, lambda g, a: 2 * g * a),
        [leaf(2, 2), leaf(2, 2)],
        1,
        (0, 0),
    ),
    "swapped": (
        operation(product, lambda g, a: g * a, lambda g, b: g * b),
        [leaf(2), leaf(2, seed=1)],
        0,
        (0,),
    ),
    "zero": (operation(exponential, lambda g: g * 0), [leaf()], 0, ()),
    "nan": (operation(exponential, lambda g: g * np.nan), [leaf(2)], 0, (0,)),
    "one element": (operation(exponential, lambda g, out: g * out * [1, 1, 1.1]), [leaf(3)], 0, (2,)),
    "diagonal": (
        operation(matrix_product, diagonal_only, lambda g, a: a.swapaxes(-1, -2) @ g),
        [leaf(2, 2), leaf(2, 2)],
        0,
        (0, 1),
    ),
    "permuted": (operation(exponential, lambda g, out: (g * out)[::-1]), [leaf(2)], 0, (0,)),
    "cancelling": (operation(lambda a: 2 * a, lambda g: 2 * g[::-1]), [leaf(2)], 0, (0,)),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_gradient_is_caught_with_its_input_and_element(wrong):
    op, inputs, which, element = WRONG[wrong]
    with pytest.raises(GradcheckError) as caught:
        gradcheck(op, inputs)
    message = str(caught.value)
    assert message.startswith(f"input {which}, element {element}: ")
    got, expected = re.search(r"backward\(\) gives (\S+), central differences give (\S+)$", message).groups()
    assert float(got) != pytest.approx(float(expected), rel=1e-3)


def test_a_forgotten_broadcasting_sum_is_caught(monkeypatch):
    def first_copy(g, shape):
        while g.ndim > len(shape):
            g = g[0]
        return g

    inputs = [leaf(3, 2), leaf(2, seed=1)]
    assert gradcheck(lambda a, b: a * b, inputs)
    monkeypatch.setattr(graph, "unbroadcast", first_copy)
    with pytest.raises(GradcheckError, match=r"input 1, element \(0,\)"):
        gradcheck(lambda a, b: a * b, inputs)


def test_a_lost_use_is_caught(monkeypatch):
    def overwrite(self, g, owned):
        self.grad = bp.tensor(g)

    monkeypatch.setattr(bp.Tensor, "_accumulate", overwrite)
    with pytest.raises(GradcheckError, match="input 0, element"):
        gradcheck(lambda a: a * a, leaf(2))


@pytest.mark.parametrize("at", [-800.0, -1.0, 0.5, 800.0])
def test_a_wrong_gradient_of_a_saturating_function_is_caught_where_it_has_a_slope(at):
    wrong = operation(lambda a: np.tanh(a), lambda g, out: g * (1 + out * out))
    inputs = bp.tensor([at], dtype=np.float64, requires_grad=True)
    with pytest.raises(GradcheckError, match="input 0"):
        gradcheck(wrong, inputs)


@pytest.mark.parametrize(
    ("function", "inputs"),
    [
        (lambda a, b: (a @ b).tanh() * a, [leaf(2, 2), leaf(2, 2, seed=1)]),
        (lambda a, b: (a + b).log().mean(0), [leaf(2, 3), leaf(3, seed=1)]),
        (lambda a: a.exp(), leaf()),
        (lambda a: a.sum() * 0 + 1, leaf(2)),
        (lambda a, b: a * b.detach(), (leaf(2), bp.ones(2))),
        (lambda a, factor: a * factor, [leaf(2), 3.0]),
        (lambda a: a.reshape(0), leaf(0)),
    ],
    ids=range(7),
)
def test_right_gradients_pass(function, inputs):
    assert gradcheck(function, inputs) is True


def test_inputs_and_their_gradients_stay_as_they_were():
    x = leaf(2, 2)
    before = x.array.copy()
    gradcheck(lambda a: a * a, x)
    assert np.array_equal(x.array, before)
    assert x.grad is None


def test_only_inputs_that_require_a_gradient_are_checked():
    half = operation(product, lambda g, b: g * b, lambda g, a: 2 * g * a)
    assert gradcheck(half, [leaf(2), bp.tensor(np.ones(2))])


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ([bp.ones(2, requires_grad=True)], "float64 inputs, but input 0 is float32"),
        ([leaf(2), bp.ones(2, requires_grad=True)], "float64 inputs, but input 1 is float32"),
        ([bp.ones(2)], "requires_grad=True"),
        ([], "requires_grad=True"),
    ],
)
def test_what_cannot_be_checked_is_refused(inputs, words):
    with pytest.raises(ValueError, match=words):
        gradcheck(lambda *xs: xs[0] * 2, inputs)


class TestNumericalGradient:
    def test_it_is_the_gradient(self):
        x = np.array([[0.5, -1.0], [2.0, 3.0]])
        np.testing.assert_allclose(numerical_gradient(lambda a: (a**3).sum(), x), 3 * x**2, rtol=1e-8)

    def test_it_takes_numbers_and_lists(self):
        assert numerical_gradient(lambda a: a**2, 3.0) == pytest.approx(6.0)
        assert numerical_gradient(np.sum, [1, 2]) == pytest.approx([1.0, 1.0])

    def test_a_function_that_overwrites_its_argument_does_no_harm(self):
        def total(a):
            result = a.sum()
            a.fill(0)
            return result

        x = np.ones(2)
        assert numerical_gradient(total, x) == pytest.approx([1.0, 1.0])
        assert x.tolist() == [1.0, 1.0]
