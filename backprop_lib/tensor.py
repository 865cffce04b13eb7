"""A tensor that records the operations applied to it, and reverse-mode differentiation over that record.

The numbers live in a NumPy array; the operations and their vector-Jacobian products live in `operations.py`.
Names, defaults and error conditions follow PyTorch.
"""

import contextlib
import operator
import sys
import types
from numbers import Integral, Number, Real

import numpy as np

from backprop_lib import operations as ops

_recording = True


@contextlib.contextmanager
def no_grad():
    """Within this context operations record nothing, so their results need no gradient."""
    global _recording
    before, _recording = _recording, False
    try:
        yield
    finally:
        _recording = before


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


class Tensor:
    """An n-dimensional array that can be differentiated through.

    `array` holds the numbers (a NumPy array, shared, not copied).
    `grad` is None or a Tensor of the same shape and dtype, filled by `backward()` if this is a leaf.
    A leaf was made by the user; every other Tensor was made by an operation.
    Raises TypeError if `array` is not a numeric array, RuntimeError if one without floats requires grad.
    """

    __slots__ = (
        "__weakref__",
        "_changes",
        "_inputs",
        "_op",
        "_options",
        "_requires_grad",
        "_seen",
        "array",
        "grad",
    )
    __array_ufunc__ = None  # `array * tensor` is left to Tensor

    def __init__(self, array, requires_grad=False):
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf":
            raise TypeError(
                f"Tensor(array) needs a numeric NumPy array, got {array!r}; for other data: tensor()"
            )
        self.array = array
        self.grad = None
        self._op = None
        self._inputs = ()
        self._options = {}
        self._changes = 0  # how often in-place arithmetic has changed the numbers
        self._seen = 0  # the changes of all inputs when this result was recorded
        self._requires_grad = False
        if requires_grad:
            self.requires_grad = True

    # ---- what it is ----

    @property
    def shape(self):
        """The length along each dimension, as a tuple."""
        return self.array.shape

    @property
    def ndim(self):
        """The number of dimensions."""
        return self.array.ndim

    @property
    def dtype(self):
        """The NumPy dtype of the numbers."""
        return self.array.dtype

    @property
    def requires_grad(self):
        """Whether operations on this Tensor are recorded; can be set on leaves with a floating dtype."""
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, value):
        if self._op is not None:
            raise RuntimeError(
                "requires_grad can be set on leaves only; detach() cuts a result from its history"
            )
        if value and self.dtype.kind != "f":
            raise RuntimeError(f"only floating-point tensors can require gradients, got dtype {self.dtype}")
        self._requires_grad = bool(value)

    @property
    def is_leaf(self):
        """True unless an operation made this Tensor while recording."""
        return self._op is None

    @property
    def data(self):
        """The same numbers in a Tensor that records nothing."""
        return Tensor(self.array)

    @data.setter
    def data(self, value):
        array = np.asarray(_raw(value), dtype=self.dtype)
        if array.shape != self.shape:
            raise RuntimeError(f"new data must have shape {self.shape}, got {array.shape}")
        self.array = array

    def numel(self):
        """The number of elements."""
        return self.array.size

    def detach(self):
        """The same numbers, shared, in a Tensor that is a leaf and needs no gradient."""
        return Tensor(self.array)

    def numpy(self):
        """The NumPy array, shared; raises RuntimeError if this Tensor requires a gradient (detach it)."""
        if self.requires_grad:
            raise RuntimeError(
                "this tensor requires grad, and numpy() would lose that: use .detach().numpy()"
            )
        return self.array

    def item(self):
        """The one element as a Python number; raises RuntimeError if there are none or several."""
        if self.array.size != 1:
            raise RuntimeError(f"item() needs a tensor with one element, got shape {self.shape}")
        return self.array.item()

    def tolist(self):
        """The elements as a nested list of Python numbers."""
        return self.array.tolist()

    def __array__(self, dtype=None, copy=None):
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def __len__(self):
        if self.ndim == 0:
            raise TypeError("len() of a 0-d tensor")
        return len(self.array)

    def __float__(self):
        return float(self.item())

    def __bool__(self):
        return bool(self.item())

    def __repr__(self):
        text = np.array2string(self.array, separator=", ", precision=4, prefix="tensor(")
        if not self.numel() and self.ndim != 1:
            text += f", size={self.shape}"
        if self.dtype not in (np.float32, np.int64, np.bool_):
            text += f", dtype={self.dtype}"
        if self._op is not None:
            text += f", grad_fn=<{self._op.name}>"
        elif self.requires_grad:
            text += ", requires_grad=True"
        return f"tensor({text})"

    # ---- operations ----

    def __add__(self, other):
        return apply(ops.add, self, other)

    def __radd__(self, other):
        return apply(ops.add, other, self)

    def __sub__(self, other):
        return apply(ops.sub, self, other)

    def __rsub__(self, other):
        return apply(ops.sub, other, self)

    def __mul__(self, other):
        return apply(ops.mul, self, other)

    def __rmul__(self, other):
        return apply(ops.mul, other, self)

    def __truediv__(self, other):
        return apply(ops.div, self, other)

    def __rtruediv__(self, other):
        return apply(ops.div, other, self)

    def __pow__(self, other):
        return apply(ops.pow, self, other)

    def __rpow__(self, other):
        return apply(ops.pow, other, self)

    def __matmul__(self, other):
        return self.matmul(other)

    def __rmatmul__(self, other):
        return tensor(other).matmul(self)

    def __neg__(self):
        return apply(ops.neg, self)

    def matmul(self, other):
        """The matrix product; a 1-D operand counts as a row on the left and as a column on the right."""
        return apply(ops.matmul, self, other)

    def exp(self):
        """e**x, elementwise."""
        return apply(ops.exp, self)

    def log(self):
        """The natural logarithm, elementwise: -inf at 0 and nan below, as in PyTorch."""
        return apply(ops.log, self)

    def tanh(self):
        """The hyperbolic tangent, elementwise."""
        return apply(ops.tanh, self)

    def sigmoid(self):
        """The logistic function 1 / (1 + e**-x), elementwise, without overflow."""
        return apply(ops.sigmoid, self)

    def relu(self):
        """max(x, 0), elementwise; the derivative at 0 is taken to be 0."""
        return apply(ops.relu, self)

    def sum(self, dim=None, keepdim=False):
        """The sum over `dim`: None for all elements, an int, or a tuple of ints."""
        return apply(ops.sum, self, dim=_dims(dim, self.ndim), keepdim=keepdim)

    def mean(self, dim=None, keepdim=False):
        """The mean over `dim`: None for all elements, an int, or a tuple of ints; needs a floating dtype."""
        if self.dtype.kind != "f":
            raise RuntimeError(f"mean() needs a floating-point tensor, got dtype {self.dtype}")
        return apply(ops.mean, self, dim=_dims(dim, self.ndim), keepdim=keepdim)

    def reshape(self, *shape):
        """The same elements in the same order with another shape; one length may be -1."""
        if len(shape) == 1 and isinstance(shape[0], tuple | list):
            shape = shape[0]
        return apply(ops.reshape, self, shape=tuple(shape))

    def transpose(self, dim0, dim1):
        """The Tensor with two dimensions exchanged."""
        _dims((dim0, dim1), self.ndim)
        return apply(ops.transpose, self, dim0=dim0, dim1=dim1)

    @property
    def T(self):
        """The transpose of a matrix; raises RuntimeError unless there are two dimensions."""
        if self.ndim != 2:
            raise RuntimeError(f".T needs 2 dimensions, got shape {self.shape}: use transpose(dim0, dim1)")
        return self.transpose(0, 1)

    # ---- in-place arithmetic, for the update step ----

    def __iadd__(self, other):
        return self._in_place(np.add, other)

    def __isub__(self, other):
        return self._in_place(np.subtract, other)

    def __imul__(self, other):
        return self._in_place(np.multiply, other)

    def __itruediv__(self, other):
        return self._in_place(np.true_divide, other)

    def zero_(self):
        """Set every element to 0, in place."""
        return self._in_place(lambda a, b, out, casting: np.copyto(out, b), 0)

    def _in_place(self, function, other):
        if _recording and (self.requires_grad or (isinstance(other, Tensor) and other.requires_grad)):
            raise RuntimeError(
                "in-place arithmetic would change a number that the graph has recorded: "
                "write `x = x + y`, or update parameters within `with no_grad():`"
            )
        try:
            with np.errstate(all="ignore"):
                function(self.array, _raw(other), out=self.array, casting="same_kind")
        except (TypeError, ValueError) as error:
            raise RuntimeError(
                f"in-place arithmetic keeps shape {self.shape} and dtype {self.dtype}, "
                f"but got an operand of shape {np.shape(_raw(other))} and dtype {np.result_type(_raw(other))}"
            ) from error
        self._changes += 1
        return self

    # ---- comparisons: elementwise, without a gradient; a Tensor hashes by identity ----

    def __eq__(self, other):
        return self._compare(operator.eq, other)

    def __ne__(self, other):
        return self._compare(operator.ne, other)

    def __lt__(self, other):
        return self._compare(operator.lt, other)

    def __le__(self, other):
        return self._compare(operator.le, other)

    def __gt__(self, other):
        return self._compare(operator.gt, other)

    def __ge__(self, other):
        return self._compare(operator.ge, other)

    __hash__ = object.__hash__

    def _compare(self, comparison, other):
        if not isinstance(other, Tensor | np.ndarray | Number):
            return NotImplemented
        try:
            return Tensor(np.asarray(comparison(self.array, _raw(other))))
        except ValueError as error:
            raise RuntimeError(
                f"cannot compare shapes {self.shape} and {np.shape(_raw(other))}: "
                "aligned from the right, lengths must be equal or 1"
            ) from error

    # ---- the gradient ----

    def backward(self, gradient=None, retain_graph=False):
        """Add the gradient of this Tensor to the `grad` of every leaf it was computed from.

        `gradient` is the gradient of some scalar with respect to this Tensor, of this Tensor's shape;
        it may be left out if this Tensor has one element, and is then 1.
        The record is freed afterwards unless `retain_graph`.
        Raises RuntimeError if nothing requires a gradient, if `gradient` is missing or has another shape,
        or if the record was freed by an earlier backward().
        """
        if not self.requires_grad:
            raise RuntimeError("backward() needs a result of inputs with requires_grad=True, but none had it")
        order = _results_in_order(self)
        gradients = {id(self): self._seed(gradient)}
        with np.errstate(all="ignore"):  # inf and nan propagate silently, as in PyTorch
            for node in reversed(order):
                g = gradients.pop(id(node))
                for parent, g_parent in _input_gradients(node, g):
                    if parent._op is None:
                        parent._accumulate(g_parent, shared=g_parent is g)
                    elif id(parent) in gradients:
                        gradients[id(parent)] = gradients[id(parent)] + g_parent
                    else:
                        gradients[id(parent)] = g_parent
        if not order:
            self._accumulate(gradients[id(self)], shared=True)
        if not retain_graph:
            for node in order:
                node._inputs = None

    def _seed(self, gradient):
        if gradient is None:
            if self.array.size != 1:
                raise RuntimeError(
                    f"backward() on a tensor of shape {self.shape} needs gradient=, a tensor of that shape; "
                    "only a tensor with one element does without (sum() or mean() makes one)"
                )
            return np.ones_like(self.array)
        gradient = np.asarray(_raw(gradient), dtype=self.dtype)
        if gradient.shape != self.shape:
            raise RuntimeError(f"backward(gradient) needs the shape {self.shape}, got {gradient.shape}")
        return gradient

    def _accumulate(self, g, shared):
        if self.grad is not None:
            self.grad.array = np.asarray(self.grad.array + g)  # adding 0-d arrays makes a NumPy number
        else:
            own = g.flags.owndata and g.flags.writeable and not shared
            self.grad = Tensor(g if own else g.copy())


