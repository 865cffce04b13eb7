"""What backprop_lib.scalar promises; the oracles are PyTorch in float64, micrograd, central differences."""

import gc
import math
import operator
import subprocess
import sys
import tracemalloc
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import micrograd.engine
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from backprop_lib.scalar import Value, dot, total
from tests.lib.operation_table import ANY, SCALAR_ROWS, numbers

ROOT = Path(__file__).parents[2]
INFIX = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]


def sum_of_products(ws, xs, bias=0.0):
    """The plain form of `dot`, for Values, Tensors and numbers."""
    return bias + sum(w * x for w, x in zip(ws, xs, strict=True))


def n_ary(name, count, ours, plain):
    """A row of the table for a function on `count` numbers: `ours` on Values, `plain` on Tensors."""

    def apply(*operands):
        return (ours if isinstance(operands[0], Value) else plain)(*operands)

    return SimpleNamespace(name=name, apply=apply, domains=(ANY,) * count)


N_ARY_ROWS = [
    n_ary("dot", 4, lambda *v: dot(v[:2], v[2:]), lambda *v: sum_of_products(v[:2], v[2:])),
    n_ary(
        "dot_bias", 5, lambda *v: dot(v[:2], v[2:4], v[4]), lambda *v: sum_of_products(v[:2], v[2:4], v[4])
    ),
    n_ary("total", 3, lambda *v: total(v), lambda *v: sum(v)),
]
ALL_ROWS = [*SCALAR_ROWS, *N_ARY_ROWS]
rows = pytest.mark.parametrize("row", SCALAR_ROWS, ids=repr)
infix = pytest.mark.parametrize("symbol", INFIX, ids=lambda symbol: symbol.__name__)


def torch_leaf(x):
    return torch.tensor(float(x), dtype=torch.float64, requires_grad=True)


def close(x):
    return pytest.approx(x, rel=1e-9, abs=1e-12, nan_ok=True)


def agrees_with_torch(function, *inputs, torch_function=None):
    """`function` has the value and the gradients that torch gives it at `inputs`."""
    ours, theirs = [Value(x) for x in inputs], [torch_leaf(x) for x in inputs]
    out, expected = function(*ours), (torch_function or function)(*theirs)
    assert isinstance(out, Value)
    out.backward()
    expected.backward()
    assert out.data == close(expected.item())
    assert [v.grad for v in ours] == close([0.0 if t.grad is None else t.grad.item() for t in theirs])


def central_differences(function, inputs, eps=1e-6):
    def at(i, step):
        return function(*[Value(x + step * (i == k)) for k, x in enumerate(inputs)]).data

    return [(at(i, eps) - at(i, -eps)) / (2 * eps) for i in range(len(inputs))]


class TestOperations:
    @rows
    @given(st.data())
    def test_value_and_gradients_are_those_of_torch(self, row, data):
        agrees_with_torch(row.apply, *[data.draw(numbers(domain)) for domain in row.domains])

    @pytest.mark.parametrize(
        ("row", "corner"),
        [pytest.param(row, corner, id=f"{row}{corner}") for row in SCALAR_ROWS for corner in row.corners],
    )
    def test_corner_cases_are_those_of_torch(self, row, corner):
        agrees_with_torch(row.apply, *corner)

    @rows
    @given(st.data())
    def test_gradients_are_central_differences(self, row, data):
        inputs = [data.draw(numbers(domain)) for domain in row.domains]
        leaves = [Value(x) for x in inputs]
        row.apply(*leaves).backward()
        expected = central_differences(row.apply, inputs)
        assert [v.grad for v in leaves] == pytest.approx(expected, rel=1e-5, abs=1e-6)

    @rows
    def test_a_value_used_in_every_place_collects_every_share(self, row):
        agrees_with_torch(lambda x: row.apply(*[x] * len(row.domains)), 1.3)

    @infix
    @pytest.mark.parametrize(
        "number", [2, -0.5, True, Fraction(1, 2), np.float64(2), np.float32(0.5), np.int64(3)], ids=repr
    )
    def test_a_number_may_stand_on_either_side(self, symbol, number):
        same = float(number)
        agrees_with_torch(lambda x: symbol(x, number), 1.7, torch_function=lambda x: symbol(x, same))
        if symbol is not operator.pow or same > 0:
            agrees_with_torch(lambda x: symbol(number, x), 1.7, torch_function=lambda x: symbol(same, x))

    @pytest.mark.parametrize(
        ("base", "exponent"),
        [(base, exponent) for base in (0.5, 2.0, -2.0) for exponent in (0, 1, 2, 3, -1, -2.0)]
        + [(0.0, exponent) for exponent in (0, 1, 2)],
    )
    def test_a_number_may_be_the_exponent_or_the_base(self, base, exponent):
        agrees_with_torch(lambda x: x**exponent, base)
        agrees_with_torch(lambda x: base**x, float(exponent))

    def test_the_root_of_zero_is_infinitely_steep(self):
        agrees_with_torch(lambda x: x**0.5, 0.0)

    @pytest.mark.parametrize("x", [math.inf, -math.inf, math.nan])
    @pytest.mark.parametrize("row", [row for row in SCALAR_ROWS if row.name not in ("log", "pow")], ids=repr)
    def test_inf_and_nan_propagate(self, row, x):
        agrees_with_torch(row.apply, *[x, 2.0][: len(row.domains)])

    def test_sum_starts_from_the_number_zero(self):
        agrees_with_torch(lambda *xs: sum(xs), 1.0, 2.0, 3.0)


