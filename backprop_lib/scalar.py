"""A scalar reverse-mode autograd engine: the whole of backpropagation on one page.

Every operation stands beside its derivative.
`Value` mirrors the surface of micrograd (https://github.com/karpathy/micrograd).
This module imports nothing but the standard library.
"""

import math
from numbers import Real


class Value:
    """A number that remembers which operation made it, so that `backward()` can differentiate it.

    `data` is the number and `grad` the derivative of the last `backward()` root with respect to it.
    Both are floats.
    Raises TypeError if `data` is not a real number.
    """

    # A node knows at most two parents, _a and _b, and its derivatives by them, _da = d(self)/d(_a) and _db.
    # Four plain slots hold them: no closure, no container, no reference from parent to child, hence no cycle.
    __slots__ = ("_a", "_b", "_da", "_db", "data", "grad")
    __array_ufunc__ = None  # NumPy numbers leave `numpy_number * value` to Value
    _op = ""

    def __init__(self, data):
        self.data = _number(data, "Value(data)")
        self.grad = 0.0
        self._a = self._b = None
        self._da = self._db = 0.0

    # ---- operations: the value, then each parent with its local derivative ----

    def __add__(self, other):
        if isinstance(other, Value):
            return _Add(self.data + other.data, self, 1.0, other, 1.0)
        return _Add(self.data + _number(other, "Value + other"), self, 1.0)

    def __sub__(self, other):
        if isinstance(other, Value):
            return _Sub(self.data - other.data, self, 1.0, other, -1.0)
        return _Sub(self.data - _number(other, "Value - other"), self, 1.0)

    def __rsub__(self, other):
        return _Sub(_number(other, "other - Value") - self.data, self, -1.0)

    def __mul__(self, other):
        if isinstance(other, Value):
            return _Mul(self.data * other.data, self, other.data, other, self.data)
        other = _number(other, "Value * other")
        return _Mul(self.data * other, self, other)

    def __truediv__(self, other):
        if isinstance(other, Value):
            out = self.data / other.data
            return _Div(out, self, 1.0 / other.data, other, -out / other.data)
        other = _number(other, "Value / other")
        return _Div(self.data / other, self, 1.0 / other)

    def __rtruediv__(self, other):
        out = _number(other, "other / Value") / self.data
        return _Div(out, self, -out / self.data)

    def __pow__(self, other):
        if isinstance(other, Value):
            out = _power(self.data, other.data)
            base_slope, exponent_slope = _power_slope(self.data, other.data), _exponent_slope(self.data, out)
            return _Pow(out, self, base_slope, other, exponent_slope)
        other = _number(other, "Value ** other")
        return _Pow(_power(self.data, other), self, _power_slope(self.data, other))

    def __rpow__(self, other):
        base = _number(other, "other ** Value")
        out = _power(base, self.data)
        return _Pow(out, self, _exponent_slope(base, out))

    def __neg__(self):
        return _Neg(-self.data, self, -1.0)

    def relu(self):
        """max(x, 0); the derivative at 0 is taken to be 0, as in PyTorch."""
        return _ReLU(0.0, self, 0.0) if self.data <= 0.0 else _ReLU(self.data, self, 1.0)

    def exp(self):
        """e**x; raises OverflowError where that exceeds the largest float (x > 709.78)."""
        out = math.exp(self.data)
        return _Exp(out, self, out)

    def log(self):
        """The natural logarithm; raises ValueError unless x > 0."""
        if self.data <= 0:
            raise ValueError(f"log needs a positive number, got {self.data!r}: clamp it or check its sign")
        return _Log(math.log(self.data), self, 1.0 / self.data)

    def tanh(self):
        """The hyperbolic tangent, in (-1, 1)."""
        out = math.tanh(self.data)
        return _Tanh(out, self, 1.0 - out * out)

    def sigmoid(self):
        """The logistic function 1 / (1 + e**-x), in (0, 1); computed without overflow for any x."""
        e = math.exp(-abs(self.data))
        out = (1.0 if self.data >= 0 else e) / (1.0 + e)
        return _Sigmoid(out, self, e / (1.0 + e) ** 2)

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
        return tuple(parent for parent in (self._a, self._b) if parent is not None)

    def _results_in_order(self):
        """Every operation's result under this node, each after all results it was computed from.

        An iterative depth-first search, so that depth is bounded by memory and not by the recursion limit.
        Leaves are left out: they have nothing to pass on.
        """
        order, seen, path = [], {self}, [self]
        while path:
            node = path[-1]
            a, b = node._a, node._b
            if a is not None and a._a is not None and a not in seen:
                seen.add(a)
                path.append(a)
            elif b is not None and b._a is not None and b not in seen:
                seen.add(b)
                path.append(b)
            else:
                order.append(path.pop())
        return order

    def backward(self):
        """Add d(self)/d(leaf) to the `grad` of every leaf under this node; set that of every node between.

        Leaves accumulate over calls, so zero them before the next step.
        Results are set afresh, so a second call on the same graph does not count them twice.
        The rule is the multivariate chain rule: a parent's gradient is the sum over its uses of
        (local derivative) x (gradient of the result).
        """
        order = self._results_in_order()
        for node in order:
            if node._a is not None:
                node.grad = 0.0
        self.grad += 1.0
        for node in reversed(order):
            a, b, grad = node._a, node._b, node.grad
            if a is not None:
                a.grad += node._da * grad
            if b is not None:
                b.grad += node._db * grad


class _Result(Value):
    """A Value made by an operation: the class names it, the slots hold parents and local derivatives."""

    __slots__ = ()

    def __init__(self, data, a, da, b=None, db=0.0):
        self.data = data
        self.grad = 0.0
        self._a = a
        self._da = da
        self._b = b
        self._db = db


def _operation(symbol):
    return type("Value", (_Result,), {"__slots__": (), "_op": symbol, "__module__": __name__})


_Add, _Sub, _Mul, _Div, _Pow, _Neg = map(_operation, ("+", "-", "*", "/", "**", "neg"))
_ReLU, _Exp, _Log, _Tanh, _Sigmoid = map(_operation, ("ReLU", "exp", "log", "tanh", "sigmoid"))


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
