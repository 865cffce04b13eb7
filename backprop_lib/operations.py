"""The table of differentiable tensor operations: each forward function beside its vector-Jacobian products.

An operation maps arrays to an array.
Its vector-Jacobian products (VJPs), one for each differentiable input, map the gradient `g` of the result
to the gradient of that input: they are called as `vjp(g, out, *inputs, **options)`.
A VJP of a broadcasting operation may return the broadcast shape: the engine sums it back to the input's.

To add an operation, add one entry here, a method in `tensor.py` and a row in `tests/lib/operation_table.py`.
"""

import numpy as np


class Operation:
    """A differentiable function of arrays: its name, its forward function and one VJP for each input.

    `expects` completes the error message "NAME cannot take shapes ...: ".
    """

    __slots__ = ("expects", "forward", "name", "vjps")

    def __init__(self, name, forward, *vjps, expects="aligned from the right, lengths must be equal or 1"):
        self.name = name
        self.forward = forward
        self.vjps = vjps
        self.expects = expects

    def __repr__(self):
        return f"<operation {self.name}>"


# ---- arithmetic, with broadcasting ----

add = Operation("add", np.add, lambda g, out, a, b: g, lambda g, out, a, b: g)
sub = Operation("sub", np.subtract, lambda g, out, a, b: g, lambda g, out, a, b: -g)
mul = Operation("mul", np.multiply, lambda g, out, a, b: g * b, lambda g, out, a, b: g * a)
div = Operation("div", np.true_divide, lambda g, out, a, b: g / b, lambda g, out, a, b: -g * out / b)
neg = Operation("neg", np.negative, lambda g, out, a: -g)
pow = Operation(
    "pow",
    np.power,
    lambda g, out, a, b: _pow_base(g, a, b),
    lambda g, out, a, b: _pow_exponent(g, out, a, b),
    expects="lengths, from the right, must be equal or 1; negative powers of whole numbers need floats",
)

# ---- elementwise ----

exp = Operation("exp", np.exp, lambda g, out, a: g * out)
log = Operation("log", np.log, lambda g, out, a: g / a)
tanh = Operation("tanh", np.tanh, lambda g, out, a: g * (1 - out * out))
# The slope sigma(a) * sigma(-a) keeps digits that 1 - sigma(a) would lose; exp may overflow, as 1 / inf = 0.
sigmoid = Operation("sigmoid", lambda a: 1 / (1 + np.exp(-a)), lambda g, out, a: g * (out / (1 + np.exp(a))))
relu = Operation("relu", lambda a: np.maximum(a, 0), lambda g, out, a: np.where(a <= 0, 0, g))

# ---- reductions over `dim` (None: all, an int, or a tuple of ints) ----

sum = Operation(
    "sum",
    lambda a, dim=None, keepdim=False: a.sum(axis=dim, keepdims=keepdim),
    lambda g, out, a, dim=None, keepdim=False: _spread(g, a, dim, keepdim),
    expects="each dimension may be named once",
)
mean = Operation(
    "mean",
    lambda a, dim=None, keepdim=False: _mean(a, dim, keepdim),
    lambda g, out, a, dim=None, keepdim=False: _spread(g, a, dim, keepdim) * (out.size / max(a.size, 1)),
    expects="each dimension may be named once",
)

# ---- shape ----

reshape = Operation(
    "reshape",
    lambda a, shape: a.reshape(shape),
    lambda g, out, a, shape: g.reshape(a.shape),
    expects="the number of elements must stay the same, and at most one length may be -1",
)
transpose = Operation(
    "transpose",
    lambda a, dim0, dim1: a.swapaxes(dim0, dim1) if a.ndim else a,
    lambda g, out, a, dim0, dim1: g.swapaxes(dim0, dim1) if a.ndim else g,
)

# ---- linear algebra ----

matmul = Operation(
    "matmul",
    np.matmul,
    lambda g, out, a, b: _matmul_left(g, a, b),
    lambda g, out, a, b: _matmul_right(g, a, b),
    expects="the last dimension of the left must equal the last but one of the right, or its only one",
)


def unbroadcast(g, shape):
    """Sum `g` back to `shape`: what broadcasting has copied collects the gradients of all its copies."""
    if g.shape == shape:
        return g
    extra = g.ndim - len(shape)
    stretched = tuple(extra + i for i, n in enumerate(shape) if n == 1 and g.shape[extra + i] != 1)
    return g.sum((*range(extra), *stretched), keepdims=True).reshape(shape)


def _mean(a, dim, keepdim):
    """The mean; nan where there is nothing to average (np.mean would also warn)."""
    total = a.sum(axis=dim, keepdims=keepdim)
    return total / (a.size / total.size) if total.size else total


def _spread(g, a, dim, keepdim):
    """The gradient of a sum: every summand gets the whole of it, so copy `g` along the summed dimensions."""
    if not keepdim:
        dims = range(a.ndim) if dim is None else (dim,) if isinstance(dim, int) else dim
        summed = {d % a.ndim for d in dims} if a.ndim else set()
        g = g.reshape(tuple(1 if i in summed else n for i, n in enumerate(a.shape)))
    return np.broadcast_to(g, a.shape)


def _pow_base(g, a, b):
    """g * b * a**(b - 1), but 0 where the exponent is 0, whatever the base."""
    if np.isscalar(b) and b != 0:
        return g * (b * a ** (b - 1))
    return np.where(b == 0, 0, g * (b * np.power(a, np.where(b == 0, 1, b - 1))))


def _pow_exponent(g, out, a, b):
    """g * a**b * log(a), but 0 where 0 is raised to 0 or more: its logarithm does not matter there."""
    return g * np.where((a == 0) & (b >= 0), 0, out * np.log(a))


def _matmul_left(g, a, b):
    """The gradient of `a` in a @ b: G B^T for matrices; a 1-D left operand is a row, a right one a column."""
    if b.ndim == 1:
        return g[..., None] * b
    if a.ndim == 1:
        return (g[..., None, :] @ b.swapaxes(-1, -2))[..., 0, :]
    return g @ b.swapaxes(-1, -2)


def _matmul_right(g, a, b):
    """The gradient of `b` in a @ b: A^T G for matrices."""
    if a.ndim == 1:
        return a[:, None] * g[..., None, :] if b.ndim > 1 else g * a
    if b.ndim == 1:
        return (a.swapaxes(-1, -2) @ g[..., None])[..., 0]
    return a.swapaxes(-1, -2) @ g