class TestManyOperands:
    @pytest.mark.parametrize("row", N_ARY_ROWS, ids=lambda row: row.name)
    @given(st.data())
    def test_value_and_gradients_are_those_of_torch(self, row, data):
        agrees_with_torch(row.apply, *[data.draw(numbers(domain)) for domain in row.domains])

    @pytest.mark.parametrize("row", N_ARY_ROWS, ids=lambda row: row.name)
    def test_a_value_used_in_every_place_collects_every_share(self, row):
        agrees_with_torch(lambda x: row.apply(*[x] * len(row.domains)), 1.3)

    @given(st.lists(st.tuples(numbers(ANY), numbers(ANY)), min_size=1, max_size=20), numbers(ANY))
    def test_a_dot_product_is_that_of_micrograd(self, pairs, bias):
        def gradients(value, product):
            ws, xs, b = [value(w) for w, _ in pairs], [value(x) for _, x in pairs], value(bias)
            out = product(ws, xs, b)
            out.backward()
            return [out.data, *[v.grad for v in (*ws, *xs, b)]]

        assert gradients(Value, dot) == close(gradients(micrograd.engine.Value, sum_of_products))

    @pytest.mark.parametrize(
        "number", [2, 0.5, True, Fraction(1, 2), np.float64(2), np.float32(0.5)], ids=repr
    )
    def test_numbers_may_stand_among_the_values(self, number):
        same = float(number)
        for ours, plain in [
            (lambda x: dot([x, number], [number, x], number), lambda x: 2 * same * x + same),
            (lambda x: dot([number, number], [x, 1], x), lambda x: (same + 1) * x + same),
            (lambda x: total([number, x, number]), lambda x: x + 2 * same),
        ]:
            agrees_with_torch(ours, 1.7, torch_function=plain)

    def test_of_numbers_alone_and_of_nothing(self):
        for out, expected in [
            (dot([1, 2], [3, 4], 5), 16.0),
            (dot([], []), 0.0),
            (total([1, 2]), 3.0),
            (total([]), 0.0),
            (total(Value(i) for i in range(3)), 3.0),
        ]:
            out.backward()
            assert (type(out), type(out.data), out.data, out.grad) == (Value, float, expected, 1.0)

    def test_it_is_one_node_that_names_its_parents(self):
        ws, xs, b = [Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)], Value(5.0)
        product, total_of_xs = dot(ws, xs, b), total(xs)
        assert (product._op, product._prev) == ("dot", (*ws, *xs, b))
        assert (total_of_xs._op, total_of_xs._prev) == ("+", tuple(xs))
        assert len(product._results_in_order()) == len(total_of_xs._results_in_order()) == 1

    def test_results_do_not_double_on_a_second_call(self):
        a = Value(3.0)
        b = a * 2
        c = dot([b, b], [b, a], total([b, a]))  # 4 a**2 + 2 a**2 + 2 a + a
        for calls in (1, 2, 3):
            c.backward()
            assert (c.grad, b.grad, a.grad) == (1.0, 16.0, 39.0 * calls)


