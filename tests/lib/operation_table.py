"""The one table of operations that drives the tests of both engines.

Value, Tensor and torch.Tensor give an operation the same name, so one `apply` serves all three.
To test a new operation, add a row.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import hypothesis.extra.numpy as hnp
from hypothesis import strategies as st

from backprop_lib import operations

ANY = (-3.0, 3.0)
POSITIVE = (0.2, 3.0)
EDGES = (0.0, 1e-3, -1e-3, 1.0, -1.0, 700.0, -700.0, 1000.0, -1000.0)


def _broadcastable(n):
    shapes = hnp.mutually_broadcastable_shapes(num_shapes=n, min_side=0, max_side=3, max_dims=3)
    return shapes.map(lambda drawn: (drawn.input_shapes, {}))


@st.composite
def _reduced(draw):
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))
    one = st.integers(-len(shape), len(shape) - 1) if shape else st.sampled_from([0, -1])
    some = hnp.valid_tuple_axes(len(shape), min_size=0) if shape else st.just(())
    dim = draw(st.none() | one | some)
    return (shape,), {"dim": dim, "keepdim": draw(st.booleans())}


@st.composite
def _reshaped(draw):
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=1, max_side=3))
    new = draw(st.permutations(shape))
    if draw(st.booleans()):
        new = [*new, 1]
    if new and draw(st.booleans()):
        new[draw(st.integers(0, len(new) - 1))] = -1
    return (shape,), {"shape": tuple(new)}


@st.composite
def _transposed(draw):
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3))
    dims = st.integers(-len(shape), len(shape) - 1) if shape else st.sampled_from([0, -1])
    return (shape,), {"dim0": draw(dims), "dim1": draw(dims)}


@st.composite
def _multiplied(draw):
    side = st.integers(0, 3)
    inner = draw(side)
    left, right = draw(
        hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=2, min_side=0, max_side=3)
    ).input_shapes
    left = (inner,) if draw(st.booleans()) else (*left, draw(side), inner)
    right = (inner,) if draw(st.booleans()) else (*right, inner, draw(side))
    return (left, right), {}


@dataclass(frozen=True)
class Row:
    """An operation: the name in backprop_lib/operations.py, how to apply it, and what to apply it to.

    `domains` holds, for each operand, the range in which finite differences can follow the operation.
    `corners` are operands at the edge of the domain and beyond it.
    `calls` draws (shapes of the operands, options) for tensors.
    `scalar` tells whether Value has the operation.
    """

    name: str
    apply: Callable
    domains: tuple
    corners: tuple = field(default=(), repr=False)
    calls: st.SearchStrategy = field(default=None, repr=False)
    scalar: bool = True

    def __repr__(self):
        return self.name


def _elementwise(name, apply, *domains, corners):
    return Row(name, apply, domains, corners, _broadcastable(len(domains)))


def _structural(name, apply, *domains, calls):
    return Row(name, apply, domains, (), calls, scalar=False)


_ONES = tuple((x,) for x in EDGES)
_PAIRS = tuple((x, y) for x in EDGES for y in EDGES)
_POWERS = (
    *((base, exponent) for base in (0.0, 0.5, 2.0, 1000.0) for exponent in (0.0, 0.5, 1.0, 2.0, 3.0, 100.0)),
    *((base, exponent) for base in (-0.5, -2.0, -1000.0) for exponent in (0.0, 1.0, 2.0, 3.0, -1.0, -2.0)),
    *((base, exponent) for base in (0.5, 2.0) for exponent in (-0.5, -1.0, -100.0)),
)

TABLE = (
    _elementwise("add", lambda a, b: a + b, ANY, ANY, corners=_PAIRS),
    _elementwise("sub", lambda a, b: a - b, ANY, ANY, corners=_PAIRS),
    _elementwise("mul", lambda a, b: a * b, ANY, ANY, corners=_PAIRS),
    _elementwise("div", lambda a, b: a / b, ANY, POSITIVE, corners=tuple(p for p in _PAIRS if p[1] != 0)),
    _elementwise("neg", lambda a: -a, ANY, corners=_ONES),
    _elementwise("pow", lambda a, b: a**b, POSITIVE, ANY, corners=_POWERS),
    _elementwise("exp", lambda a: a.exp(), ANY, corners=tuple(c for c in _ONES if c[0] <= 700)),
    _elementwise(
        "log", lambda a: a.log(), POSITIVE, corners=tuple(c for c in _ONES if c[0] > 0) + ((1e-300,),)
    ),
    _elementwise("tanh", lambda a: a.tanh(), ANY, corners=_ONES),
    _elementwise("sigmoid", lambda a: a.sigmoid(), ANY, corners=_ONES),
    _elementwise("relu", lambda a: a.relu(), POSITIVE, corners=_ONES),
    _structural("sum", lambda a, **options: a.sum(**options), ANY, calls=_reduced()),
    _structural("mean", lambda a, **options: a.mean(**options), ANY, calls=_reduced()),
    _structural("reshape", lambda a, shape: a.reshape(shape), ANY, calls=_reshaped()),
    _structural("transpose", lambda a, **dims: a.transpose(*dims.values()), ANY, calls=_transposed()),
    _structural("matmul", lambda a, b: a @ b, ANY, ANY, calls=_multiplied()),
)

SCALAR_ROWS = [row for row in TABLE if row.scalar]
OPERATIONS = {name: op for name, op in vars(operations).items() if isinstance(op, operations.Operation)}


def numbers(domain):
    """Floats in `domain`."""
    return st.floats(*domain, allow_nan=False)