def apply(op, *inputs, **options):
    """The Tensor `op(*inputs, **options)`, recorded if any input requires a gradient.

    Inputs are Tensors, arrays or numbers; the latter two are constants.
    Raises TypeError for any other input, RuntimeError if the shapes do not fit the operation.
    """
    arrays = [_operand(x, op) for x in inputs]
    try:
        with np.errstate(all="ignore"):  # inf and nan propagate silently, as in PyTorch
            out = np.asarray(op.forward(*arrays, **options))
    except ValueError as error:
        shapes = " and ".join(str(np.shape(a)) for a in arrays)
        given = "".join(f", {name}={value}" for name, value in options.items())
        raise RuntimeError(f"{op.name} cannot take shapes {shapes}{given}: {op.expects}") from error
    if out.dtype.kind == "f" and out.dtype != np.float32:
        out = out.astype(_float_dtype(arrays), copy=False)
    result = Tensor(out)
    if _recording and any(isinstance(x, Tensor) and x._requires_grad for x in inputs):
        result._requires_grad = True
        result._seen = _changes(inputs)
        result._op = op
        result._inputs = tuple(x if isinstance(x, Tensor) else a for x, a in zip(inputs, arrays, strict=True))
        result._options = options
    return result


def _operand(x, op):
    if isinstance(x, Tensor):
        return x.array
    if isinstance(x, np.ndarray) and x.dtype.kind in "biuf":
        return x
    if isinstance(x, Real):
        return int(x) if isinstance(x, Integral) else float(x)  # so that a number leaves an array its dtype
    raise TypeError(f"{op.name} needs tensors, arrays or numbers, got {x!r} of type {type(x).__name__}")


