"""The Tensor as users see it: its constructor, PyTorch's operators and methods, and NumPy functions of it."""

import sys
import types

import numpy as np

from backprop_lib import core
from backprop_lib.core import Tensor
from backprop_lib.graph import enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from backprop_lib.operations import (
    METHODS,
    arithmetic,
    choosing,
    comparing,
    elementwise,
    extremes,
    joining,
    linalg,
    matrices,
    reductions,
    shapes,
)

__all__ = ["Tensor", "enable_grad", "is_grad_enabled", "no_grad", "set_grad_enabled", "tensor"]


def tensor(data, dtype=None, requires_grad=False):
    """A new Tensor with a copy of `data`: a number, a nested list, an array or a Tensor.

    Python floats become float32 and Python ints int64; an array keeps its dtype.
    Raises TypeError if `data` is not numeric, ValueError if nested lists have unequal lengths.
    """
    if isinstance(data, Tensor):
        data = data.array
    try:
        array = np.array(data, dtype=dtype)
    except ValueError as error:
        raise ValueError(f"tensor(data) needs nested lists of equal lengths, got {data!r}") from error
    if array.dtype.kind not in "biuf":
        raise TypeError(f"tensor(data) needs numbers, got {data!r} of type {type(data).__name__}")
    if dtype is None and array.dtype == np.float64 and not isinstance(data, np.ndarray | np.float64):
        array = array.astype(np.float32)
    return Tensor(array, requires_grad)


# ---- operators: the binary ones call the engine directly, for speed ----


def _binary(op):
    apply = core.apply
    return lambda self, other: apply(op, (self, other), {}), lambda self, other: apply(op, (other, self), {})


for _name, _op in {
    "add": "add",
    "sub": "sub",
    "mul": "mul",
    "truediv": "div",
    "pow": "pow",
    "matmul": "matmul",
}.items():
    _forward, _reflected = _binary(core.OPERATIONS[_op])
    setattr(Tensor, f"__{_name}__", _forward)
    setattr(Tensor, f"__r{_name}__", _reflected)
Tensor.__neg__ = lambda self: core.apply(arithmetic.neg.operation, (self,), {})
Tensor.__abs__ = elementwise.abs
Tensor.__floordiv__ = arithmetic.floor_divide
Tensor.__rfloordiv__ = lambda self, other: arithmetic.floor_divide(other, self)
Tensor.__mod__ = arithmetic.remainder
Tensor.__rmod__ = lambda self, other: arithmetic.remainder(other, self)
Tensor.__and__ = Tensor.__rand__ = comparing.bitwise_and
Tensor.__or__ = Tensor.__ror__ = comparing.bitwise_or
Tensor.__invert__ = comparing.bitwise_not
Tensor.__getitem__ = choosing.getitem
Tensor.__iter__ = lambda self: iter(joining.unbind(self))

# ---- methods: every public function of the operations whose first argument is a Tensor ----

MODULES = {core.__name__, *(_kind.__name__ for _kind in METHODS)}
_HELPERS = {"grid", "plain", "zero_unless"}
_NOT_METHODS = {"cat", "einsum", "pad", "softmin", "stack", "tensordot"}
_OTHER_NAMES = {
    "absolute": "abs",
    "clip": "clamp",
    "concat": "cat",
    "divide": "div",
    "moveaxis": "movedim",
    "multiply": "mul",
    "negative": "neg",
    "subtract": "sub",
    "swapdims": "transpose",
    "true_divide": "div",
}

FUNCTIONS = {"alias": core.alias}  # by name: what `bp.NAME` finds
for _kind in METHODS:
    for _name, _function in vars(_kind).items():
        is_own = isinstance(_function, types.FunctionType) and _function.__module__ == _kind.__name__
        if is_own and not _name.startswith("_") and _name not in _HELPERS:
            FUNCTIONS[_name] = _function
FUNCTIONS |= {_name: FUNCTIONS[_same] for _name, _same in _OTHER_NAMES.items()}
for _name, _function in FUNCTIONS.items():
    if not hasattr(Tensor, _name) and _name not in _NOT_METHODS:
        setattr(Tensor, _name, _function)


def _size(self, dim=None):
    """The shape, or the length along one dimension."""
    return self.shape if dim is None else self.shape[dim]


def _dim(self):
    """The number of dimensions."""
    return self.ndim


def _view_as(self, other):
    """The same elements in the shape of `other`."""
    return self.reshape(other.shape)


def _expand_as(self, other):
    """The Tensor copied to the shape of `other`."""
    return self.expand(other.shape)