@st.composite
def programs(draw, candidates):
    """A random expression with shared parts: (number of leaves, steps); a step is (row, earlier operands)."""
    leaves = draw(st.integers(1, 3))
    steps = []
    for at in range(leaves, leaves + draw(st.integers(1, 12))):
        row = draw(st.sampled_from(candidates))
        steps.append((row, [draw(st.integers(0, at - 1)) for _ in row.domains]))
    return leaves, steps


def run(steps, leaves):
    """The last result; every operand is first squashed into its operation's domain."""
    nodes = list(leaves)
    for row, operands in steps:
        fitted = [
            nodes[i].tanh() * ((high - low) / 2) + (high + low) / 2
            for i, (low, high) in zip(operands, row.domains, strict=True)
        ]
        nodes.append(row.apply(*fitted))
    return nodes[-1]


class TestExpressions:
    @given(programs(ALL_ROWS), st.data())
    def test_random_expressions_agree_with_torch_and_central_differences(self, program, data):
        count, steps = program
        inputs = [data.draw(numbers(ANY)) for _ in range(count)]
        agrees_with_torch(lambda *leaves: run(steps, leaves), *inputs)
        leaves = [Value(x) for x in inputs]
        run(steps, leaves).backward()
        expected = central_differences(lambda *leaves: run(steps, leaves), inputs)
        assert [v.grad for v in leaves] == pytest.approx(expected, rel=1e-4, abs=1e-5)

    @given(programs(ALL_ROWS), st.data())
    def test_every_node_between_has_the_gradient_of_torch(self, program, data):
        count, steps = program
        inputs = [data.draw(numbers(ANY)) for _ in range(count)]
        ours, theirs = [Value(x) for x in inputs], [torch_leaf(x) for x in inputs]
        middle, torch_middle = run(steps, ours), run(steps, theirs)
        (middle.tanh() * middle + middle).backward()
        torch_middle.retain_grad()
        (torch_middle.tanh() * torch_middle + torch_middle).backward()
        assert middle.grad == close(torch_middle.grad.item())

    def test_a_graph_is_that_of_its_recorded_values(self):
        a, b = Value(2.0), Value(3.0)
        y = dot([a], [b]) + a * b
        a.data = b.data = 100.0
        y.backward()
        assert (a.grad, b.grad) == (6.0, 4.0)

    def test_the_example_of_micrograds_readme(self):
        def example(lib):
            a, b = lib.Value(-4.0), lib.Value(2.0)
            c = a + b
            d = a * b + b**3
            c = c + c + 1
            c = c + 1 + c + (-a)
            d = d + d * 2 + (b + a).relu()
            d = d + 3 * d + (b - a).relu()
            e = c - d
            f = e**2
            g = f / 2.0
            g = g + 10.0 / f
            g.backward()
            return g.data, a.grad, b.grad

        import backprop_lib.scalar

        expected = example(micrograd.engine)
        assert [f"{x:.4f}" for x in expected] == ["24.7041", "138.8338", "645.5773"]
        assert example(backprop_lib.scalar) == close(expected)


class TestAccumulation:
    def test_leaves_accumulate_over_calls(self):
        a = Value(3.0)
        for calls in (1, 2, 3):
            (a * a).backward()
            assert a.grad == 6.0 * calls

    def test_results_do_not_double_on_a_second_call(self):
        a = Value(3.0)
        b = a * 2
        c = b * b
        for calls in (1, 2, 3):
            c.backward()
            assert (c.grad, b.grad, a.grad) == (1.0, 12.0, 24.0 * calls)

    def test_two_roots_that_share_nodes_add_up_in_the_leaves_only(self):
        a = Value(2.0)
        shared = a * a
        first, second = shared * 3, shared + a
        first.backward()
        assert (shared.grad, a.grad) == (3.0, 12.0)
        second.backward()
        assert (shared.grad, a.grad) == (1.0, 12.0 + 5.0)

    def test_a_root_may_be_part_of_a_later_graph(self):
        a = Value(2.0)
        b = a * a
        b.backward()
        (b * 5).backward()
        assert (b.grad, a.grad) == (5.0, 4.0 + 20.0)

    def test_a_leaf_is_its_own_root(self):
        a = Value(2.0)
        a.backward()
        a.backward()
        assert a.grad == 2.0

    def test_values_outside_the_graph_keep_their_gradients(self):
        a, outside = Value(2.0), Value(1.0)
        outside.grad = 7.0
        (a * 2).backward()
        assert outside.grad == 7.0

    def test_the_gradient_is_zero_before_and_a_float_after(self):
        a = Value(2)
        b = a * 3
        assert (a.grad, b.grad) == (0.0, 0.0)
        b.backward()
        assert [type(x) for x in (a.data, a.grad, b.data, b.grad)] == [float] * 4

    def test_a_diamond_is_passed_once(self):
        x = y = Value(1.0)
        for _ in range(16):  # 2**16 paths lead to x
            y = y + (y + 1)
        assert len(y._results_in_order()) == 32
        y.backward()
        assert x.grad == 2.0**16


