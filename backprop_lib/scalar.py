"""A scalar reverse-mode autograd engine: the whole of backpropagation on one page.

Every operation stands beside its derivative.
`Value` mirrors the surface of micrograd (https://github.com/karpathy/micrograd).
This module imports nothing but the standard library.
"""

import math
from numbers import Real
from operator import mul


class Value:
    """A number that remembers which operation made it, so that `backward()` can differentiate it.

    `data` is the number and `grad` the derivative of the last `backward()` root with respect to it.
    Both are floats.
    Raises TypeError if `data` is not a real number.
    """

    # _a and _b are the parents, _da and _db the derivatives of this node by them: no closure and no reference
    # from parent to child, hence no cycle. Without a second parent, _b is None and _db names the operation;
    # of many parents, _a is the list and _da that of the derivatives. All nodes are of this one class, for
    # CPython reads an attribute three times as fast where it always meets the same class.
    __slots__ = ("_a", "_b", "_da", "_db", "data", "grad")
    __array_ufunc__ = None  # NumPy numbers leave `numpy_number * value` to Value

    def __init__(self, data):
        self.data = _number(data, "Value(data)")
        self.grad = 0.0
        self._a = self._da = self._b = None
        self._db = ""

    # ---- operations: the value, then each parent with the derivative by it ----

    def __add__(self, other):
        if isinstance(other, Value):
            return _node(self.data + other.data, self, _ONE, other, _ONE)
        return _result("+", self.data + _number(other, "Value + other"), self, 1.0)

    def __sub__(self, other):
        if isinstance(other, Value):
            return _node(self.data - other.data, self, _ONE, other, _MINUS_ONE)
        return _result("-", self.data - _number(other, "Value - other"), self, 1.0)

    def __rsub__(self, other):
        return _result("-", _number(other, "other - Value") - self.data, self, -1.0)

    def __mul__(self, other):
        if isinstance(other, Value):
            return _node(self.data * other.data, self, other.data, other, self.data)
        other = _number(other, "Value * other")
        return _result("*", self.data * other, self, other)

    def __truediv__(self, other):
        if isinstance(other, Value):
            out = self.data / other.data
            return _result("/", out, [self, other], [1.0 / other.data, -out / other.data])
        other = _number(other, "Value / other")
        return _result("/", self.data / other, self, 1.0 / other)

    def __rtruediv__(self, other):
        out = _number(other, "other / Value") / self.data
        return _result("/", out, self, -out / self.data)

    def __pow__(self, other):
        if isinstance(other, Value):
            out = _power(self.data, other.data)
            slopes = [_power_slope(self.data, other.data), _exponent_slope(self.data, out)]
            return _result("**", out, [self, other], slopes)
        other = _number(other, "Value ** other")
        return _result("**", _power(self.data, other), self, _power_slope(self.data, other))

    def __rpow__(self, other):
        base = _number(other, "other ** Value")
        out = _power(base, self.data)
        return _result("**", out, self, _exponent_slope(base, out))

    def __neg__(self):
        return _result("neg", -self.data, self, -1.0)

    def relu(self):
        """max(x, 0); the derivative at 0 is taken to be 0, as in PyTorch."""
        out, slope = (0.0, 0.0) if self.data <= 0.0 else (self.data, 1.0)
        return _result("ReLU", out, self, slope)

    def exp(self):
        """e**x; raises OverflowError where that exceeds the largest float (x > 709.78)."""
        out = math.exp(self.data)
        return _result("exp", out, self, out)

    def log(self):
        """The natural logarithm; raises ValueError unless x > 0."""
        if self.data <= 0:
            raise ValueError(f"log needs a positive number, got {self.data!r}: clamp it or check its sign")
        return _result("log", math.log(self.data), self, 1.0 / self.data)

    def tanh(self):
        """The hyperbolic tangent, in (-1, 1)."""
        out = math.tanh(self.data)
        return _result("tanh", out, self, 1.0 - out * out)

    def sigmoid(self):
        """The logistic function 1 / (1 + e**-x), in (0, 1); computed without overflow for any x."""
        e = math.exp(-abs(self.data))
        out = (1.0 if self.data >= 0 else e) / (1.0 + e)
        return _result("sigmoid", out, self, e / (1.0 + e) ** 2)

    __radd__ = __add__
    __rmul__ = __mul__

    # ---- numbers: comparisons look at data only and record nothing; a Value hashes by identity ----

    def __float__(self):
        return self.data

    def __eq__(self, other):
        return self.data == _data(other)

    def __lt__(self, other):
        return self.data < _data(other)

    def __le__(self, other):
        return self.data <= _data(other)

    def __gt__(self, other):
        return self.data > _data(other)

    def __ge__(self, other):
        return self.data >= _data(other)

    __hash__ = object.__hash__

    def __repr__(self):
        return f"Value(data={self.data}, grad={self.grad})"

    # ---- the graph and its gradient ----

    @property
    def _prev(self):
        """The parents: the Values this one was computed from."""
        if self._b is not None:
            return self._a, self._b
        return () if self._a is None else tuple(self._a) if type(self._a) is list else (self._a,)

    @property
    def _op(self):
        """The operation that made this Value; "" for a leaf."""
        if self._b is None:
            return self._db
        return "+" if self._db is _ONE else "-" if self._db is _MINUS_ONE else "*"

    def _results_in_order(self):
        """Every operation's result under this node, each after all results it was computed from.

        An iterative depth-first search, so that depth is bounded by memory and not by the recursion limit.
        A None on the stack means: the node below it has been opened, and all its parents are in order.
        Leaves are left out: they have nothing to pass on.
        """
        if self._a is None:
            return []
        order, seen, stack = [], set(), [self]
        while True:  # CPython 3.11 would speed up `while stack` in the eighth call only, this in the first
            node = stack.pop()
            if node is None:
                order.append(stack.pop())
                if not stack:
                    return order
            elif node._a is not None and node not in seen:
                seen.add(node)
                stack.append(node)
                stack.append(None)
                a, b = node._a, node._b
                if type(a) is list:
                    for parent in a:
                        if parent._a is not None and parent not in seen:
                            stack.append(parent)
                else:
                    stack += (a,) if b is None else (a, b)

    def backward(self):
        """Add d(self)/d(leaf) to the `grad` of every leaf under this node; set that of every node between.

        Leaves accumulate over calls, so zero them before the next step.
        Results are set afresh, so a second call on the same graph does not count them twice.
        The rule is the multivariate chain rule: a parent's gradient is the sum over its uses of
        (local derivative) x (gradient of the result).
        """
        order = self._results_in_order()
        for node in order:
            node.grad = 0.0
        self.grad += 1.0
        for node in reversed(order):
            a, b, grad = node._a, node._b, node.grad
            if b is not None:
                a.grad += node._da * grad
                b.grad += node._db * grad
            elif type(a) is list:
                for parent, slope in zip(a, node._da):
                    parent.grad += slope * grad
            else:
                a.grad += node._da * grad


