"""Gradient descent, with momentum or without."""

import numpy as np

from backprop_lib.optim.blocks import BLOCK, blocks
from backprop_lib.optim.optimizer import Optimizer, check, directed, refuse_differentiable


class SGD(Optimizer):
    """Gradient descent: each step takes lr * gradient from every parameter, in place.

    With `momentum` the step is along v = momentum * v + (1 - dampening) * gradient, or with `nesterov` along
    gradient + momentum * v. `weight_decay` * parameter is added to the gradient; `maximize` climbs.
    Raises ValueError if there are no parameters, for negative options, or for `nesterov` without momentum or
    with dampening, TypeError if a parameter is not a Tensor.
    Polyak, USSR Computational Mathematics 4(5):1-17, 1964; Sutskever et al., ICML 2013.
    """

    def __init__(
        self,
        params,
        lr=1e-3,
        momentum=0,
        dampening=0,
        weight_decay=0,
        nesterov=False,
        *,
        maximize=False,
        foreach=None,
        differentiable=False,
        fused=None,
    ):
        refuse_differentiable(differentiable)
        check(lr=lr, momentum=momentum, weight_decay=weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        defaults = dict(
            lr=lr,
            momentum=momentum,
            dampening=dampening,
            weight_decay=weight_decay,
            nesterov=nesterov,
            maximize=maximize,
        )
        super().__init__(params, defaults)

    def _update(self, p, g, group):
        array, rate = p.array, group["lr"]
        if group["momentum"] or group["weight_decay"]:
            g = self._direction(p, g, group)
        elif group["maximize"]:
            rate = -rate
        if array.size <= BLOCK:
            array -= g * rate
            return
        step = self._block(array.dtype)
        for part, share in blocks([array, g]):
            taken = step[: part.size].reshape(part.shape)
            np.multiply(share, rate, out=taken)
            part -= taken

    def _direction(self, p, g, group):
        """The gradient with weight decay, then the velocity or what Nesterov makes of both."""
        g = directed(p, g, group, None)
        if not group["momentum"]:
            return g
        state = self.state.setdefault(p, {})
        velocity = state.get("momentum_buffer")
        if velocity is None:
            velocity = state["momentum_buffer"] = np.array(g)
        else:
            velocity *= group["momentum"]
            velocity += g * (1 - group["dampening"]) if group["dampening"] else g
        return g + group["momentum"] * velocity if group["nesterov"] else velocity
