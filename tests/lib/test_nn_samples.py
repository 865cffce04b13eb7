"""backprop_lib.nn on PyTorch's own samples: printed form, state, results and gradients."""

import numpy as np
import pytest
import torch
from torch.testing._internal.common_modules import module_db

from backprop_lib import nn
from tests.lib.torch_adapter import backward, equal, ours, same_gradients, tensors

INFOS = [info for info in module_db if hasattr(nn, info.module_cls.__name__)]
ROWS = [
    (info, dtype, training)
    for info in INFOS
    for dtype in (torch.float32, torch.float64)
    for training in (True, False)
]
NOT_IMPLEMENTED = {  # options that raise NotImplementedError
    "padding_mode": lambda value: value != "zeros",
}


def name_of(row):
    info, dtype, training = row
    return f"{info.module_cls.__name__}-{str(dtype)[6:]}-{'train' if training else 'eval'}"


def our_kwargs(kwargs):
    kwargs = {name: value for name, value in kwargs.items() if name not in ("device", "dtype")}
    return ours(kwargs)


def parameters_of(mine, theirs):
    named = dict(theirs.named_parameters())
    return [p for _, p in mine.named_parameters()], [named[name] for name, _ in mine.named_parameters()]


def make(kind, sample, dtype):
    """The two modules of a sample with PyTorch's weights, or None where we say that we cannot."""
    args, kwargs = sample.constructor_input.args, sample.constructor_input.kwargs
    theirs = kind(*args, **kwargs).to(dtype)
    try:
        mine = getattr(nn, kind.__name__)(*ours(list(args)), **our_kwargs(kwargs))
    except NotImplementedError:
        assert any(is_so(kwargs[name]) for name, is_so in NOT_IMPLEMENTED.items() if name in kwargs)
        return None
    mine.to(ours(dtype))
    for name, value in mine.load_state_dict(theirs.state_dict())._asdict().items():
        assert value == [], name
    return mine, theirs


def without_dropout(module):
    """PyTorch's numbers are random where a probability is neither 0 nor 1."""
    return not any(0 < getattr(m, "dropout", 0.0) < 1 for m in module.modules() if m.training) and not any(
        isinstance(m, torch.nn.Dropout) and m.training for m in module.modules()
    )


def run(mine, theirs, sample):
    args, kwargs = sample.forward_input.args, sample.forward_input.kwargs
    my_args, my_kwargs = ours(list(args)), ours(kwargs)
    expected, got = tensors(theirs(*args, **kwargs)), tensors(mine(*my_args, **my_kwargs))
    assert len(got) == len(expected)
    for a, b in zip(got, expected):
        equal(a, b) if without_dropout(theirs) else None
        assert a.shape == b.shape
    if without_dropout(theirs) and backward(got, expected):
        same_gradients(tensors([my_args, my_kwargs]), tensors([args, kwargs]))
        same_gradients(*parameters_of(mine, theirs))
    for (name, a), (other, b) in zip(mine.state_dict().items(), theirs.state_dict().items(), strict=True):
        assert name == other
        equal(a, b)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("row", ROWS, ids=[name_of(row) for row in ROWS])
def test_modules_are_those_of_torch(row):
    info, dtype, training = row
    torch.manual_seed(0)
    samples = info.module_inputs_func(info, "cpu", dtype, requires_grad=True, training=training)
    count = 0
    for sample in samples:
        pair = make(info.module_cls, sample, dtype)
        if pair is None or sample.forward_input is None:
            continue
        mine, theirs = pair
        mine.train(training)
        theirs.train(training)
        try:
            run(mine, theirs, sample)
            assert repr(mine) == repr(theirs).replace("NonDynamicallyQuantizableLinear", "Linear")
        except AssertionError as error:
            raise AssertionError(f"{theirs}, {sample.desc}: {error}") from error
        count += 1
    assert count


def test_weights_move_both_ways():
    class Net:
        def __new__(cls, lib):
            return lib.Sequential(
                lib.Conv2d(1, 2, 3), lib.BatchNorm2d(2), lib.Flatten(), lib.Linear(32, 3), lib.LSTM(3, 2)
            )

    mine, theirs = Net(nn), Net(torch.nn)
    state = {name: torch.from_numpy(value.numpy().copy()) for name, value in mine.state_dict().items()}
    theirs.load_state_dict(state)
    other = Net(nn)
    other.load_state_dict(theirs.state_dict())
    again = Net(nn)
    again.load_state_dict({name: value.numpy() for name, value in theirs.state_dict().items()})
    for (name, a), b, c in zip(
        mine.state_dict().items(), other.state_dict().values(), again.state_dict().values(), strict=True
    ):
        assert np.array_equal(a.array, b.array), name
        assert np.array_equal(a.array, c.array), name
