"""Optimisers: they use the gradients that backpropagation computed, and compute none themselves."""

from backprop_lib.tensor import Tensor, no_grad


class SGD:
    """Gradient descent: each step takes lr * gradient from every parameter, in place.

    Raises ValueError if there are no parameters or if `lr` is negative, TypeError if one is not a Tensor.
    """

    def __init__(self, params, lr=1e-3):
        self.params = list(params)
        if not self.params:
            raise ValueError("SGD got an empty list of parameters")
        for p in self.params:
            if not isinstance(p, Tensor):
                raise TypeError(f"SGD needs Tensors, got {p!r} of type {type(p).__name__}")
        if lr < 0:
            raise ValueError(f"the learning rate must not be negative, got {lr}")
        self.lr = lr

    def zero_grad(self):
        """Forget all gradients; call it before each backward pass, because gradients accumulate."""
        for p in self.params:
            p.grad = None

    def step(self):
        """Update every parameter that has a gradient."""
        with no_grad():
            for p in self.params:
                if p.grad is not None:
                    p -= self.lr * p.grad.array
