"""What backprop_lib.optim promises; torch.optim is the oracle."""

import numpy as np
import pytest
import torch

import backprop_lib as bp
from backprop_lib import nn
from backprop_lib.optim import SGD


def twins():
    """The same small network in both libraries, in float32."""
    bp.manual_seed(0)
    ours = nn.Sequential(nn.Linear(2, 3), nn.Sigmoid(), nn.Linear(3, 1), nn.Tanh())
    theirs = torch.nn.Sequential(
        torch.nn.Linear(2, 3), torch.nn.Sigmoid(), torch.nn.Linear(3, 1), torch.nn.Tanh()
    )
    with torch.no_grad():
        for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            other.copy_(torch.tensor(mine.array))
    return ours, theirs


@pytest.mark.parametrize("lr", [0.01, 0.5])
def test_fifty_steps_are_those_of_torch(lr):
    ours, theirs = twins()
    x = np.random.default_rng(0).uniform(-1, 1, (8, 2)).astype(np.float32)
    y = np.sin(x.sum(1, keepdims=True))
    start = [p.array.copy() for p in ours.parameters()]
    for lib, model in ((bp, ours), (torch, theirs)):
        optimizer, mse = lib.optim.SGD(model.parameters(), lr=lr), lib.nn.MSELoss()
        for _ in range(50):
            optimizer.zero_grad()
            mse(model(lib.tensor(x)), lib.tensor(y)).backward()
            optimizer.step()
    for mine, other, before in zip(ours.parameters(), theirs.parameters(), start, strict=True):
        assert mine.dtype == np.float32
        np.testing.assert_allclose(mine.array, other.detach().numpy(), rtol=0, atol=1e-6)
        assert np.abs(mine.array - before).max() > 1e-3


def test_a_step_takes_lr_times_the_gradient_in_place():
    p = bp.tensor([1.0, 2.0], requires_grad=True)
    memory = p.array
    (p * p).sum().backward()
    SGD([p], lr=0.25).step()
    assert p.tolist() == [0.5, 1.0]
    assert p.array is memory
    assert p.requires_grad
    assert p.is_leaf


def test_a_parameter_without_a_gradient_stays():
    p = bp.tensor([1.0], requires_grad=True)
    SGD([p], lr=1).step()
    assert p.tolist() == [1.0]


def test_a_number_as_parameter():
    p = bp.tensor(3.0, requires_grad=True)
    optimizer = SGD([p], lr=0.5)
    for _ in range(2):
        optimizer.zero_grad()
        (p * p + p).backward()
        optimizer.step()
    assert (p.item(), p.shape) == (-0.5, ())


def test_zero_grad_forgets_every_gradient():
    p = bp.tensor([1.0], requires_grad=True)
    optimizer = SGD([p])
    (p * 2).backward()
    optimizer.zero_grad()
    assert p.grad is None


def test_a_step_between_forward_and_backward_makes_backward_refuse():
    p = bp.tensor([1.0], requires_grad=True)
    loss = p * p
    loss.backward(retain_graph=True)
    SGD([p], lr=0.1).step()
    with pytest.raises(RuntimeError, match="changed in place"):
        loss.backward()


@pytest.mark.parametrize(
    ("call", "exception", "words"),
    [
        (lambda: SGD([]), ValueError, "empty list"),
        (lambda: SGD(iter(())), ValueError, "empty list"),
        (lambda: SGD([bp.ones(1), 3.0]), TypeError, r"needs Tensors, got 3\.0 of type float"),
        (lambda: SGD(bp.ones(1)), TypeError, "not iterable"),
        (lambda: SGD([bp.ones(1)], lr=-0.1), ValueError, r"not be negative, got -0\.1"),
    ],
)
def test_a_mistake_is_refused_in_words(call, exception, words):
    with pytest.raises(exception, match=words):
        call()
