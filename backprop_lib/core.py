"""The Tensor without its operations (numbers, a gradient, a place in the graph), and how to apply one."""

import functools
import operator
import weakref
from numbers import Integral, Number, Real

import numpy as np

from backprop_lib.graph import Node, Walk, now, thread
from backprop_lib.memory import keep_freed
from backprop_lib.operation import Operation

keep_freed()


class Tensor:
    """An n-dimensional array that can be differentiated through.

    `array` holds the numbers (a NumPy array, shared, not copied).
    `grad` is None or a Tensor of the same shape and dtype, filled by `backward()` if this is a leaf.
    A leaf was made by the user; every other Tensor was made by an operation.
    Raises TypeError if `array` is not a numeric array, RuntimeError if one without floats is to require grad.
    """

    __slots__ = ("__weakref__", "_hooks", "_last_change", "_node", "_requires_grad", "array", "grad")

    def __init__(self, array, requires_grad=False):
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf":
            raise TypeError(
                f"Tensor(array) needs a numeric NumPy array, got {array!r}; for other data: tensor()"
            )
        self.array = array
        self.grad = None
        self._node = None
        self._hooks = None
        self._last_change = [0]  # the moment at which the numbers last changed in place; views share it
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
        """Whether operations on this Tensor are recorded.

        Raises RuntimeError if it is set on a result, or to True without a floating dtype.
        """
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, value):
        """Raises RuntimeError on a result, and for True without a floating dtype."""
        if self._node is not None:
            raise RuntimeError(
                "requires_grad can be set on leaves only; detach() cuts a result from its history"
            )
        if value and self.dtype.kind != "f":
            raise RuntimeError(f"only floating-point tensors can require gradients, got dtype {self.dtype}")
        self._requires_grad = bool(value)

    def requires_grad_(self, requires_grad=True):
        """Set `requires_grad` and return this Tensor."""
        self.requires_grad = requires_grad
        return self

    @property
    def is_leaf(self):
        """True unless an operation made this Tensor while recording."""
        return self._node is None

    @property
    def grad_fn(self):
        """The node that an operation recorded for this Tensor, or None for a leaf."""
        return self._node

    @property
    def data(self):
        """The same numbers in a Tensor that records nothing; raises RuntimeError if set in another shape."""
        return Tensor(self.array)

    @data.setter
    def data(self, value):
        """Raises RuntimeError if the shape would change."""
        array = np.asarray(_raw(value), dtype=self.dtype)
        if array.shape != self.shape:
            raise RuntimeError(f"new data must have shape {self.shape}, got {array.shape}")
        self.array = array

    def numel(self):
        """The number of elements."""
        return self.array.size

    def detach(self):
        """The same numbers, shared, in a Tensor that is a leaf and needs no gradient."""
        result = wrap(self.array)
        result._last_change = self._last_change
        return result

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

    def __int__(self):
        return int(self.item())

    def __bool__(self):
        return bool(self.item())

    def __index__(self):
        if self.dtype.kind == "f" or self.array.size != 1:
            raise TypeError("only integer tensors with one element can be an index")
        return operator.index(self.item())

    def __format__(self, spec):
        if self.ndim and spec:
            raise TypeError(f"a tensor of shape {self.shape} has no format {spec!r}: only one number has")
        return str(self) if self.ndim else format(self.item(), spec)

    def __repr__(self):
        text = np.array2string(self.array, separator=", ", precision=4, prefix="tensor(")
        if not self.numel() and self.ndim != 1:
            text += f", size={self.shape}"
        if self.dtype not in (np.float32, np.int64, np.bool_):
            text += f", dtype={self.dtype}"
        if self._node is not None:
            text += f", grad_fn=<{self._node.op.name}>"
        elif self.requires_grad:
            text += ", requires_grad=True"
        return f"tensor({text})"

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
        if thread.recording and (self.requires_grad or (isinstance(other, Tensor) and other.requires_grad)):
            raise RuntimeError(
                "in-place arithmetic would change a number that the graph has recorded: "
                "write `x = x + y`, or update parameters within `with no_grad():`"
            )
        try:
            thread.silently(function, self.array, _raw(other), out=self.array, casting="same_kind")
        except (TypeError, ValueError) as error:
            raise RuntimeError(
                f"in-place arithmetic keeps shape {self.shape} and dtype {self.dtype}, "
                f"but got an operand of shape {np.shape(_raw(other))} and dtype {np.result_type(_raw(other))}"
            ) from error
        self._has_changed()
        return self

    def _has_changed(self):
        """Note that the numbers have been changed in place: what was recorded of them no longer holds."""
        self._last_change[0] = now()

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

    def backward(self, gradient=None, retain_graph=None, create_graph=False):
        """Add the gradient of this Tensor to the `grad` of every leaf it was computed from.

        `gradient` is the gradient of some scalar with respect to this Tensor, of this Tensor's shape;
        it may be left out if this Tensor has one element, and is then 1.
        The record is freed afterwards unless `retain_graph`.
        With `create_graph` the gradients are recorded themselves, so that they can be differentiated.
        Raises RuntimeError if nothing requires a gradient, if `gradient` is missing or has another shape,
        or if the record was freed by an earlier backward().
        """
        retain_graph = create_graph if retain_graph is None else retain_graph
        Walk(wrap, create_graph=create_graph).run([start(self, gradient, create_graph)], retain_graph)

    def register_hook(self, hook):
        """Call `hook(gradient)` when this Tensor's gradient is known; what it returns, if anything, counts.

        Returns a handle whose `remove()` takes the hook away.
        Raises RuntimeError if this Tensor does not require a gradient.
        """
        if not self._requires_grad:
            raise RuntimeError("a hook needs a tensor that requires grad")
        if self._node is None:
            self._hooks = {} if self._hooks is None else self._hooks
            return _Handle(self._hooks, hook)
        self._node.hooks = {} if self._node.hooks is None else self._node.hooks
        return _Handle(self._node.hooks, hook)

    def retain_grad(self):
        """Keep the gradient of this Tensor in `grad` although it is a result and not a leaf."""
        if self._node is not None and self.grad is None:
            this = weakref.ref(self)
            self.register_hook(lambda g: this() is not None and this()._keep(g))

    def _keep(self, g):
        self._accumulate(g if g._node is not None else g.array, owned=False)

    def _accumulate(self, g, owned):
        """Add `g` to `grad`: an array, which is copied unless it is `owned`, or a recorded Tensor."""
        if self.grad is not None:
            if type(g) is np.ndarray and self.grad._node is None:
                self.grad._in_place(np.add, g)
            else:
                self.grad = self.grad + g
        elif type(g) is not np.ndarray:
            self.grad = g
        else:
            self.grad = wrap(g if owned and g.base is None else g.copy())


