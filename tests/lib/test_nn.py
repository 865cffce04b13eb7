"""What backprop_lib.nn promises; torch.nn is the oracle."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import backprop_lib as bp
from backprop_lib import nn
from backprop_lib.nn import Linear, MSELoss, Parameter, ReLU, Sequential, Sigmoid, Tanh

ACTIVATIONS = {Sigmoid: torch.nn.Sigmoid, Tanh: torch.nn.Tanh, ReLU: torch.nn.ReLU}


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-2, 2, shape)


def twin(model):
    """The torch module with the same layers and weights, in float64."""
    layers = []
    for layer in model:
        if isinstance(layer, Linear):
            copy = torch.nn.Linear(
                layer.in_features, layer.out_features, bias=layer.bias is not None, dtype=torch.float64
            )
            layers.append(copy)
        else:
            layers.append(ACTIVATIONS[type(layer)]())
    twin = torch.nn.Sequential(*layers)
    with torch.no_grad():
        for mine, theirs in zip(model.parameters(), twin.parameters(), strict=True):
            theirs.copy_(torch.tensor(mine.array))
    return twin


def equal(ours, theirs):
    np.testing.assert_allclose(ours.array, theirs.detach().numpy(), rtol=1e-9, atol=1e-12)


class Branching(nn.Module):
    """A module with everything that can be an attribute."""

    def __init__(self):
        self.name = "branching"
        self.inner = Sequential(Linear(2, 2), Sigmoid())
        self.scale = Parameter(bp.ones(1))
        self.again = self.inner
        self.shift = Parameter(bp.zeros(1))
        self.nothing = None

    def forward(self, x, times=1):
        return self.inner(x) * self.scale * times + self.shift


class TestModule:
    def test_named_parameters_are_those_of_torch(self):
        class Theirs(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.inner = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Sigmoid())
                self.scale = torch.nn.Parameter(torch.ones(1))
                self.again = self.inner
                self.shift = torch.nn.Parameter(torch.zeros(1))

        names = [name for name, _ in Branching().named_parameters()]
        assert names == [name for name, _ in Theirs().named_parameters()]

    def test_parameters_are_the_attributes_themselves(self):
        model = Branching()
        assert [id(p) for p in model.parameters()] == [
            id(p) for p in (model.scale, model.shift, model.inner[0].weight, model.inner[0].bias)
        ]

    def test_zero_grad_forgets_every_gradient(self):
        model = Branching()
        model(bp.ones(3, 2)).sum().backward()
        assert all(p.grad is not None for p in model.parameters())
        model.zero_grad()
        assert all(p.grad is None for p in model.parameters())

    def test_a_call_passes_its_arguments_to_forward(self):
        model, x = Branching(), bp.ones(3, 2)
        assert np.array_equal(model(x, times=2).array, 2 * model.forward(x).array)

    def test_a_module_without_forward_says_so(self):
        class Unfinished(nn.Module):
            pass

        with pytest.raises(NotImplementedError, match=r"Unfinished must define forward"):
            Unfinished()(1)
        assert list(Unfinished().parameters()) == []

    def test_the_printed_form_is_that_of_torch(self):
        ours = Sequential(
            Linear(2, 3), Sigmoid(), Sequential(Linear(3, 1, bias=False), Tanh()), ReLU(), MSELoss()
        )
        theirs = torch.nn.Sequential(
            torch.nn.Linear(2, 3),
            torch.nn.Sigmoid(),
            torch.nn.Sequential(torch.nn.Linear(3, 1, bias=False), torch.nn.Tanh()),
            torch.nn.ReLU(),
            torch.nn.MSELoss(),
        )
        assert repr(ours) == repr(theirs)


class TestParameter:
    @pytest.mark.parametrize("data", [bp.ones(2), np.ones(2)])
    def test_a_parameter_requires_a_gradient_and_shares_its_numbers(self, data):
        parameter = Parameter(data)
        assert parameter.requires_grad
        assert parameter.is_leaf
        assert parameter.array is (data if isinstance(data, np.ndarray) else data.array)

    def test_a_parameter_must_be_floating(self):
        with pytest.raises(RuntimeError, match=r"floating-point.*int64"):
            Parameter(bp.tensor([1, 2]))


class TestLinear:
    @pytest.mark.parametrize("shape", [(3,), (5, 3), (2, 5, 3), (0, 3)])
    @pytest.mark.parametrize("bias", [True, False])
    def test_output_and_gradients_are_those_of_torch(self, shape, bias):
        ours = Sequential(Linear(3, 2, bias=bias, dtype=np.float64))
        theirs = twin(ours)
        x, torch_x = (
            bp.tensor(numbers(*shape), requires_grad=True),
            torch.tensor(numbers(*shape), requires_grad=True),
        )
        out, expected = ours(x), theirs(torch_x)
        equal(out, expected)
        weights = numbers(*out.shape, seed=1)
        out.backward(weights)
        expected.backward(torch.tensor(weights))
        equal(x.grad, torch_x.grad)
        for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            equal(mine.grad, other.grad)

    def test_the_parameters_start_as_in_torch(self):
        bp.manual_seed(0)
        layer = Linear(100, 200)
        assert (layer.weight.shape, layer.bias.shape) == ((200, 100), (200,))
        assert layer.weight.dtype == layer.bias.dtype == np.float32
        for parameter in (layer.weight, layer.bias):
            assert np.abs(parameter.array).max() <= 0.1
            assert parameter.array.std() == pytest.approx(0.1 / 3**0.5, rel=0.1)
            assert parameter.array.mean() == pytest.approx(0, abs=0.01)

    def test_a_seed_makes_a_layer_reproducible(self):
        layers = []
        for seed in (1, 1, 2):
            bp.manual_seed(seed)
            layers.append(Linear(2, 3).weight.tolist())
        assert layers[0] == layers[1] != layers[2]

    def test_no_bias_and_no_inputs(self):
        assert Linear(2, 3, bias=False).bias is None
        assert Linear(0, 3)(bp.zeros(2, 0)).shape == (2, 3)

    @pytest.mark.parametrize("shape", [(2,), (3, 2), (3, 4), ()])
    def test_a_wrong_input_is_refused(self, shape):
        with pytest.raises(RuntimeError) as caught:
            Linear(3, 2)(bp.zeros(shape))
        for words in ("Linear(in_features=3, out_features=2", "(..., 3)", f"got {shape}"):
            assert words in str(caught.value)


class TestSequential:
    @given(st.lists(st.sampled_from(list(ACTIVATIONS)), min_size=1, max_size=3), st.integers(0, 100))
    def test_a_network_has_the_loss_and_gradients_of_torch(self, activations, seed):
        bp.manual_seed(seed)
        sizes = [2, 3, 4, 2]
        layers = [Linear(sizes[i], sizes[i + 1], dtype=np.float64) for i in range(len(activations))]
        model = Sequential(
            *[module for pair in zip(layers, [a() for a in activations], strict=True) for module in pair]
        )
        theirs = twin(model)
        x, y = numbers(5, 2, seed=seed), numbers(5, sizes[len(activations)], seed=seed + 1)
        loss = MSELoss()(model(bp.tensor(x)), bp.tensor(y))
        expected = torch.nn.MSELoss()(theirs(torch.tensor(x)), torch.tensor(y))
        equal(loss, expected)
        loss.backward()
        expected.backward()
        for mine, other in zip(model.parameters(), theirs.parameters(), strict=True):
            equal(mine.grad, other.grad)

    def test_it_is_a_sequence(self):
        modules = [Linear(2, 3), Sigmoid(), Linear(3, 1)]
        model = Sequential(*modules)
        assert len(model) == 3
        assert list(model) == modules
        assert model[-1] is modules[-1]
        assert isinstance(model[:2], Sequential)
        assert list(model[:2]) == modules[:2]
        with pytest.raises(IndexError):
            model[3]

    def test_an_empty_one_is_the_identity(self):
        x = bp.ones(2)
        assert Sequential()(x) is x


class TestActivations:
    @pytest.mark.parametrize(("ours", "theirs"), ACTIVATIONS.items())
    def test_activations_are_those_of_torch(self, ours, theirs):
        x = numbers(3, 4)
        equal(ours()(bp.tensor(x)), theirs()(torch.tensor(x)))


class TestMSELoss:
    @pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
    @pytest.mark.parametrize("shape", [(), (1,), (4, 3), (0,)])
    def test_the_loss_and_its_gradients_are_those_of_torch(self, reduction, shape):
        both = numbers(*shape), numbers(*shape, seed=1)
        ours = [bp.tensor(x, requires_grad=True) for x in both]
        theirs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in both]
        loss, expected = MSELoss(reduction)(*ours), torch.nn.MSELoss(reduction=reduction)(*theirs)
        equal(loss, expected)
        loss.sum().backward()
        expected.sum().backward()
        for mine, other in zip(ours, theirs, strict=True):
            equal(mine.grad, other.grad)

    def test_another_shape_is_refused_rather_than_broadcast(self):
        with pytest.raises(RuntimeError, match=r"same shape, got \(4, 1\) and \(4,\)"):
            MSELoss()(bp.ones(4, 1), bp.ones(4))

    def test_another_reduction_is_refused(self):
        with pytest.raises(ValueError, match=r"'mean', 'sum' or 'none', got 'max'"):
            MSELoss("max")