def _float_dtype(arrays):
    """PyTorch's rule: floating operands with dimensions decide, then those without; else it is float32."""
    floats = [a for a in arrays if isinstance(a, np.ndarray) and a.dtype.kind == "f"]
    deciding = [a.dtype for a in floats if a.ndim] or [a.dtype for a in floats] or [np.dtype(np.float32)]
    return max(deciding, key=lambda dtype: dtype.itemsize)


def _changes(inputs):
    return sum([x._changes for x in inputs if isinstance(x, Tensor)])


def _raw(x):
    return x.array if isinstance(x, Tensor) else x


def _dims(dim, ndim):
    """`dim` as a tuple of ints within range, or None for all dimensions, which an empty tuple means too."""
    if dim is None:
        return None
    dims = tuple(operator.index(d) for d in (dim if isinstance(dim, tuple | list) else (dim,)))
    for d in dims:
        if not -max(ndim, 1) <= d < max(ndim, 1):
            raise IndexError(f"dimension {d} is out of range for a tensor with {ndim} dimension(s)")
    return dims if ndim and dims else None


def _results_in_order(root):
    """Every recorded result under `root`, each after all it was computed from; no recursion, so no limit."""
    if root._op is None:
        return []
    order, seen, path = [], {id(root)}, [(root, iter(_recorded_inputs(root)))]
    while path:
        node, parents = path[-1]
        for parent in parents:
            if isinstance(parent, Tensor) and parent._op is not None and id(parent) not in seen:
                seen.add(id(parent))
                path.append((parent, iter(_recorded_inputs(parent))))
                break
        else:
            order.append(node)
            path.pop()
    return order


def _recorded_inputs(node):
    if node._inputs is None:
        raise RuntimeError(
            f"the graph through this result of {node._op.name} was freed by an earlier backward(): "
            "compute the result again, or call the first backward() with retain_graph=True"
        )
    return node._inputs


def _input_gradients(node, g):
    """Each input of `node` that requires a gradient, with its share of the gradient `g` of `node`."""
    if node._changes or node._seen != _changes(node._inputs):
        raise RuntimeError(
            f"a tensor that {node._op.name} was recorded with has since been changed in place, "
            "so its gradient would be wrong: call backward() before the change"
        )
    arrays = [_raw(x) for x in node._inputs]
    for x, vjp in zip(node._inputs, node._op.vjps, strict=True):
        if isinstance(x, Tensor) and x._requires_grad:
            gradient = np.asarray(vjp(g, node.array, *arrays, **node._options), dtype=x.array.dtype)
            yield x, ops.unbroadcast(gradient, x.array.shape)


class _CallableModule(types.ModuleType):
    """Lets `backprop_lib.tensor` be PyTorch's function `tensor()` as well as this module."""

    def __call__(self, *args, **kwargs):
        return tensor(*args, **kwargs)


sys.modules[__name__].__class__ = _CallableModule
