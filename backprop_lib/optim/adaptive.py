"""Adagrad and RMSprop: a learning rate for each number, from the squares of its past gradients."""

import numpy as np

from backprop_lib.optim.optimizer import Optimizer, check, directed, refuse_differentiable


class Adagrad(Optimizer):
    """p -= lr / (1 + (t - 1) lr_decay) * g / (sqrt(sum of g**2) + eps).

    Raises ValueError if there are no parameters or for negative options, TypeError if a parameter is not a
    Tensor. Duchi, Hazan & Singer, JMLR 12:2121-2159, 2011.
    """

    def __init__(
        self,
        params,
        lr=1e-2,
        lr_decay=0,
        weight_decay=0,
        initial_accumulator_value=0,
        eps=1e-10,
        foreach=None,
        *,
        maximize=False,
        differentiable=False,
        fused=None,
    ):
        refuse_differentiable(differentiable)
        check(
            lr=lr,
            lr_decay=lr_decay,
            weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value,
            eps=eps,
        )
        defaults = dict(
            lr=lr,
            lr_decay=lr_decay,
            eps=eps,
            weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value,
            maximize=maximize,
        )
        super().__init__(params, defaults)

    def _update(self, p, g, group):
        state = self.state.get(p)
        if state is None:
            start = np.full_like(p.array, group["initial_accumulator_value"])
            state = self.state[p] = {"step": 0, "sum": start}
        state["step"] += 1
        direction, step = self._buffers(p.array, 2)
        g = directed(p, g, group, direction)
        np.multiply(g, g, out=step)
        state["sum"] += step
        np.sqrt(state["sum"], out=step)
        step += group["eps"]
        np.divide(g, step, out=step)
        step *= group["lr"] / (1 + (state["step"] - 1) * group["lr_decay"])
        p.array -= step


class RMSprop(Optimizer):
    """p -= lr * g / (sqrt(running mean of g**2) + eps), the mean decaying by `alpha`.

    With `centered` the square of the running mean of g is subtracted under the root.
    Raises ValueError if there are no parameters or for negative options, TypeError if a parameter is not a
    Tensor. Tieleman & Hinton, Coursera lecture 6.5, 2012; centred: Graves, arXiv:1308.0850, 2013.
    """

    def __init__(
        self,
        params,
        lr=1e-2,
        alpha=0.99,
        eps=1e-8,
        weight_decay=0,
        momentum=0,
        centered=False,
        capturable=False,
        foreach=None,
        maximize=False,
        differentiable=False,
    ):
        refuse_differentiable(differentiable)
        check(lr=lr, eps=eps, momentum=momentum, weight_decay=weight_decay, alpha=alpha)
        defaults = dict(
            lr=lr,
            momentum=momentum,
            alpha=alpha,
            eps=eps,
            centered=centered,
            weight_decay=weight_decay,
            maximize=maximize,
        )
        super().__init__(params, defaults)

    def _update(self, p, g, group):
        state = self.state.get(p)
        if state is None:
            state = self.state[p] = {"step": 0, "square_avg": np.zeros_like(p.array)}
            if group["momentum"]:
                state["momentum_buffer"] = np.zeros_like(p.array)
            if group["centered"]:
                state["grad_avg"] = np.zeros_like(p.array)
        state["step"] += 1
        direction, step = self._buffers(p.array, 2)
        g = directed(p, g, group, direction)
        alpha, square = group["alpha"], state["square_avg"]
        square *= alpha
        np.multiply(g, 1 - alpha, out=step)
        step *= g
        square += step
        if group["centered"]:
            mean = state["grad_avg"]
            np.subtract(g, mean, out=step)
            step *= 1 - alpha
            mean += step
            np.multiply(mean, mean, out=step)
            np.subtract(square, step, out=step)
            np.sqrt(step, out=step)
        else:
            np.sqrt(square, out=step)
        step += group["eps"]
        np.divide(g, step, out=step)
        if group["momentum"]:
            velocity = state["momentum_buffer"]
            velocity *= group["momentum"]
            velocity += step
            np.multiply(velocity, group["lr"], out=step)
        else:
            step *= group["lr"]
        p.array -= step