def dot(ws, xs, bias=None):
    """ws[0] * xs[0] + ws[1] * xs[1] + ... + bias as one node; numbers may stand among the Values.

    Raises ValueError unless there are as many xs as ws.
    """
    if len(ws) != len(xs):
        raise ValueError(f"dot(ws, xs) needs as many xs as ws, got {len(ws)} ws and {len(xs)} xs")
    try:
        w, x = [w.data for w in ws], [x.data for x in xs]
        if bias is None:
            return _result("dot", sum(map(mul, w, x), 0.0), [*ws, *xs], [*x, *w])
        return _result("dot", sum(map(mul, w, x), bias.data), [*ws, *xs, bias], [*x, *w, 1.0])
    except (AttributeError, TypeError):  # a number is among them
        return dot(_values(ws), _values(xs), *_values([] if bias is None else [bias]))


def total(values):
    """values[0] + values[1] + ... as one node; numbers may stand among the Values."""
    parents = _values(values)
    return _result("+", sum([parent.data for parent in parents], 0.0), parents, [1.0] * len(parents))


# Sums and differences of two Values are so many that a slot for their names would cost too much: these very
# objects as derivatives tell them from products.
_ONE, _MINUS_ONE = float("1"), float("-1")
_new = object.__new__


def _node(data, a, da, b, db):
    self = _new(Value)  # without the checks of __init__
    self.data = data
    self.grad = 0.0
    self._a = a
    self._da = da
    self._b = b
    self._db = db
    return self


def _result(op, data, a, da):
    return _node(data, a, da, None, op)


def _values(xs):
    return [x if isinstance(x, Value) else Value(x) for x in xs]


def _number(x, where):
    """`x` as a float."""
    if type(x) is float:
        return x
    if isinstance(x, Real):
        return float(x)
    raise TypeError(f"{where} needs a real number (int or float), got {x!r} of type {type(x).__name__}")


def _data(x):
    return x.data if isinstance(x, Value) else x


def _power(base, exponent):
    out = base**exponent
    if isinstance(out, complex):
        raise ValueError(
            f"{base!r} ** {exponent!r} is not a real number: a negative base needs a whole exponent"
        )
    return out


def _power_slope(base, exponent):
    """d(base**exponent)/d(base); infinite at base 0 for an exponent between 0 and 1, as in PyTorch."""
    if exponent == 0.0:
        return 0.0
    return math.inf if base == 0.0 and exponent < 1.0 else exponent * base ** (exponent - 1.0)


def _exponent_slope(base, out):
    """d(base**exponent)/d(exponent) = out * log(base); nan where there is no real log, as in PyTorch."""
    if base > 0.0:
        return out * math.log(base)
    return 0.0 if base == 0.0 else math.nan
