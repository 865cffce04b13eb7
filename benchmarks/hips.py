"""The same training steps in backprop_lib and in HIPS autograd, timed side by side."""

import backprop_lib as bp
from benchmarks.measure import Claim, agree, ratios
from benchmarks.training import STEPS, trainer


def cross_entropy(logits, labels):
    """The mean cross-entropy between softmax(logits), (N, C), and class numbers (N,)."""
    import autograd.numpy as anp

    top = anp.max(logits, axis=1, keepdims=True)
    log_sum = anp.log(anp.sum(anp.exp(logits - top), axis=1)) + top[:, 0]
    return anp.mean(log_sum - logits[anp.arange(len(labels)), labels])


def squared_error(prediction, target):
    """The mean squared error."""
    import autograd.numpy as anp

    return anp.mean((prediction - target) ** 2)


def affine(arrays, x):
    """x W^T + b, for the pair (W, b)."""
    import autograd.numpy as anp

    weight, bias = arrays
    return anp.dot(x, weight.T) + bias


def _gradient_descent(step, weights, rate, losses):
    for _ in range(losses.maxlen):
        value, gradients = step(weights)
        for array, gradient in zip(weights, gradients, strict=True):
            array -= rate * gradient.astype(array.dtype, copy=False)
        losses.append(value)


def _adam(step, weights, rate, losses):
    from autograd.misc.optimizers import adam

    def gradient(arrays, _):
        value, gradients = step(arrays)
        losses.append(value)
        return gradients

    weights[:] = adam(gradient, weights, num_iters=losses.maxlen, step_size=rate)


_UPDATES = {"SGD": _gradient_descent, "Adam": _adam}


def times_hips(network, predict, loss, inputs, targets, rate, optimizer="SGD", steps=STEPS):
    """What a claim measures: how many times faster we are than HIPS autograd, once the losses are equal.

    `predict(arrays, x)` is `network` written with autograd.numpy, for its parameters in their order;
    `loss` is the pair of our loss and that of HIPS.
    """

    def measure(repeat):
        from collections import deque

        from autograd import value_and_grad

        bp.manual_seed(0)
        model = network(bp)
        weights = [p.array.copy() for p in model.parameters()]
        ours = trainer(
            bp, model, getattr(bp.optim, optimizer)(model.parameters(), lr=rate), loss[0], inputs, targets
        )
        step = value_and_grad(lambda arrays: loss[1](predict(arrays, inputs), targets))

        def theirs(count=steps):
            losses = deque(maxlen=count)
            _UPDATES[optimizer](step, weights, rate, losses)
            return [float(value) for value in losses]

        agree(ours(3), theirs(3), 1e-3)
        return ratios(theirs, lambda: ours(steps), repeat)

    return measure


def at_least(goal, what, measure, repeat=7):
    """The claim to be at least `goal` times as fast as HIPS autograd in a training step."""
    statement = f"times faster than HIPS autograd in a step of {what}"
    return Claim(statement, goal, at_least=True, measure=measure, repeat=repeat)