class _Handle:
    """Takes a hook away again."""

    def __init__(self, hooks, hook):
        self._hooks = hooks
        self._key = object()
        self._hooks[self._key] = hook

    def remove(self):
        """Take the hook away."""
        self._hooks.pop(self._key, None)


_new = object.__new__


def wrap(array, node=None):
    """A Tensor around an array that is known to be right."""
    result = _new(Tensor)
    result.array = array
    result.grad = None
    result._node = node
    result._hooks = None
    result._last_change = [0]
    result._requires_grad = node is not None
    return result


def start(output, gradient, create_graph):
    """Where a walk back from `output` begins, and with which gradient.

    Raises RuntimeError if `output` does not require a gradient, or if `gradient` does not fit it.
    """
    if not output._requires_grad:
        raise RuntimeError("backward() needs a result of inputs with requires_grad=True, but none had it")
    if gradient is None:
        if output.array.size != 1:
            raise RuntimeError(
                f"backward() on a tensor of shape {output.shape} needs gradient=, a tensor of that shape; "
                "only a tensor with one element does without (sum() or mean() makes one)"
            )
        gradient = np.array(1, output.dtype, ndmin=output.ndim)
    if not (create_graph and isinstance(gradient, Tensor)):
        gradient = np.asarray(_raw(gradient), dtype=output.dtype)
        gradient = wrap(gradient) if create_graph else gradient
    if gradient.shape != output.shape:
        raise RuntimeError(f"backward(gradient) needs the shape {output.shape}, got {gradient.shape}")
    return output._node or output, gradient


def _raw(x):
    return x.array if isinstance(x, Tensor) else x


# ---- operations ----

_FLOAT32 = np.dtype(np.float32)


def apply(op, inputs, options):
    """The Tensor `op(*inputs, **options)`, recorded if any input requires a gradient.

    Inputs are Tensors, arrays or numbers; the latter two are constants.
    Raises TypeError for any other input, RuntimeError if the shapes do not fit the operation.
    """
    arrays, edges = [], []
    wanted = False
    for x in inputs:
        if isinstance(x, Tensor):
            arrays.append(x.array)
            if x._requires_grad:
                wanted = True
                edges.append(x._node or x)
                continue
        else:
            arrays.append(_constant(x, op))
        edges.append(None)
    try:
        out = thread.silently(op.forward, *arrays, **options)
    except ValueError as error:
        shapes = " and ".join(str(np.shape(a)) for a in arrays)
        given = "".join(f", {name}={value}" for name, value in options.items())
        raise RuntimeError(f"{op.name} cannot take shapes {shapes}{given}: {op.expects}") from error
    context = None
    if op.has_context:
        out, context = out
    if type(out) is not np.ndarray:
        out = np.asarray(out)
    if out.dtype is not _FLOAT32 and out.dtype.char in "de" and options.get("dtype") is None:
        dtype = _float_dtype(arrays)
        if out.dtype.itemsize < dtype.itemsize:  # NumPy computes functions of small ints in half precision
            arrays = [a.astype(dtype) if isinstance(a, np.ndarray) else a for a in arrays]
            out = np.asarray(thread.silently(op.forward, *arrays, **options))
        out = out.astype(dtype, copy=False)
    result = wrap(out)
    if out.base is not None or (arrays and out is arrays[0]):
        _share_changes(result, inputs)
    if wanted and thread.recording and out.dtype.kind == "f":
        result._requires_grad = True
        result._node = _record(op, inputs, edges, arrays, options, result, context)
        if thread.tape is not None:
            thread.tape.append(result)
    return result


