"""A trace tells every step of a forward and a backward pass, for either engine, and PyTorch agrees."""

import subprocess
import sys

import numpy as np
import pytest
import torch

import backprop_lib as bp
from backprop_lib.scalar import Value, dot
from backprop_lib.tensor import Tensor
from backprop_lib.trace import trace


def chapter_example(x, w1, w2):
    """A neuron with two inputs, applied to itself: w1 and x are used more than once."""
    hidden = (w1 * x + w2).sigmoid()
    return (hidden * w1 - x) ** 2


def values():
    return [Value(0.5), Value(-1.5), Value(2.0)]


def tensors(shape=(2, 3)):
    rng = np.random.default_rng(0)
    return [Tensor(rng.normal(size=shape), requires_grad=True) for _ in range(3)]


def tensor_example(x, w1, w2):
    return chapter_example(x, w1, w2).sum()


TRACES = {
    "scalar": lambda: (trace(chapter_example, values()), values(), chapter_example),
    "tensor": lambda: (trace(tensor_example, tensors()), tensors(), tensor_example),
}
either = pytest.mark.parametrize("engine", TRACES)


def by_pytorch(inputs, function):
    leaves = [
        torch.tensor(x.data if isinstance(x, Value) else x.array, dtype=torch.float64, requires_grad=True)
        for x in inputs
    ]
    out = function(*leaves)
    out.backward()
    return out.item(), [leaf.grad.numpy() for leaf in leaves]


@either
def test_gradients_of_the_inputs_are_those_of_pytorch(engine):
    steps, inputs, function = TRACES[engine]()
    value, gradients = by_pytorch(inputs, function)
    np.testing.assert_allclose(np.asarray(steps.forward[-1].value), value, rtol=1e-12)
    for step, gradient in zip(steps.forward, gradients):
        assert step.operation == ""
        np.testing.assert_allclose(steps.gradients[step.node], gradient, rtol=1e-12)


@either
def test_a_value_is_computed_after_its_inputs_and_a_gradient_passed_on_after_its_uses(engine):
    steps, *_ = TRACES[engine]()
    seen = set()
    for step in steps.forward:
        assert set(step.inputs) <= seen
        seen.add(step.node)
    done = set()
    for step in steps.backward:
        users = {other.node for other in steps.forward if step.node in other.inputs}
        assert users <= done
        done.add(step.node)
    assert done == {step.node for step in steps.forward if step.operation}


@either
def test_what_is_sent_is_the_incoming_gradient_times_the_local_derivative(engine):
    steps, *_ = TRACES[engine]()
    for step in steps.backward:
        assert len(step.inputs) == len(step.local) == len(step.outgoing)
        for local, outgoing in zip(step.local, step.outgoing):
            product = np.tensordot(step.incoming, local, axes=np.ndim(step.incoming))
            np.testing.assert_allclose(product, outgoing, rtol=1e-12)


@either
def test_a_gradient_is_the_sum_of_all_that_was_sent(engine):
    steps, *_ = TRACES[engine]()
    root = steps.forward[-1].node
    for node, gradient in steps.gradients.items():
        sent = [
            share for step in steps.backward for to, share in zip(step.inputs, step.outgoing) if to == node
        ]
        np.testing.assert_allclose(gradient, 1.0 if node == root else np.sum(sent, axis=0), rtol=1e-12)


@either
def test_local_derivatives_are_central_differences(engine):
    steps, *_ = TRACES[engine]()
    by_name = {"*": "mul", "+": "add", "-": "sub", "**": "pow"}
    functions = {
        "mul": np.multiply,
        "add": np.add,
        "sub": np.subtract,
        "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
        "pow": lambda a: a**2,
        "sum": np.sum,
    }
    values = {step.node: np.asarray(step.value, dtype=np.float64) for step in steps.forward}
    for step in steps.backward:
        function = functions[by_name.get(step.operation, step.operation)]
        operands = [values[i] for i in step.inputs]
        for which, local in enumerate(step.local):
            numeric = np.empty(np.shape(local))
            for index in np.ndindex(operands[which].shape):
                changed = [[o.copy() for o in operands] for _ in range(2)]
                changed[0][which][index] += 1e-6
                changed[1][which][index] -= 1e-6
                slope = (function(*changed[0]) - function(*changed[1])) / 2e-6
                numeric[(..., *index)] = slope
            np.testing.assert_allclose(local, numeric, rtol=1e-6, atol=1e-8)


