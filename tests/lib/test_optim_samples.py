"""backprop_lib.optim on PyTorch's own option sets: fifty steps, states and schedules."""

import copy

import numpy as np
import pytest
import torch
from torch.testing._internal.common_optimizers import optim_db

import backprop_lib as bp
from backprop_lib import nn, optim
from tests.lib.torch_adapter import ours

INFOS = [info for info in optim_db if hasattr(optim, info.optim_cls.__name__)]
ROWS = [
    (info.optim_cls.__name__, sample.desc, sample.kwargs)
    for info in INFOS
    for sample in info.optim_inputs_func(device="cpu")
]
MORE = [
    ("SGD", "all", dict(lr=0.002, momentum=0.9, dampening=0.3, weight_decay=0.1, maximize=True)),
    ("SGD", "nesterov, maximize", dict(lr=0.002, momentum=0.5, nesterov=True, maximize=True)),
    (
        "AdamW",
        "all",
        dict(lr=0.01, betas=(0.5, 0.9), eps=1e-3, weight_decay=0.3, maximize=True, amsgrad=True),
    ),
    ("Adam", "decoupled", dict(weight_decay=0.3, decoupled_weight_decay=True)),
    ("Adagrad", "eps", dict(eps=1e-2, lr_decay=0.1)),
]
X = np.random.default_rng(0).uniform(-1, 1, (8, 4)).astype(np.float32)
Y = np.sin(X.sum(1, keepdims=True))


def twins():
    bp.manual_seed(0)
    mine = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 1))
    theirs = torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.Tanh(), torch.nn.Linear(6, 1))
    theirs.load_state_dict({name: torch.tensor(value.array) for name, value in mine.state_dict().items()})
    return mine, theirs


def train(lib, model, optimizer, steps, schedule=None, gradients=None):
    """Take steps; `gradients`, a list, collects the gradients or, if it is full, replaces them."""
    x, y = lib.tensor(X), lib.tensor(Y)
    for i in range(steps):
        optimizer.zero_grad()
        lib.nn.MSELoss()(model(x), y).backward()
        if gradients is not None and lib is torch:
            gradients.append([p.grad.numpy().copy() for p in model.parameters()])
        elif gradients is not None:
            for p, g in zip(model.parameters(), gradients[i], strict=True):
                p.grad = bp.Tensor(g)
        optimizer.step()
        if schedule is not None:
            schedule.step()


def same_weights(mine, theirs):
    for a, b in zip(mine.parameters(), theirs.parameters(), strict=True):
        assert a.dtype == np.float32
        np.testing.assert_allclose(a.array, b.detach().numpy(), rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "desc", "kwargs"), ROWS + MORE, ids=[f"{n}: {d}" for n, d, _ in ROWS + MORE]
)
def test_fifty_steps_are_those_of_torch(name, desc, kwargs):
    mine, theirs = twins()
    kwargs = copy.deepcopy(kwargs)
    first = getattr(optim, name)(mine.parameters(), **ours(kwargs))
    second = getattr(torch.optim, name)(theirs.parameters(), **kwargs)
    gradients = []  # the same for both: else the least difference between gradients grows with each step
    train(torch, theirs, second, 50, gradients=gradients)
    train(bp, mine, first, 50, gradients=gradients)
    same_weights(mine, theirs)


@pytest.mark.parametrize("name", [info.optim_cls.__name__ for info in INFOS])
def test_parameter_groups_and_state_are_those_of_torch(name):
    mine, theirs = twins()

    def make(lib, model):
        groups = [{"params": model[0].parameters(), "lr": 0.01}, {"params": model[2].parameters()}]
        return getattr(lib.optim, name)(groups, lr=0.003)

    first, second = make(bp, mine), make(torch, theirs)
    train(bp, mine, first, 3)
    train(torch, theirs, second, 3)
    state, expected = first.state_dict(), second.state_dict()
    assert [g["params"] for g in state["param_groups"]] == [g["params"] for g in expected["param_groups"]]
    for number, remembered in expected["state"].items():
        for key, value in remembered.items():
            if value is not None:
                np.testing.assert_allclose(
                    state["state"][number][key].array, value.numpy(), rtol=1e-5, atol=1e-7
                )
    resumed = make(bp, mine)
    resumed.load_state_dict(second.state_dict())  # PyTorch's state serves ours
    train(bp, mine, resumed, 3)
    train(torch, theirs, second, 3)
    same_weights(mine, theirs)