def _share_changes(result, inputs):
    """A view of an input changes when that input does, and the other way round."""
    base = result.array if result.array.base is None else result.array.base
    for x in inputs:
        if isinstance(x, Tensor) and base is (x.array if x.array.base is None else x.array.base):
            result._last_change = x._last_change


def _record(op, inputs, edges, arrays, options, result, context):
    """The node of a result: for each input that wants a gradient its VJP and what this needs, no more."""
    out = result.array
    values = [*arrays, out, context]
    if op.extras:
        values += op.asked(arrays, options)
    holders = (*inputs, result)
    parts, guards = [], {}
    for edge, plan in zip(edges, op.plan):
        if edge is None or plan is None:
            parts.append(None)
            continue
        vjp, arguments, kept = plan
        parts.append((edge, vjp, arguments(values)))
        for i in kept:
            if isinstance(holders[i], Tensor):
                guards[i] = holders[i]._last_change
    return Node(op, parts, guards, out.shape, out.dtype, (inputs, options) if op.composed else None)


def _constant(x, op):
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


OPERATIONS = {}  # name -> Operation


def differentiable(*vjps, composed=None, expects=None, name=None, registered=True):
    """Turn a function of arrays into a function of Tensors, differentiated by `vjps`; see `Operation`.

    Options may be given by position or by name, `dim` also as `axis` and `keepdim` as `keepdims`.
    A registered operation is one of the library's own.
    """

    def make(forward):
        op = Operation(name or forward.__name__, forward, vjps, composed, expects)
        if registered:
            OPERATIONS[op.name] = op
        count = len(vjps)

        @functools.wraps(forward)
        def function(*args, **kwargs):
            if len(args) != count:
                args, kwargs = _sorted_out(op, args, kwargs)
            if kwargs:
                kwargs = _named(op, kwargs)
            return apply(op, args, kwargs)

        function.operation = op
        return function

    return make


def differentiable_many(vjp_of, expects=None, name=None):
    """Like `differentiable`, for a function of any number of arrays: `vjp_of(i)` is the VJP of input i.

    The result takes a sequence of Tensors, then options by name.
    """

    def make(forward):
        @functools.cache
        def operation(count):
            return Operation(
                name or forward.__name__, forward, [vjp_of(i) for i in range(count)], expects=expects
            )

        OPERATIONS[operation(2).name] = operation(2)
        return lambda tensors, **options: apply(operation(len(tensors)), tuple(tensors), options)

    return make


def numpy_names(function):
    """Let a function of Tensors take `axis` for `dim` and `keepdims` for `keepdim`."""

    @functools.wraps(function)
    def renamed(*args, **kwargs):
        if kwargs:
            kwargs = {_ALIASES.get(name, name): value for name, value in kwargs.items()}
        return function(*args, **kwargs)

    return renamed


def _sorted_out(op, args, kwargs):
    """Inputs and options apart, whichever way they were given."""
    count, names = len(op.inputs), list(op.defaults)
    if len(args) > count + len(names):
        raise TypeError(f"{op.name}() takes at most {count + len(names)} arguments, got {len(args)}")
    options = dict(zip(names, args[count:]))
    missing = op.inputs[len(args) :]
    inputs = (*args[:count], *(kwargs[n] for n in missing if n in kwargs))
    if len(inputs) < count:
        raise TypeError(f"{op.name}() needs {' and '.join(op.inputs)}, got {len(inputs)} of them")
    return inputs, options | {n: value for n, value in kwargs.items() if n not in missing}


_ALIASES = {"axis": "dim", "keepdims": "keepdim"}


def _named(op, kwargs):
    named = {_ALIASES.get(name, name): value for name, value in kwargs.items()}
    for name in named:
        if name not in op.defaults:
            known = ", ".join(op.defaults) or "none"
            raise TypeError(f"{op.name}() has no option {name!r}; it has {known}")
    return named


@differentiable(lambda g: g)
def alias(input):
    """The same Tensor as a new result."""
    return input
