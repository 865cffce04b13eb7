"""What backprop_lib.nn.Module promises; torch.nn.Module is the oracle."""

import numpy as np
import pytest
import torch

import backprop_lib as bp
from backprop_lib import nn


def net(lib):
    """The same tree of modules in both libraries."""

    class Net(lib.nn.Module):
        def __init__(self):
            super().__init__()
            self.first = lib.nn.Linear(3, 4)
            self.register_buffer("mean", lib.zeros(3))
            self.register_buffer("hidden", lib.zeros(2), persistent=False)
            self.scale = lib.nn.Parameter(lib.ones(1))
            self.layers = lib.nn.ModuleList([lib.nn.Linear(4, 4), lib.nn.Linear(4, 4), lib.nn.Tanh()])
            self.norm = lib.nn.BatchNorm1d(4)
            self.shared = self.first
            self.named = lib.nn.ModuleDict({"a": lib.nn.ReLU(), "b": lib.nn.Dropout(0.1)})

    return Net()


PAIR = net(bp), net(torch)


@pytest.mark.parametrize("what", ["parameters", "buffers", "modules", "children"])
def test_names_are_those_of_torch(what):
    mine, theirs = ([name for name, _ in getattr(m, f"named_{what}")()] for m in PAIR)
    assert mine == theirs
    assert len(list(getattr(PAIR[0], what)())) == len(mine)


def test_the_state_is_that_of_torch():
    assert list(PAIR[0].state_dict()) == list(PAIR[1].state_dict())
    assert list(PAIR[0].state_dict(prefix="x.")) == list(PAIR[1].state_dict(prefix="x."))


def test_the_printed_form_is_that_of_torch():
    assert repr(PAIR[0]) == repr(PAIR[1])
    assert repr(nn.Parameter(bp.ones(2))) == repr(torch.nn.Parameter(torch.ones(2)))


def test_members_by_name():
    model = PAIR[0]
    assert model.get_submodule("layers.1") is model.layers[1]
    assert model.get_submodule("") is model
    assert model.get_parameter("layers.0.weight") is model.layers[0].weight
    for name in ("layers.7", "scale"):
        with pytest.raises(AttributeError):
            model.get_submodule(name)
    with pytest.raises(AttributeError):
        model.get_parameter("mean")


def test_training_reaches_every_module():
    model = net(bp)
    assert all(m.training for m in model.modules())
    assert model.eval() is model
    assert not any(m.training for m in model.modules())
    model.train()
    assert model.named["b"].training
    with pytest.raises(ValueError, match="boolean"):
        model.train(1)


def test_apply_requires_grad_zero_grad_and_dtype():
    model, seen = net(bp), []
    assert model.apply(lambda m: seen.append(type(m).__name__)) is model
    assert seen[-1] == "Net"
    model.requires_grad_(False)
    assert not any(p.requires_grad for p in model.parameters())
    model.requires_grad_(True).double()
    assert {p.dtype for p in model.parameters()} == {np.dtype(np.float64)}
    assert model.norm.num_batches_tracked.dtype == np.int64
    model.scale.grad = bp.ones(1)
    model.zero_grad(set_to_none=False)
    assert model.scale.grad.tolist() == [0]
    model.zero_grad()
    assert model.scale.grad is None