SCHEDULES = [
    ("StepLR", dict(step_size=3, gamma=0.5)),
    ("ExponentialLR", dict(gamma=0.9)),
    ("CosineAnnealingLR", dict(T_max=7, eta_min=0.01)),
    ("LinearLR", dict(start_factor=0.2, total_iters=4)),
    ("LambdaLR", dict(lr_lambda=lambda epoch: 0.9**epoch)),
    ("LambdaLR", dict(lr_lambda=[lambda epoch: 1 / (1 + epoch)])),
]


@pytest.mark.parametrize(("name", "kwargs"), SCHEDULES, ids=[name for name, _ in SCHEDULES])
def test_schedules_are_those_of_torch(name, kwargs):
    rates = []
    for lib, model in zip((bp, torch), twins()):
        optimizer = lib.optim.SGD(model.parameters(), lr=0.1)
        schedule = getattr(lib.optim.lr_scheduler, name)(optimizer, **kwargs)
        rates.append([])
        for _ in range(20):
            rates[-1].append(schedule.get_last_lr()[0])
            train(lib, model, optimizer, 1, schedule)
    np.testing.assert_allclose(rates[0], rates[1], rtol=1e-9)


@pytest.mark.filterwarnings("ignore")
def test_a_warm_up_before_a_decay_is_that_of_torch():
    rates = []
    for lib, model in zip((bp, torch), twins()):
        optimizer = lib.optim.SGD(model.parameters(), lr=0.1)
        scheduler = lib.optim.lr_scheduler
        parts = [
            scheduler.LinearLR(optimizer, start_factor=0.1, total_iters=3),
            scheduler.ExponentialLR(optimizer, gamma=0.5),
        ]
        schedule = scheduler.SequentialLR(optimizer, parts, milestones=[3])
        rates.append([])
        for _ in range(8):
            rates[-1].append(schedule.get_last_lr()[0])
            train(lib, model, optimizer, 1, schedule)
    np.testing.assert_allclose(rates[0], rates[1], rtol=1e-9)


@pytest.mark.parametrize("norm_type", [1, 2, 3, float("inf")])
@pytest.mark.parametrize("max_norm", [1e-2, 1e3])
def test_clipping_the_norm_is_that_of_torch(norm_type, max_norm):
    mine, theirs = twins()
    for lib, model in ((bp, mine), (torch, theirs)):
        (lib.nn.MSELoss()(model(lib.tensor(X)), lib.tensor(Y)) * 10).backward()
    norm = nn.utils.clip_grad_norm_(mine.parameters(), max_norm, norm_type)
    expected = torch.nn.utils.clip_grad_norm_(theirs.parameters(), max_norm, norm_type)
    assert norm.item() == pytest.approx(expected.item(), rel=1e-5)
    for a, b in zip(mine.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(a.grad.array, b.grad.numpy(), rtol=1e-5)


def test_clipping_values_and_what_cannot_be_clipped():
    p = bp.tensor([1.0, 2.0, 3.0], requires_grad=True)
    (p * p).sum().backward()
    nn.utils.clip_grad_value_(p, 3)
    assert p.grad.tolist() == [2, 3, 3]
    (p * float("inf")).sum().backward()
    with pytest.raises(RuntimeError, match="non-finite"):
        nn.utils.clip_grad_norm_([p], 1, error_if_nonfinite=True)


@pytest.mark.parametrize(
    ("call", "exception", "words"),
    [
        (lambda p: optim.SGD([p], momentum=-1), ValueError, "momentum must not be negative"),
        (lambda p: optim.SGD([p], nesterov=True), ValueError, "Nesterov momentum requires"),
        (lambda p: optim.Adam([p], betas=(1.0, 0.5)), ValueError, "beta1 must be less than 1"),
        (lambda p: optim.Adam([p, p]), ValueError, "more than one parameter group"),
        (lambda p: optim.Adam([p * 2]), ValueError, "non-leaf"),
        (lambda p: optim.Adam([p], differentiable=True), NotImplementedError, "made in place"),
        (
            lambda p: optim.AdamW([p]).load_state_dict({"param_groups": [], "state": {}}),
            ValueError,
            "number of",
        ),
    ],
)
def test_a_mistake_is_refused_in_words(call, exception, words):
    with pytest.raises(exception, match=words):
        call(bp.tensor([1.0], requires_grad=True))