class TestNumbers:
    @pytest.mark.parametrize(
        "compare", [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge]
    )
    @pytest.mark.parametrize("other", [1, 2, 2.0, 3.5, math.nan, np.float64(2), np.float32(3)], ids=repr)
    def test_comparisons_are_those_of_the_numbers(self, compare, other):
        assert bool(compare(Value(2.0), other)) is bool(compare(2.0, other))
        assert bool(compare(other, Value(2.0))) is bool(compare(other, 2.0))
        if isinstance(other, float):
            assert compare(Value(2.0), Value(other)) is bool(compare(2.0, other))

    def test_a_value_equals_no_other_kind_of_thing(self):
        assert Value(2.0) != "2"
        assert Value(0.0) != None  # noqa: E711

    def test_equal_values_are_two_members_of_a_set_and_two_keys(self):
        a, b = Value(1.0), Value(1.0)
        assert a == b
        assert len({a, b}) == 2
        assert {a: "a", b: "b"}[b] == "b"
        assert a in {a}
        assert hash(a) != hash(b)

    def test_conversion_and_order(self):
        assert float(Value(2)) == 2.0
        assert type(float(Value(2) * 3)) is float
        assert max([Value(1.0), Value(3.0), Value(2.0)]).data == 3.0
        assert math.floor(float(Value(2.5))) == 2

    @pytest.mark.parametrize(
        "number", [2, True, Fraction(5, 2), np.float32(2.5), np.int64(3), math.inf], ids=repr
    )
    def test_data_is_a_float(self, number):
        assert type(Value(number).data) is float
        assert Value(number).data == float(number)

    def test_the_printed_form_names_data_and_gradient(self):
        a = Value(-4)
        assert repr(a) == "Value(data=-4.0, grad=0.0)"
        assert repr(a * 2) == "Value(data=-8.0, grad=0.0)"

    def test_a_result_names_its_operation_and_parents(self):
        a, b = Value(2.0), Value(3.0)
        assert (a._op, a._prev) == ("", ())
        assert ((a * b)._op, (a * b)._prev) == ("*", (a, b))
        results = [a + b, a - b, a / b, a**b, -a, a.relu(), a.exp(), a.log(), a.tanh(), a.sigmoid()]
        assert [r._op for r in results] == [
            "+",
            "-",
            "/",
            "**",
            "neg",
            "ReLU",
            "exp",
            "log",
            "tanh",
            "sigmoid",
        ]
        assert all(r._prev == ((a, b) if i < 4 else (a,)) for i, r in enumerate(results))


