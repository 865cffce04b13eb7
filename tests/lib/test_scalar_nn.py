"""What backprop_lib.scalar_nn promises: micrograd's networks, number for number."""

import math
import random

import micrograd.engine
import micrograd.nn
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_lib import scalar_nn
from backprop_lib.scalar import Value


def build(lib, seed, *sizes, **options):
    random.seed(seed)
    return lib.MLP(*sizes, **options)


def loss_and_gradients(lib_value, model, x):
    out = model([lib_value(number) for number in x])
    outs = out if isinstance(out, list) else [out]
    loss = sum((o - 1) ** 2 for o in outs)
    loss.backward()
    return [o.data for o in outs], loss.data, [p.grad for p in model.parameters()]


@given(st.integers(0, 1000), st.lists(st.floats(-3, 3), min_size=2, max_size=2))
@pytest.mark.parametrize("sizes", [(2, [4, 4, 1]), (2, [3, 2]), (2, [1])], ids=str)
@pytest.mark.parametrize("fused", [False, True], ids=["plain", "fused"])
def test_the_same_seed_gives_the_numbers_of_micrograd(fused, sizes, seed, x):
    ours, theirs = build(scalar_nn, seed, *sizes, fused=fused), build(micrograd.nn, seed, *sizes)
    assert [p.data for p in ours.parameters()] == [p.data for p in theirs.parameters()]
    got, expected = loss_and_gradients(Value, ours, x), loss_and_gradients(micrograd.engine.Value, theirs, x)
    for mine, other in zip(got, expected, strict=True):
        assert mine == pytest.approx(other, rel=1e-12, abs=1e-12)


def points_on_two_half_circles(count):
    for i in range(count):
        angle = math.pi * i / count
        yield [math.cos(angle), math.sin(angle)], -1
        yield [1 - math.cos(angle), 0.5 - math.sin(angle)], 1


def demo(lib_value, lib_nn, steps=5):
    """micrograd's demo, which knows its two modules only by what they export: train a classifier of moons."""
    random.seed(7)
    model = lib_nn.MLP(2, [6, 6, 1])
    losses = []
    for step in range(steps):
        hinges, right = [], 0
        for point, label in points_on_two_half_circles(10):
            score = model([lib_value(x) for x in point])
            hinges.append((1 + -label * score).relu())
            right += (score.data > 0) == (label > 0)
        data_loss = sum(hinges) * (1.0 / len(hinges))
        loss = data_loss + 1e-4 * sum(p * p for p in model.parameters())
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data -= (1.0 - 0.9 * step / 100) * p.grad
        losses += [loss.data, right / len(hinges)]
    return losses, [p.data for p in model.parameters()]


def test_the_demo_of_micrograd_trains_alike():
    ours, theirs = demo(Value, scalar_nn), demo(micrograd.engine.Value, micrograd.nn)
    for mine, other in zip(ours, theirs, strict=True):
        assert mine == pytest.approx(other, rel=1e-9, abs=1e-12)


def test_a_fused_neuron_is_one_node_and_a_relu():
    model = build(scalar_nn, 0, 2, [4, 1], fused=True)
    assert len(model([1.0, 2.0])._results_in_order()) == 4 * 2 + 1


@pytest.mark.parametrize("fused", [False, True], ids=["plain", "fused"])
def test_inputs_may_be_plain_numbers(fused):
    model = build(scalar_nn, 0, 2, [3, 1], fused=fused)
    assert model([1.0, -2]).data == model([Value(1.0), Value(-2)]).data


def test_zero_grad_forgets_every_gradient():
    model = build(scalar_nn, 0, 2, [4, 4, 1])
    model([1.0, 2.0]).backward()
    assert any(p.grad for p in model.parameters())
    model.zero_grad()
    assert [p.grad for p in model.parameters()] == [0.0] * 37


def test_one_output_comes_alone_and_several_in_a_list():
    assert isinstance(build(scalar_nn, 0, 2, [1])([1.0, 2.0]), Value)
    assert len(build(scalar_nn, 0, 2, [3])([1.0, 2.0])) == 3


def test_a_hidden_layer_may_have_one_neuron():
    model = build(scalar_nn, 0, 2, [1, 1, 2])
    model.layers[0].neurons[0].b.data = 10.0
    hidden = model.layers[0]([1.0, 2.0])
    expected = [neuron([model.layers[1]([hidden])]).data for neuron in model.layers[2].neurons]
    assert [out.data for out in model([1.0, 2.0])] == expected


def test_the_last_layer_is_linear_and_the_others_are_not():
    model = build(scalar_nn, 0, 2, [4, 1])
    assert [neuron.nonlin for layer in model.layers for neuron in layer.neurons] == [True] * 4 + [False]


def test_the_printed_form_shows_the_layers():
    expected = build(micrograd.nn, 0, 2, [2, 1])
    assert repr(build(scalar_nn, 0, 2, [2, 1])) == repr(expected)


def test_an_empty_module_has_no_parameters():
    assert scalar_nn.Module().parameters() == []


@pytest.mark.parametrize("inputs", [[], [1.0], [1.0, 2.0, 3.0]])
def test_a_wrong_number_of_inputs_is_refused(inputs):
    with pytest.raises(ValueError, match=f"2 weights, got {len(inputs)} inputs"):
        build(scalar_nn, 0, 2, [4, 1])(inputs)
