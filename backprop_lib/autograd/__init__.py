"""Differentiation on request, as in `torch.autograd`: gradients as values, custom functions, checks."""

from backprop_lib.autograd import functional
from backprop_lib.autograd.function import Function
from backprop_lib.autograd.gradients import backward, grad
from backprop_lib.gradcheck import GradcheckError, gradcheck
from backprop_lib.graph import enable_grad, no_grad, set_grad_enabled

__all__ = [
    "Function",
    "GradcheckError",
    "backward",
    "enable_grad",
    "functional",
    "grad",
    "gradcheck",
    "no_grad",
    "set_grad_enabled",
]