def _transposed(self):
    """The transpose of a matrix; RuntimeError unless there are two dimensions."""
    if self.ndim != 2:
        raise RuntimeError(f".T needs 2 dimensions, got shape {self.shape}: use transpose(dim0, dim1)")
    return shapes.transpose(self, 0, 1)


def _last_two_transposed(self):
    """The Tensor with its last two dimensions exchanged."""
    return shapes.transpose(self, -2, -1)


def _set_item(self, index, value):
    """Change the elements that `index` names, in place; refused where in-place arithmetic is."""
    index = choosing.plain(index)
    self._in_place(lambda array, value, out, casting: out.__setitem__(index, value), value)


Tensor.__setitem__ = _set_item
Tensor.size, Tensor.dim = _size, _dim
Tensor.view_as = Tensor.reshape_as = _view_as
Tensor.expand_as = _expand_as
Tensor.T = property(_transposed)
Tensor.mT = property(_last_two_transposed)

# ---- NumPy functions of Tensors: VJPs are written with them, so gradients can be differentiated again ----

_UFUNCS = {
    np.absolute: elementwise.abs,
    np.add: arithmetic.add,
    np.bitwise_and: comparing.bitwise_and,
    np.bitwise_or: comparing.bitwise_or,
    np.cos: elementwise.cos,
    np.exp: elementwise.exp,
    np.invert: comparing.bitwise_not,
    np.log: elementwise.log,
    np.matmul: linalg.matmul,
    np.maximum: extremes.maximum,
    np.minimum: extremes.minimum,
    np.multiply: arithmetic.mul,
    np.negative: arithmetic.neg,
    np.power: arithmetic.pow,
    np.sign: elementwise.sign,
    np.sin: elementwise.sin,
    np.sqrt: elementwise.sqrt,
    np.square: arithmetic.square,
    np.subtract: arithmetic.sub,
    np.tanh: elementwise.tanh,
    np.true_divide: arithmetic.div,
}
_COMPARISONS = {
    np.equal: Tensor.__eq__,
    np.not_equal: Tensor.__ne__,
    np.less: Tensor.__lt__,
    np.less_equal: Tensor.__le__,
    np.greater: Tensor.__gt__,
    np.greater_equal: Tensor.__ge__,
}
_FUNCTIONS = {
    np.broadcast_to: shapes.broadcast_to,
    np.cumsum: reductions.cumsum,
    np.diagonal: matrices.diagonal,
    np.flip: shapes.flip,
    np.mean: reductions.mean,
    np.roll: shapes.roll,
    np.sum: reductions.sum,
    np.transpose: shapes.permute,
    np.tril: matrices.tril,
    np.triu: matrices.triu,
    np.where: choosing.where,
    np.zeros_like: lambda x: Tensor(np.zeros_like(x.array)),
}


def _ufunc(self, ufunc, method, *inputs, **options):
    if method != "__call__" or options:
        return NotImplemented
    if ufunc in _UFUNCS:
        return _UFUNCS[ufunc](*inputs)
    if ufunc in _COMPARISONS:
        left, right = inputs
        return _COMPARISONS[ufunc](left if isinstance(left, Tensor) else Tensor(np.asarray(left)), right)
    return NotImplemented


def _array_function(self, function, kinds, args, options):
    if function in _FUNCTIONS:
        return _FUNCTIONS[function](*args, **options)
    if function in _ABOUT_SHAPE or not _wants_gradient((args, options)):
        return function(*_as_arrays(args), **_as_arrays(options))  # NumPy's own, as on any array
    return NotImplemented


_ABOUT_SHAPE = {np.shape, np.ndim, np.size}


def _wants_gradient(x):
    if isinstance(x, dict):
        x = tuple(x.values())
    if isinstance(x, tuple | list):
        return any(_wants_gradient(item) for item in x)
    return isinstance(x, Tensor) and x.requires_grad


def _as_arrays(x):
    if isinstance(x, dict):
        return {name: _as_arrays(item) for name, item in x.items()}
    if isinstance(x, tuple | list):
        return type(x)(_as_arrays(item) for item in x)
    return x.array if isinstance(x, Tensor) else x


Tensor.__array_ufunc__ = _ufunc
Tensor.__array_function__ = _array_function


class _CallableModule(types.ModuleType):
    """Lets `backprop_lib.tensor` be PyTorch's function `tensor()` as well as this module."""

    def __call__(self, *args, **kwargs):
        return tensor(*args, **kwargs)


sys.modules[__name__].__class__ = _CallableModule
