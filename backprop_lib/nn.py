"""Networks of Tensors: modules that own parameters and call one another, as in `torch.nn`."""

import math

import numpy as np

from backprop_lib.creation import rand
from backprop_lib.tensor import Tensor


class Parameter(Tensor):
    """A Tensor that a Module trains: its gradient is wanted, and `parameters()` finds it."""

    __slots__ = ()

    def __init__(self, data):
        super().__init__(data.array if isinstance(data, Tensor) else np.asarray(data), requires_grad=True)


class Module:
    """A function with parameters: subclasses set Parameters and Modules as attributes and define forward."""

    def forward(self, *args):
        """The module's result; called through `module(*args)`."""
        raise NotImplementedError(f"{type(self).__name__} must define forward(self, ...)")

    def __call__(self, *args, **kwargs):
        return self.forward(*args, **kwargs)

    def _children(self):
        return [(name, value) for name, value in vars(self).items() if isinstance(value, Module)]

    def named_parameters(self, prefix=""):
        """Pairs (dotted name, Parameter), each Parameter once, in the order in which they were set."""
        seen = set()
        for name, parameter in self._all_parameters(prefix):
            if id(parameter) not in seen:
                seen.add(id(parameter))
                yield name, parameter

    def _all_parameters(self, prefix):
        for name, value in vars(self).items():
            if isinstance(value, Parameter):
                yield prefix + name, value
        for name, child in self._children():
            yield from child._all_parameters(f"{prefix}{name}.")

    def parameters(self):
        """The Parameters of this module and of all within it."""
        for _, parameter in self.named_parameters():
            yield parameter

    def zero_grad(self):
        """Forget the gradients of all parameters."""
        for parameter in self.parameters():
            parameter.grad = None

    def extra_repr(self):
        """What stands between the parentheses of the module's printed form."""
        return ""

    def __repr__(self):
        children = self._children()
        if not children:
            return f"{type(self).__name__}({self.extra_repr()})"
        lines = [f"  ({name}): " + repr(child).replace("\n", "\n  ") for name, child in children]
        return "\n".join([f"{type(self).__name__}(", *lines, ")"])


class Linear(Module):
    """y = x W^T + b, with x (..., in_features), W (out_features, in_features), b (out_features,).

    W and b start uniform in +-1/sqrt(in_features), PyTorch's default.
    """

    def __init__(self, in_features, out_features, bias=True, dtype=np.float32):
        self.in_features = in_features
        self.out_features = out_features
        bound = 1 / math.sqrt(in_features) if in_features > 0 else 0
        self.weight = Parameter(rand(out_features, in_features, dtype=dtype) * (2 * bound) - bound)
        self.bias = Parameter(rand(out_features, dtype=dtype) * (2 * bound) - bound) if bias else None

    def forward(self, x):
        if x.shape[-1:] != (self.in_features,):
            raise RuntimeError(f"{self!r} needs inputs of shape (..., {self.in_features}), got {x.shape}")
        out = x @ self.weight.T
        return out if self.bias is None else out + self.bias

    def extra_repr(self):
        bias = self.bias is not None
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={bias}"


class Sequential(Module):
    """Modules applied one after the other."""

    def __init__(self, *modules):
        for i, module in enumerate(modules):
            setattr(self, str(i), module)

    def forward(self, x):
        for _, module in self._children():
            x = module(x)
        return x

    def __len__(self):
        return len(self._children())

    def __getitem__(self, index):
        modules = [module for _, module in self._children()]
        return Sequential(*modules[index]) if isinstance(index, slice) else modules[index]


class Sigmoid(Module):
    """The logistic function, elementwise."""

    def forward(self, x):
        return x.sigmoid()


class Tanh(Module):
    """The hyperbolic tangent, elementwise."""

    def forward(self, x):
        return x.tanh()


class ReLU(Module):
    """max(x, 0), elementwise."""

    def forward(self, x):
        return x.relu()


class MSELoss(Module):
    """The squared error (y - t)**2, reduced by 'mean' (the default), 'sum' or 'none'; there is no factor 1/2.

    Raises ValueError for another reduction, RuntimeError if prediction and target differ in shape.
    """

    def __init__(self, reduction="mean"):
        if reduction not in ("mean", "sum", "none"):
            raise ValueError(f"reduction must be 'mean', 'sum' or 'none', got {reduction!r}")
        self.reduction = reduction

    def forward(self, prediction, target):
        if prediction.shape != target.shape:
            raise RuntimeError(
                f"MSELoss needs prediction and target of the same shape, "
                f"got {prediction.shape} and {target.shape}: "
                "broadcasting them would average over pairs that do not belong together"
            )
        squared = (prediction - target) ** 2
        return {"mean": squared.mean, "sum": squared.sum, "none": lambda: squared}[self.reduction]()