@either
def test_the_inputs_keep_their_gradients(engine):
    inputs = values() if engine == "scalar" else tensors()
    before = [x.grad for x in inputs]
    trace(chapter_example if engine == "scalar" else tensor_example, inputs)
    assert [x.grad for x in inputs] == before


def test_names_come_from_the_caller_or_the_function():
    names = {}

    def function(x, w):
        names["product"] = x * w
        return names["product"].exp()

    x, w = Value(2.0), Value(0.5)
    names |= {"x": x, "w": w}
    lines = str(trace(function, [x, w], names)).splitlines()
    assert lines == [
        "forward   x = input = 2",
        "forward   w = input = 0.5",
        "forward   product = *(x, w) = 1",
        "forward   v3 = exp(product) = 2.718",
        "backward  v3 has 1, sends 2.718 to product",
        "backward  product has 2.718, sends 1.359 to x, 5.437 to w",
    ]


def test_tensors_print_their_shapes():
    x = tensors()[0]
    lines = str(trace(lambda x: (x * 2).sum(), [x], {"x": x})).splitlines()
    assert lines[0] == "forward   x = input = array of shape (2, 3)"
    assert lines[-1] == "backward  v1 has array of shape (2, 3), sends array of shape (2, 3) to x"


def test_a_custom_function_is_one_step():
    class Twice(bp.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    steps = trace(lambda x: Twice.apply(x).sum(), [tensors()[0]])
    assert [step.operation for step in steps.backward] == ["sum", "Twice"]


def test_nodes_with_many_parents():
    x, y, z = Value(2.0), Value(3.0), Value(5.0)
    steps = trace(lambda x, y, z: dot([x, y], [y, z], x) / y, [x, y, z])
    assert [step.operation for step in steps.backward] == ["/", "dot"]
    assert steps.backward[1].local == (3.0, 5.0, 2.0, 3.0, 1.0)
    assert list(steps.gradients.values())[:3] == pytest.approx([4 / 3, (2 + 5) / 3 - 23 / 9, 1.0])


def test_an_input_alone_and_an_unused_input():
    x, unused = Value(3.0), Value(4.0)
    steps = trace(lambda x, _: x, [x, unused])
    assert [step.value for step in steps] == [3.0, 4.0]
    assert steps.gradients == {0: 1.0, 1: 0.0}
    x, unused = tensors()[:2]
    steps = trace(lambda x, _: x.sum(), [x, unused])
    assert [g.tolist() for g in steps.gradients.values()] == [[[1.0] * 3] * 2, [[0.0] * 3] * 2, 1.0]


@pytest.mark.parametrize(
    ("function", "inputs", "words"),
    [
        (lambda x: x, [3.0], "needs Values only or Tensors only, got float"),
        (lambda x: x, [], "got nothing"),
        (lambda x, y: x, [Value(1.0), bp.ones(1)], "got Tensor, Value"),
        (lambda x: 3.0, [Value(1.0)], "must return a Value, got 3.0 of type float"),
        (lambda x: 3.0, [bp.ones(1, requires_grad=True)], "must return a Tensor, got float"),
        (lambda x: x, [bp.ones(1, requires_grad=True) * 2], "must be leaves: detach"),
    ],
)
def test_a_mistake_is_refused_in_words(function, inputs, words):
    with pytest.raises(TypeError, match=words):
        trace(function, inputs)


def test_tracing_stops_when_the_function_fails():
    with pytest.raises(ZeroDivisionError):
        trace(lambda x: 1 / 0, [bp.ones(1, requires_grad=True)])
    assert len(trace(lambda x: (x * 2).sum(), [bp.ones(1, requires_grad=True)])) == 5


def test_tracing_values_needs_no_numpy():
    code = (
        "import sys; from backprop_lib.trace import trace; from backprop_lib.scalar import Value;"
        "trace(lambda x: x * x, [Value(2.0)]); assert 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