class TestState:
    def test_loading_copies_in_place_and_reaches_buffers(self):
        model, other = net(bp), net(bp)
        other.norm.running_mean.array[:] = 7
        memory = model.first.weight.array
        keys = model.load_state_dict(other.state_dict())
        assert (keys.missing_keys, keys.unexpected_keys) == ([], [])
        assert model.first.weight.array is memory
        assert np.array_equal(memory, other.first.weight.array)
        assert model.norm.running_mean.tolist() == [7] * 4

    def test_errors_name_what_is_missing_unexpected_and_of_another_shape(self):
        model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
        state = {"0.weight": np.zeros((3, 2)), "0.bias": np.zeros(2), "2.bias": np.zeros(1)}
        with pytest.raises(RuntimeError) as caught:
            model.load_state_dict(state)
        for words in (
            "Error(s) in loading state_dict for Sequential",
            'Missing key(s) in state_dict: "1.weight", "1.bias"',
            'Unexpected key(s) in state_dict: "2.bias"',
            "size mismatch for 0.bias: copying a param with shape (2,)",
            "in current model is (3,)",
        ):
            assert words in str(caught.value)

    def test_a_lenient_load_reports_and_still_refuses_shapes(self):
        model = nn.Linear(2, 3)
        keys = model.load_state_dict({"weight": np.ones((3, 2)), "extra": np.ones(1)}, strict=False)
        assert (keys.missing_keys, keys.unexpected_keys) == (["bias"], ["extra"])
        assert model.weight.tolist() == [[1, 1]] * 3
        with pytest.raises(RuntimeError, match="size mismatch for weight"):
            model.load_state_dict({"weight": np.ones((2, 2))}, strict=False)


class TestRegistering:
    def test_a_buffer_may_be_replaced_and_none(self):
        model = nn.Module()
        model.register_buffer("count", None)
        assert dict(model.named_buffers()) == {}
        model.count = bp.ones(1)
        assert list(model.state_dict()) == ["count"]
        assert list(nn.Module().state_dict()) == []

    @pytest.mark.parametrize(
        ("call", "exception", "words"),
        [
            (lambda m: m.register_buffer("a.b", None), KeyError, "dot"),
            (lambda m: m.register_buffer("train", None), KeyError, "already exists"),
            (lambda m: m.register_buffer("x", 1), TypeError, "must be a Tensor"),
            (lambda m: m.register_parameter("x", bp.ones(1)), TypeError, "must be a Parameter"),
            (lambda m: m.add_module("x", bp.ones(1)), TypeError, "must be a Module"),
        ],
    )
    def test_a_mistake_is_refused(self, call, exception, words):
        with pytest.raises(exception, match=words):
            call(nn.Module())


class TestContainers:
    def test_a_list_changes_like_a_list(self):
        for lib in (bp, torch):
            layers = lib.nn.ModuleList([lib.nn.Linear(1, i) for i in (1, 2, 3)])
            layers.append(lib.nn.Linear(1, 4))
            layers.insert(0, lib.nn.Linear(1, 0 + 5))
            layers.extend([lib.nn.Linear(1, 6)])
            layers[1] = lib.nn.Linear(1, 7)
            del layers[2]
            assert [m.out_features for m in layers] == [5, 7, 3, 4, 6]
            assert [m.out_features for m in layers[1:3]] == [7, 3]
            assert list(layers.state_dict())[-2:] == ["4.weight", "4.bias"]

    def test_a_sequence_with_names(self):
        model = nn.Sequential({"in": nn.Linear(1, 2), "out": nn.Tanh()})
        assert list(model.state_dict()) == ["in.weight", "in.bias"]
        assert nn.ParameterList([bp.ones(1), nn.Parameter(bp.ones(2))])[1].shape == (2,)

    def test_a_dictionary(self):
        model = nn.ModuleDict({"a": nn.ReLU()})
        model["b"] = nn.Tanh()
        assert (list(model), len(model), "a" in model) == (["a", "b"], 2, True)
        del model["a"]
        assert list(model.keys()) == ["b"]


INIT = {
    "uniform_": dict(a=-1, b=3),
    "normal_": dict(mean=1, std=2),
    "trunc_normal_": dict(std=2),
    "xavier_uniform_": dict(gain=2),
    "xavier_normal_": {},
    "kaiming_uniform_": dict(a=0.5, mode="fan_out"),
    "kaiming_normal_": dict(nonlinearity="relu"),
    "orthogonal_": dict(gain=3),
    "eye_": {},
    "zeros_": {},
    "ones_": {},
    "constant_": dict(val=5),
}


