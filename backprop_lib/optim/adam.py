"""Adam and AdamW: momentum and a learning rate for each number."""

import math

import numpy as np

from backprop_lib.optim.blocks import blocks
from backprop_lib.optim.optimizer import Optimizer, check, directed, refuse_differentiable


class Adam(Optimizer):
    """p -= lr * m / (sqrt(v) + eps), with running means m of g and v of g**2, both corrected for their start.

    `betas` are the decays of m and v. `weight_decay` * parameter is added to the gradient, or with
    `decoupled_weight_decay` taken from the parameter itself, times lr. `amsgrad` takes the largest v so far.
    Raises ValueError if there are no parameters or for options out of range, TypeError if a parameter is not
    a Tensor. Kingma & Ba, ICLR 2015, arXiv:1412.6980; amsgrad: Reddi, Kale & Kumar, ICLR 2018.
    """

    def __init__(
        self,
        params,
        lr=1e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=0,
        amsgrad=False,
        *,
        foreach=None,
        maximize=False,
        capturable=False,
        differentiable=False,
        fused=None,
        decoupled_weight_decay=False,
    ):
        refuse_differentiable(differentiable)
        check(lr=lr, eps=eps, beta1=betas[0], beta2=betas[1], weight_decay=weight_decay)
        defaults = dict(
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            amsgrad=amsgrad,
            maximize=maximize,
            decoupled_weight_decay=decoupled_weight_decay,
        )
        super().__init__(params, defaults)

    def _update(self, p, g, group):
        state = self.state.get(p)
        if state is None:
            state = self.state[p] = {
                "step": 0,
                "exp_avg": np.zeros_like(p.array),
                "exp_avg_sq": np.zeros_like(p.array),
            }
            if group["amsgrad"]:
                state["max_exp_avg_sq"] = np.zeros_like(p.array)
        state["step"] += 1
        if group["decoupled_weight_decay"]:
            p.array *= 1 - group["lr"] * group["weight_decay"]
        elif group["weight_decay"] or group["maximize"]:
            g = directed(p, g, group, self._buffers(p.array)[0])
        if group["decoupled_weight_decay"] and group["maximize"]:
            g = np.negative(g, out=self._buffers(p.array)[0])
        self._move(p.array, g, state, group)

    def _move(self, array, g, state, group):
        beta1, beta2 = group["betas"]
        # The correction of the running square is moved out of the root, to the two numbers beside it.
        root = math.sqrt(1 - beta2 ** state["step"])
        size = group["lr"] * root / (1 - beta1 ** state["step"])
        eps = group["eps"] * root
        arrays = [array, g, state["exp_avg"], state["exp_avg_sq"]]
        if group["amsgrad"]:
            arrays.append(state["max_exp_avg_sq"])
        step = self._block(array.dtype)
        for p, g, mean, square, *largest in blocks(arrays):
            t = step[: p.size].reshape(p.shape)
            np.subtract(g, mean, out=t)
            t *= 1 - beta1
            mean += t
            np.multiply(g, 1 - beta2, out=t)
            t *= g
            square *= beta2
            square += t
            if largest:
                square = np.maximum(largest[0], square, out=largest[0])
            np.sqrt(square, out=t)
            t += eps
            np.divide(mean, t, out=t)
            t *= size
            p -= t


class AdamW(Adam):
    """Adam that takes lr * weight_decay * parameter from the parameter itself, 0.01 unless told otherwise.

    Raises as Adam does. Loshchilov & Hutter, ICLR 2019.
    """

    def __init__(
        self,
        params,
        lr=1e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=1e-2,
        amsgrad=False,
        **options,
    ):
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, **{**options, "decoupled_weight_decay": True}
        )
