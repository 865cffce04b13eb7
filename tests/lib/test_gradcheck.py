"""What backprop_lib.gradcheck promises: it passes right gradients and catches wrong ones."""

import re

import numpy as np
import pytest

import backprop_lib as bp
from backprop_lib import operations
from backprop_lib.gradcheck import GradcheckError, gradcheck, numerical_gradient
from backprop_lib.operations import Operation
from backprop_lib.tensor import apply


def leaf(*shape, seed=0, low=0.5, high=1.5):
    return bp.tensor(np.random.default_rng(seed).uniform(low, high, shape), requires_grad=True)


def scaled(vjp, factor):
    return lambda g, out, *inputs: factor * vjp(g, out, *inputs)


def diagonal_only(g, out, a, b):
    right = g @ b.swapaxes(-1, -2)
    return right * np.eye(*right.shape)


MUL, MATMUL, EXP = operations.mul, operations.matmul, operations.exp
WRONG = {
    # the operation, its inputs, the input and the element that the message must name
    "sign": (Operation("exp", EXP.forward, scaled(EXP.vjps[0], -1)), [leaf(3)], 0, (0,)),
    "factor 2": (
        Operation("mul", MUL.forward, MUL.vjps[0], scaled(MUL.vjps[1], 2)),
        [leaf(2, 2), leaf(2, 2)],
        1,
        (0, 0),
    ),
    "swapped": (Operation("mul", MUL.forward, MUL.vjps[1], MUL.vjps[0]), [leaf(2), leaf(2, seed=1)], 0, (0,)),
    "zero": (Operation("exp", EXP.forward, scaled(EXP.vjps[0], 0)), [leaf()], 0, ()),
    "nan": (Operation("exp", EXP.forward, scaled(EXP.vjps[0], np.nan)), [leaf(2)], 0, (0,)),
    "one element": (
        Operation("exp", EXP.forward, lambda g, out, a: g * out * [1, 1, 1.1]),
        [leaf(3)],
        0,
        (2,),
    ),
    "diagonal": (
        Operation("matmul", MATMUL.forward, diagonal_only, MATMUL.vjps[1]),
        [leaf(2, 2), leaf(2, 2)],
        0,
        (0, 1),
    ),
    "permuted": (Operation("exp", EXP.forward, lambda g, out, a: (g * out)[::-1]), [leaf(2)], 0, (0,)),
    "cancelling": (Operation("double", lambda a: 2 * a, lambda g, out, a: 2 * g[::-1]), [leaf(2)], 0, (0,)),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_gradient_is_caught_with_its_input_and_element(wrong):
    op, inputs, which, element = WRONG[wrong]
    with pytest.raises(GradcheckError) as caught:
        gradcheck(lambda *xs: apply(op, *xs), inputs)
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
    monkeypatch.setattr(operations, "unbroadcast", first_copy)
    with pytest.raises(GradcheckError, match=r"input 1, element \(0,\)"):
        gradcheck(lambda a, b: a * b, inputs)


def test_a_lost_use_is_caught(monkeypatch):
    def overwrite(self, g, shared):
        self.grad = bp.tensor(g)

    monkeypatch.setattr(bp.Tensor, "_accumulate", overwrite)
    with pytest.raises(GradcheckError, match="input 0, element"):
        gradcheck(lambda a: a * a, leaf(2))


@pytest.mark.parametrize("at", [-800.0, -1.0, 0.5, 800.0])
def test_a_wrong_gradient_of_a_saturating_function_is_caught_where_it_has_a_slope(at):
    wrong = Operation("tanh", np.tanh, lambda g, out, a: g * (1 + out * out))
    inputs = bp.tensor([at], dtype=np.float64, requires_grad=True)
    with pytest.raises(GradcheckError, match="input 0"):
        gradcheck(lambda a: apply(wrong, a), inputs)


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
    half = Operation("mul", MUL.forward, MUL.vjps[0], scaled(MUL.vjps[1], 2))
    assert gradcheck(lambda a, b: apply(half, a, b), [leaf(2), bp.tensor(np.ones(2))])


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