@pytest.mark.parametrize(("name", "options"), INIT.items())
def test_starting_numbers_have_the_mean_and_deviation_of_torch(name, options):
    bp.manual_seed(0)
    torch.manual_seed(0)
    mine, theirs = nn.Parameter(np.zeros((200, 300), np.float32)), torch.zeros(200, 300)
    assert getattr(nn.init, name)(mine, **options) is mine
    getattr(torch.nn.init, name)(theirs, **options)
    scale = float(theirs.std()) + 1e-3
    assert mine.array.mean() == pytest.approx(float(theirs.mean()), abs=0.03 * scale)
    assert mine.array.std() == pytest.approx(float(theirs.std()), rel=0.02)
    assert mine.array.max() == pytest.approx(float(theirs.max()), rel=0.3)
    assert mine.dtype == np.float32


@pytest.mark.parametrize("name", ["linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"])
def test_gains_are_those_of_torch(name):
    assert nn.init.calculate_gain(name) == pytest.approx(torch.nn.init.calculate_gain(name))


def test_default_starts_of_layers_have_the_bounds_of_torch():
    bp.manual_seed(0)
    for lib in (bp, torch):
        layer = lib.nn.Conv2d(4, 50, 5)
        assert float(abs(layer.weight.detach()).max()) == pytest.approx(0.1, rel=0.02)
        cell = lib.nn.LSTMCell(3, 100)
        assert float(abs(cell.weight_hh.detach()).max()) == pytest.approx(0.1, rel=0.02)
    table = nn.Embedding(100, 50, padding_idx=3)
    assert table.weight.array.std() == pytest.approx(1, rel=0.05)
    assert not table.weight.array[3].any()


@pytest.mark.parametrize(
    ("call", "exception", "words"),
    [
        (lambda: nn.Conv2d(3, 4, 3, groups=2), ValueError, "in_channels must be divisible"),
        (lambda: nn.Conv2d(3, 4, 3, padding="full"), ValueError, "Invalid padding string"),
        (lambda: nn.Conv2d(3, 4, 3, 2, "same"), ValueError, "strided"),
        (lambda: nn.Conv1d(3, 4, 3, padding_mode="circular"), NotImplementedError, "pad the input yourself"),
        (lambda: nn.BatchNorm2d(3)(bp.ones(2, 3)), ValueError, "expected 4D input"),
        (lambda: nn.BatchNorm1d(3)(bp.ones(3)), ValueError, "expected 2D or 3D input"),
        (lambda: nn.Dropout(2), ValueError, "between 0 and 1"),
        (lambda: nn.GRU(2, 3, proj_size=1), ValueError, "proj_size"),
        (lambda: nn.LSTM(2, 3)(bp.ones(4, 5)), RuntimeError, "needs inputs of shape"),
        (lambda: nn.RNNCell(2, 3)(bp.ones(4, 2), bp.ones(3, 3)), RuntimeError, "hidden state of shape"),
        (lambda: nn.MultiheadAttention(5, 2), AssertionError, "divisible"),
        (lambda: nn.Flatten(2)(bp.ones(2)), IndexError, "out of range"),
        (lambda: nn.init.xavier_uniform_(bp.ones(3)), ValueError, "fewer than 2 dimensions"),
        (lambda: nn.init.calculate_gain("sin"), ValueError, "Unsupported nonlinearity"),
    ],
)
def test_a_mistake_is_refused_in_words(call, exception, words):
    with pytest.raises(exception, match=words):
        call()


def test_a_network_with_everything_learns():
    bp.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding="same"),
        nn.BatchNorm2d(4),
        nn.GELU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.1),
        nn.Linear(16, 3),
    )
    x = bp.randn(30, 1, 4, 4)
    y = bp.tensor(np.digitize(x.array.mean((1, 2, 3)), [-0.1, 0.1]))
    optimizer, losses = bp.optim.AdamW(model.parameters(), lr=0.03), []
    for _ in range(30):
        optimizer.zero_grad()
        loss = nn.CrossEntropyLoss()(model(x), y)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5)
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2