two = Value(2.0)
ERRORS = [
    # what is called, the exception, what its message says: what was given, what is wanted
    (lambda: Value("3"), TypeError, ["Value(data)", "'3'", "str", "real number"]),
    (lambda: Value(None), TypeError, ["None", "NoneType", "real number"]),
    (lambda: Value(1j), TypeError, ["1j", "complex", "real number"]),
    (lambda: Value([1.0]), TypeError, ["[1.0]", "list", "real number"]),
    (lambda: Value(two), TypeError, ["Value(data=2.0", "real number"]),
    (lambda: two + "3", TypeError, ["Value + other", "'3'", "str", "real number"]),
    (lambda: "3" + two, TypeError, ["str"]),
    (lambda: two - None, TypeError, ["Value - other", "None", "real number"]),
    (lambda: None - two, TypeError, ["other - Value", "None", "real number"]),
    (lambda: two * [1], TypeError, ["Value * other", "[1]", "list", "real number"]),
    (lambda: [1] * two, TypeError, ["Value * other", "[1]", "list", "real number"]),
    (lambda: np.ones(2) * two, TypeError, ["Value * other", "ndarray", "real number"]),
    (lambda: two / "3", TypeError, ["Value / other", "'3'", "real number"]),
    (lambda: "3" / two, TypeError, ["other / Value", "'3'", "real number"]),
    (lambda: two ** "3", TypeError, ["Value ** other", "'3'", "real number"]),
    (lambda: "3" ** two, TypeError, ["other ** Value", "'3'", "real number"]),
    (lambda: two < "3", TypeError, ["<", "float", "str"]),
    (lambda: Value(0.0).log(), ValueError, ["log", "positive", "0.0"]),
    (lambda: Value(-1.5).log(), ValueError, ["log", "positive", "-1.5"]),
    (lambda: Value(-8.0) ** (1 / 3), ValueError, ["-8.0", "0.333", "not a real number", "whole exponent"]),
    (lambda: Value(-8.0) ** Value(0.5), ValueError, ["-8.0", "0.5", "not a real number"]),
    (lambda: (-8.0) ** Value(0.5), ValueError, ["-8.0", "0.5", "not a real number"]),
    (lambda: two / 0, ZeroDivisionError, ["division by zero"]),
    (lambda: two / Value(0.0), ZeroDivisionError, ["division by zero"]),
    (lambda: 1 / Value(0.0), ZeroDivisionError, ["division by zero"]),
    (lambda: Value(0.0) ** -1, ZeroDivisionError, ["0.0", "negative power"]),
    (lambda: Value(1000.0).exp(), OverflowError, ["range"]),
    (lambda: dot([two], [two, two]), ValueError, ["as many xs as ws", "1 ws", "2 xs"]),
    (lambda: dot([two], ["3"]), TypeError, ["'3'", "str", "real number"]),
    (lambda: dot([None], [two]), TypeError, ["None", "real number"]),
    (lambda: dot([two], [two], "3"), TypeError, ["'3'", "str", "real number"]),
    (lambda: total([two, [1]]), TypeError, ["[1]", "list", "real number"]),
]


@pytest.mark.parametrize(("call", "exception", "words"), ERRORS, ids=range(len(ERRORS)))
def test_a_mistake_is_refused_in_words(call, exception, words):
    with pytest.raises(exception) as caught:
        call()
    assert caught.type is exception
    assert [word for word in words if word not in str(caught.value)] == []


class TestScale:
    def test_depth_is_not_bounded_by_the_recursion_limit(self):
        x = y = Value(1.0)
        for _ in range(100_000):
            y = y * 1.0 + 0.5
        y.backward()
        assert (y.data, x.grad) == (50_001.0, 1.0)
        del y  # nor is taking the graph apart

    @pytest.mark.parametrize(
        "step",
        [
            lambda y: y + y,
            lambda y: y.tanh(),
            lambda y: dot([y, y], [y, 0.5], y),
            lambda y: total([y, y, 1]),
            lambda y: y / y,
        ],
        ids=["binary", "unary", "dot", "total", "div"],
    )
    def test_long_chains_of_each_kind_of_node_come_and_go(self, step):
        y = Value(0.5)
        for _ in range(100_000):
            y = step(y)
            y.data = 0.5
        y.backward()
        assert len(y._results_in_order()) == 100_000
        gc.disable()
        try:
            del y
            assert gc.collect() == 0
        finally:
            gc.enable()

    def test_a_graph_is_freed_without_the_garbage_collector(self):
        def nodes():
            return sum(issubclass(type(x), Value) for x in gc.get_objects())

        a = Value(0.5)
        gc.collect()
        gc.disable()
        try:
            before = nodes()
            y = a
            for row in ALL_ROWS * 5:
                y = row.apply(*[y.sigmoid() + 1] * len(row.domains))
            y.backward()
            assert nodes() >= before + 100
            del y
            assert nodes() == before
            assert gc.collect() == 0
        finally:
            gc.enable()

    def test_a_node_takes_at_most_128_bytes_after_forward_and_backward(self):
        count = 20_000
        w = Value(0.999)
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            y = w
            for _ in range(count // 2):
                y = y * w + w
            y.backward()
            after = tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()
        assert (after - before) // count <= 128  # in whole bytes, since the measurement itself takes some

    def test_the_module_loads_without_numpy(self):
        code = "import sys, backprop_lib.scalar, backprop_lib.scalar_nn; sys.exit('numpy' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
