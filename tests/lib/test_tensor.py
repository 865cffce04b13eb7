"""What backprop_lib.tensor promises; PyTorch is the oracle."""

import contextlib
import gc
import itertools
import math
import operator
import tracemalloc

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import backprop_lib as bp
from backprop_lib.core import differentiable
from backprop_lib.graph import Node
from backprop_lib.tensor import Tensor
from tests.lib.operation_table import ANY, TABLE

FLOATS = {np.float32: torch.float32, np.float64: torch.float64}
TOLERANCE = {
    np.dtype(np.float32): {"rtol": 1e-4, "atol": 1e-4},
    np.dtype(np.float64): {"rtol": 1e-9, "atol": 1e-12},
}
HARD = [0.0, -0.0, 1.0, -1.0, 2.0, 0.5, -2.5, 1e-40, 1e4, -1e4, 710.0, 1e30, math.inf, -math.inf, math.nan]

few = settings(max_examples=25)  # there are many rows, and test_torch_samples.py has many samples for each
every_row = pytest.mark.parametrize("row", TABLE, ids=repr)
elementwise = pytest.mark.parametrize("row", [row for row in TABLE if row.elementwise], ids=repr)
float_dtypes = pytest.mark.parametrize("dtype", FLOATS, ids=lambda dtype: dtype.__name__)


def array(shape, domain=ANY, seed=0, dtype=np.float64):
    return np.asarray(np.random.default_rng(seed).uniform(*domain, shape), dtype)


def leaf(numbers, dtype=np.float64):
    return bp.tensor(np.asarray(numbers, dtype), requires_grad=True)


def torch_leaf(numbers):
    return torch.tensor(np.array(numbers, order="C"), requires_grad=True)


def same(ours, theirs):
    """Equal in shape, dtype and numbers to a torch tensor."""
    theirs = theirs.detach().numpy()
    assert isinstance(ours, Tensor)
    assert isinstance(ours.array, np.ndarray)
    assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
    np.testing.assert_allclose(ours.array, theirs, **TOLERANCE.get(theirs.dtype, {}))


def agrees_with_torch(function, *arrays, torch_function=None):
    """`function` has the result and the gradients that torch gives it; each element has its own weight."""
    ours, theirs = [Tensor(a, requires_grad=True) for a in arrays], [torch_leaf(a) for a in arrays]
    out, expected = function(*ours), (torch_function or function)(*theirs)
    same(out, expected)
    weights = array(out.shape, seed=9, dtype=out.dtype)
    out.backward(weights)
    expected.backward(torch.tensor(weights))
    for mine, other in zip(ours, theirs, strict=True):
        same(mine.grad, other.grad)
        assert mine.grad.array.flags.writeable


@st.composite
def calls(draw, row, dtype=np.float64):
    """Arrays for the row's operands, and options."""
    shapes, options = draw(row.calls)
    seed = draw(st.integers(0, 1000))
    return [
        array(s, d, seed + i, dtype) for i, (s, d) in enumerate(zip(shapes, row.domains, strict=True))
    ], options


class TestOperations:
    @every_row
    @float_dtypes
    @few
    @given(st.data())
    def test_result_and_gradients_are_those_of_torch(self, row, dtype, data):
        arrays, options = data.draw(calls(row, dtype))
        agrees_with_torch(lambda *xs: row.apply(*xs, **options), *arrays)

    @pytest.mark.filterwarnings("error")
    @elementwise
    @float_dtypes
    def test_hard_numbers_propagate_as_in_torch(self, row, dtype):
        with np.errstate(all="ignore"):
            cases = np.array(list(itertools.product(HARD, repeat=len(row.domains)))).astype(dtype).T.copy()
        agrees_with_torch(row.apply, *cases)

    @elementwise
    def test_corner_cases_are_those_of_torch(self, row):
        agrees_with_torch(row.apply, *np.array(row.corners).T.copy())

    @elementwise
    def test_the_gradient_of_an_infinite_loss_is_that_of_torch(self, row):
        operands = [np.array([-2.0, 0.0, 2.0])] * len(row.domains)
        ours, theirs = [leaf(a) for a in operands], [torch_leaf(a) for a in operands]
        row.apply(*ours).backward(np.full(3, math.inf))
        row.apply(*theirs).backward(torch.full((3,), math.inf, dtype=torch.float64))
        for mine, other in zip(ours, theirs, strict=True):
            same(mine.grad, other.grad)

    @every_row
    @few
    @given(st.data())
    def test_gradients_are_central_differences(self, row, data):
        arrays, options = data.draw(calls(row))
        assume(sum(a.size for a in arrays) <= 30)
        assert bp.gradcheck.gradcheck(lambda *xs: row.apply(*xs, **options), [leaf(a) for a in arrays])

    @every_row
    @few
    @given(st.data())
    def test_strides_do_not_matter(self, row, data):
        arrays, options = data.draw(calls(row))
        strided = [np.repeat(a, 2, axis=0)[::2][::-1] if a.ndim else a for a in arrays]
        if data.draw(st.booleans()):
            strided = [np.asfortranarray(a) if a.ndim else a for a in strided]
        agrees_with_torch(lambda *xs: row.apply(*xs, **options), *strided)

    @every_row
    @few
    @given(st.data())
    def test_backward_is_linear_in_the_gradient(self, row, data):
        arrays, options = data.draw(calls(row))
        leaves = [leaf(a) for a in arrays]
        out = row.apply(*leaves, **options)

        def gradients(g):
            for x in leaves:
                x.grad = None
            out.backward(g, retain_graph=True)
            return [x.grad.array for x in leaves]

        g, h = array(out.shape, seed=1), array(out.shape, seed=2)
        for both, one, other in zip(gradients(2 * g - h), gradients(g), gradients(h), strict=True):
            np.testing.assert_allclose(both, 2 * one - other, rtol=1e-9, atol=1e-9)

    @given(st.data())
    def test_broadcasting_is_explicit_expansion(self, data):
        row = data.draw(st.sampled_from([row for row in TABLE if row.elementwise and len(row.domains) == 2]))
        (a, b), _ = data.draw(calls(row))
        shape = np.broadcast_shapes(a.shape, b.shape)
        small, large = [leaf(a), leaf(b)], [leaf(np.broadcast_to(x, shape)) for x in (a, b)]
        out, expanded = row.apply(*small), row.apply(*large)
        assert np.array_equal(out.array, expanded.array)
        g = array(shape)
        out.backward(g)
        expanded.backward(g)
        for x, full in zip(small, large, strict=True):
            lead = full.ndim - x.ndim
            copied = tuple(range(lead)) + tuple(lead + i for i, n in enumerate(x.shape) if n == 1)
            np.testing.assert_allclose(
                x.grad.array,
                full.grad.array.sum(copied, keepdims=True).reshape(x.shape),
                rtol=1e-9,
                atol=1e-9,
            )

    @elementwise
    @given(st.data())
    def test_permuting_the_elements_permutes_the_gradients(self, row, data):
        n = data.draw(st.integers(1, 6))
        order = data.draw(st.permutations(range(n)))
        operands = [array(n, domain, i) for i, domain in enumerate(row.domains)]
        straight, permuted = [leaf(a) for a in operands], [leaf(a[order]) for a in operands]
        row.apply(*straight).sum().backward()
        row.apply(*permuted).sum().backward()
        for x, y in zip(straight, permuted, strict=True):
            np.testing.assert_array_equal(x.grad.array[order], y.grad.array)

    @elementwise
    @pytest.mark.parametrize(
        "outer", [row for row in TABLE if len(row.domains) == 1 and row.elementwise], ids=repr
    )
    def test_the_chain_rule(self, row, outer):
        inner = [leaf(array(4, (0.5, 1.5), i)) for i in range(len(row.domains))]
        middle = row.apply(*inner)
        middle = middle * middle + 0.1
        outer.apply(middle).sum().backward()

        cut = leaf(middle.array)
        outer.apply(cut).sum().backward()
        again = [leaf(x.array) for x in inner]
        middle = row.apply(*again)
        (middle * middle + 0.1).backward(cut.grad)
        for x, y in zip(inner, again, strict=True):
            np.testing.assert_allclose(x.grad.array, y.grad.array, rtol=1e-12)

    @every_row
    def test_one_tensor_in_every_place_collects_every_share(self, row):
        agrees_with_torch(
            lambda x: row.apply(*[x] * len(row.domains), **row.example), array((3, 3), (0.5, 1.5))
        )

    @every_row
    def test_only_inputs_that_require_a_gradient_get_one(self, row):
        for wanted in itertools.product([True, False], repeat=len(row.domains)):
            inputs = [Tensor(array((3, 3), (0.5, 1.5)), requires_grad=w) for w in wanted]
            out = row.apply(*inputs, **row.example)
            assert (out.requires_grad, out.is_leaf) == (any(wanted), not any(wanted))
            if out.requires_grad:
                out.sum().backward()
            assert tuple(x.grad is not None for x in inputs) == wanted

    def test_a_new_operation_needs_only_its_entry(self):
        @differentiable(lambda g, a: g * 2 * a, registered=False)
        def square(a):
            return np.square(a)

        x = leaf([1.0, -3.0])
        out = square(x)
        assert repr(out) == "tensor([1., 9.], dtype=float64, grad_fn=<square>)"
        out.sum().backward()
        assert x.grad.tolist() == [2.0, -6.0]


INFIX = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]
infix = pytest.mark.parametrize("symbol", INFIX, ids=lambda symbol: symbol.__name__)
SAMPLES = {
    "float32": [[1.5, 2.5]],
    "float64": [[1.5, 2.5]],
    "int64": [[1, 2]],
    "bool": [[True, False]],
    "float32 0-d": 1.5,
    "float64 0-d": 1.5,
    "int64 0-d": 2,
    "bool 0-d": True,
}


def sample(lib, name):
    return lib.tensor(SAMPLES[name], dtype=getattr(torch if lib is torch else np, name.split()[0]))


class TestDtypes:
    @infix
    @pytest.mark.parametrize("left", SAMPLES)
    @pytest.mark.parametrize("right", SAMPLES)
    def test_two_tensors_promote_as_in_torch(self, symbol, left, right):
        try:
            expected = symbol(sample(torch, left), sample(torch, right))
        except (RuntimeError, NotImplementedError):
            assert "bool" in left + right  # torch has no difference and no power of truth values
            return
        same(symbol(sample(bp, left), sample(bp, right)), expected)

    @infix
    @pytest.mark.parametrize("name", [name for name in SAMPLES if "bool" not in name])
    @pytest.mark.parametrize(
        "number", [2, 2.5, np.float32(2), np.float64(2), np.int64(2)], ids=lambda x: f"{type(x).__name__} {x}"
    )
    def test_a_number_promotes_as_in_torch(self, symbol, name, number):
        plain = number.item() if isinstance(number, np.generic) else number
        same(symbol(sample(bp, name), number), symbol(sample(torch, name), plain))
        same(symbol(number, sample(bp, name)), symbol(plain, sample(torch, name)))

    @pytest.mark.parametrize("method", ["exp", "log", "tanh", "sigmoid"])
    def test_whole_numbers_become_float32(self, method):
        same(getattr(bp.tensor([1, 2, 3]), method)(), getattr(torch.tensor([1, 2, 3]), method)())

    @pytest.mark.parametrize("name", SAMPLES)
    def test_sums_promote_as_in_torch(self, name):
        same(sample(bp, name).sum(), sample(torch, name).sum())

    @pytest.mark.parametrize(
        "data",
        [1, 1.5, True, [1, 2], [1, 2.5], [[True], [False]], [], [[], []], 10**12, [math.inf, math.nan]],
        ids=str,
    )
    def test_python_data_has_the_dtype_of_torch(self, data):
        same(bp.tensor(data), torch.tensor(data))

    @pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.bool_])
    def test_an_array_and_a_tensor_keep_their_dtype(self, dtype):
        numbers = np.ones(2, dtype)
        same(bp.tensor(numbers), torch.tensor(numbers))
        assert bp.tensor(bp.tensor(numbers)).dtype == dtype
        assert bp.tensor(np.float64(1)).dtype == np.float64

    def test_a_dtype_may_be_asked_for(self):
        same(bp.tensor([1, 2], dtype=np.float64), torch.tensor([1, 2], dtype=torch.float64))

    @pytest.mark.parametrize("dtype", [np.int64, np.bool_])
    def test_only_floats_can_require_gradients(self, dtype):
        with pytest.raises(RuntimeError, match=f"only floating-point.*{np.dtype(dtype)}"):
            bp.tensor([1, 0], dtype=dtype, requires_grad=True)
        x = bp.tensor([1, 0], dtype=dtype)
        with pytest.raises(RuntimeError, match=f"only floating-point.*{np.dtype(dtype)}"):
            x.requires_grad = True
        x.requires_grad = False

    def test_gradients_have_the_dtype_of_their_leaf(self):
        single, double, whole = leaf([1.0], np.float32), leaf([2.0]), bp.tensor([3])
        out = single * double * whole
        assert out.dtype == np.float64
        out.sum().backward()
        assert (single.grad.dtype, double.grad.dtype, whole.grad) == (np.float32, np.float64, None)

    @pytest.mark.parametrize(
        "compare", [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge]
    )
    @pytest.mark.parametrize("other", [1.0, 2, True, math.nan], ids=str)
    def test_comparisons_are_those_of_torch(self, compare, other):
        numbers = np.array([[1.0, 2.0], [3.0, math.nan]])
        ours, theirs = leaf(numbers), torch_leaf(numbers)
        out = compare(ours, other)
        same(out, compare(theirs, other))
        same(compare(other, ours), compare(other, theirs))
        same(compare(ours, leaf([[2.0], [3.0]])), compare(theirs, torch_leaf([[2.0], [3.0]])))
        same(compare(np.full((2, 1), 2.0), ours), compare(torch.full((2, 1), 2.0), theirs))
        assert not out.requires_grad

    def test_a_tensor_equals_nothing_else_and_hashes_by_identity(self):
        a, b = bp.tensor([1.0]), bp.tensor([1.0])
        assert (a == None) is False  # noqa: E711
        assert (a != "a") is True
        assert len({a, b, a}) == 2


class TestTensor:
    def test_tensor_copies_and_the_class_shares(self):
        numbers = np.zeros(2)
        copied, shared = bp.tensor(numbers), Tensor(numbers)
        numbers[0] = 5
        assert (copied.tolist(), shared.tolist()) == ([0, 0], [5, 0])

    @given(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0))
    def test_shape_ndim_numel_and_len(self, shape):
        ours, theirs = bp.zeros(shape), torch.zeros(shape)
        assert (ours.shape, ours.ndim, ours.numel()) == (tuple(theirs.shape), theirs.ndim, theirs.numel())
        if shape:
            assert len(ours) == len(theirs)

    @pytest.mark.parametrize(
        "expression",
        [
            "tensor(3)",
            "tensor([1, 2])",
            "tensor([True, False])",
            "tensor([1., 2.])",
            "zeros(0)",
            "zeros(0, 3)",
            "tensor([[1., 2.], [3., 4.]])",
            "tensor([0.12345678, 1000.5])",
            "tensor([1., 2.], requires_grad=True)",
        ],
    )
    def test_the_printed_form_evaluates_to_the_tensor(self, expression):
        def names(lib):
            return {"tensor": lib.tensor, "zeros": lib.zeros, "False": False}

        ours = eval(expression, names(bp))
        text = repr(ours)
        assert text.startswith("tensor(")
        size = {"size": ours.shape} if "size=" in text else {}
        text = text.replace(f", size={ours.shape}", "") if size else text
        back = eval(text, names(bp))
        assert back.requires_grad == ours.requires_grad
        np.testing.assert_allclose(back.array.reshape(ours.shape), ours.array, atol=1e-4)
        assert size == ({"size": (0, 3)} if expression == "zeros(0, 3)" else {})

    @pytest.mark.parametrize(
        ("tensor", "text"),
        [
            (bp.tensor(2.5), "tensor(2.5)"),
            (bp.tensor([1.0, 2.0], dtype=np.float64), "tensor([1., 2.], dtype=float64)"),
            (bp.tensor([1.0], requires_grad=True), "tensor([1.], requires_grad=True)"),
            (bp.tensor([1.0], requires_grad=True) * 2, "tensor([2.], grad_fn=<mul>)"),
            (bp.zeros(0, 3), "tensor([], size=(0, 3))"),
        ],
    )
    def test_the_printed_form(self, tensor, text):
        assert repr(tensor) == text

    def test_conversions(self):
        x = bp.tensor([[2.5]])
        assert (x.item(), float(x), bool(x), x.tolist()) == (2.5, 2.5, True, [[2.5]])
        assert not bp.tensor(0.0)
        assert np.array_equal(np.asarray(bp.tensor([1, 2])), [1, 2])
        assert np.asarray(bp.tensor([1, 2]), dtype=np.float64).dtype == np.float64

    def test_numpy_shares_memory(self):
        x = bp.zeros(2)
        x.numpy()[0] = 7
        assert x.tolist() == [7, 0]

    def test_arrays_on_the_left_leave_the_work_to_the_tensor(self):
        x = leaf([[1.0, 2.0], [3.0, 4.0]])
        for symbol in (*INFIX, operator.matmul):
            out = symbol(np.full((2, 2), 2.0), x)
            assert isinstance(out, Tensor)
            assert np.array_equal(out.array, symbol(np.full((2, 2), 2.0), x.array))
        for symbol in INFIX:
            assert isinstance(symbol(np.float64(2), x), Tensor)

    def test_reshape_takes_lengths_or_a_sequence(self):
        x = bp.zeros(2, 3)
        assert x.reshape(3, 2).shape == x.reshape((3, 2)).shape == x.reshape([3, 2]).shape == (3, 2)
        assert x.reshape(-1).shape == (6,)

    def test_names_of_numpy_serve_as_well(self):
        x = leaf([[1.0, 2.0], [3.0, 4.0]])
        assert x.sum(axis=0, keepdims=True).tolist() == [[4.0, 6.0]]
        assert x.max(axis=1, keepdims=True).indices.tolist() == [[1], [1]]
        assert bp.cat([x, x], axis=1).shape == (2, 4)
        assert x.var(axis=0).tolist() == [2.0, 2.0]
        with pytest.raises(TypeError, match="dims"):
            x.sum(dims=0)

    def test_max_along_a_dim_names_values_and_indices(self):
        values, indices = found = leaf([[1.0, 5.0], [7.0, 2.0]]).max(1)
        assert (found.values is values, found.indices is indices) == (True, True)
        assert (values.tolist(), indices.tolist()) == ([5.0, 7.0], [1, 0])

    def test_size_and_other_questions_about_the_shape(self):
        x = bp.zeros(2, 3)
        assert (x.size(), x.size(1), x.dim(), x.contiguous() is x) == ((2, 3), 3, 2, True)
        assert x.T.contiguous().array.flags.c_contiguous
        assert x.view_as(bp.zeros(6)).shape == (6,)

    def test_truth_values_combine(self):
        a, b = bp.tensor([True, True, False]), bp.tensor([True, False, False])
        assert ((a & b).tolist(), (a | b).tolist(), (~a).tolist()) == (
            [True, False, False],
            [True, True, False],
            [False, False, True],
        )
        assert (a.any().item(), a.all().item(), bp.equal(a, a), bp.allclose(a.float(), b.float())) == (
            True,
            False,
            True,
            False,
        )

    def test_T_is_the_transpose_of_a_matrix(self):
        agrees_with_torch(lambda x: x.T, array((2, 3)))


class TestCreation:
    def test_zeros_and_ones(self):
        for make in ("zeros", "ones"):
            same(getattr(bp, make)(2, 3), getattr(torch, make)(2, 3))
            same(getattr(bp, make)((2,), dtype=np.float64), getattr(torch, make)((2,), dtype=torch.float64))
            assert getattr(bp, make)(2, requires_grad=True).requires_grad

    @pytest.mark.parametrize(
        "make",
        [
            lambda lib: lib.full((2, 3), 7),
            lambda lib: lib.full((2,), 0.5),
            lambda lib: lib.full((), True),
            lambda lib: lib.arange(5),
            lambda lib: lib.arange(2, 5, 0.5),
            lambda lib: lib.arange(5, 2, -1),
            lambda lib: lib.arange(0, 1, 0.1, dtype=lib.float64),
            lambda lib: lib.eye(2, 3),
            lambda lib: lib.linspace(-1, 1, 5),
            lambda lib: lib.zeros_like(lib.tensor([[1, 2]])),
            lambda lib: lib.ones_like(lib.tensor([1.0]), dtype=lib.int64),
        ],
        ids=range(11),
    )
    def test_numbers_in_order_are_those_of_torch(self, make):
        same(make(bp), make(torch))

    def test_random_whole_numbers(self):
        drawn = bp.randint(3, 6, (1000,))
        assert ({*drawn.tolist()}, drawn.dtype) == ({3, 4, 5}, bp.int64)
        assert {*bp.randint(2, (100,)).tolist()} == {0, 1}
        assert sorted(bp.randperm(10).tolist()) == list(range(10))

    @pytest.mark.parametrize(
        "name", ["float32", "float", "float64", "double", "int64", "long", "int32", "bool"]
    )
    def test_dtypes_have_the_names_of_torch(self, name):
        same(bp.ones(2, dtype=getattr(bp, name)), torch.ones(2, dtype=getattr(torch, name)))
        same(bp.ones(2).to(getattr(bp, name)), torch.ones(2).to(getattr(torch, name)))

    @pytest.mark.parametrize("make", [bp.rand, bp.randn])
    def test_a_seed_makes_random_tensors_reproducible(self, make):
        bp.manual_seed(1)
        first, second = make(3, 4), make(3, 4)
        bp.manual_seed(1)
        assert np.array_equal(make((3, 4)).array, first.array)
        assert not np.array_equal(first.array, second.array)
        bp.manual_seed(2)
        assert not np.array_equal(make(3, 4).array, first.array)

    @float_dtypes
    def test_random_tensors_have_the_dtype_asked_for_and_their_distribution(self, dtype):
        bp.manual_seed(0)
        uniform, normal = bp.rand(100, 100, dtype=dtype), bp.randn(100, 100, dtype=dtype)
        assert (
            bp.rand(dtype=dtype).dtype
            == bp.randn(dtype=dtype).dtype
            == uniform.dtype
            == normal.dtype
            == dtype
        )
        assert bp.rand(dtype=dtype).shape == ()
        assert uniform.array.min() >= 0
        assert uniform.array.max() < 1
        assert uniform.array.mean() == pytest.approx(0.5, abs=0.02)
        assert (normal.array.mean(), normal.array.std()) == pytest.approx((0, 1), abs=0.03)
        assert bp.randn(2, requires_grad=True).requires_grad

    def test_the_package_names_what_it_has(self):
        assert {"Tensor", "Value", "nn", "no_grad", "optim", "tensor"} <= set(dir(bp))
        for name in dir(bp):
            assert getattr(bp, name) is not None
        with pytest.raises(AttributeError, match=r"backprop_lib.*nothing_like_it"):
            bp.nothing_like_it  # noqa: B018


class TestRecording:
    def test_no_grad_records_nothing_and_restores_after_an_error(self):
        x = leaf([1.0])
        with bp.no_grad():
            with bp.no_grad():
                assert not (x * 2).requires_grad
            assert not (x * 2).requires_grad
        assert (x * 2).requires_grad
        with contextlib.suppress(ZeroDivisionError), bp.no_grad():
            raise ZeroDivisionError
        assert (x * 2).requires_grad

    def test_no_grad_decorates_functions(self):
        @bp.no_grad()
        def double(x):
            return x * 2

        assert not double(leaf([1.0])).requires_grad
        assert not double(leaf([1.0])).requires_grad

    def test_detach_and_data_share_numbers_without_history(self):
        x = leaf([1.0, 2.0])
        y = x * 3
        for cut in (y.detach(), y.data):
            assert (cut.requires_grad, cut.is_leaf, cut.array is y.array) == (False, True, True)
        (y * y.detach()).sum().backward()
        assert x.grad.tolist() == [9.0, 18.0]

    def test_leaves_and_results(self):
        x = leaf([1.0])
        assert (x.is_leaf, (x * 2).is_leaf, x.detach().is_leaf) == (True, False, True)
        assert (x * 2).sum().requires_grad

    def test_requires_grad_may_be_set_on_leaves(self):
        x = bp.tensor([1.0])
        x.requires_grad = True
        (x * 2).backward()
        assert x.grad.tolist() == [2.0]
        y = x * 2
        with pytest.raises(RuntimeError, match="leaves"):
            y.requires_grad = False

    def test_gradients_accumulate_in_leaves(self):
        x = leaf([1.0, 2.0])
        for calls_so_far in (1, 2, 3):
            (x * x).sum().backward()
            assert x.grad.tolist() == [2.0 * calls_so_far, 4.0 * calls_so_far]

    @pytest.mark.parametrize("shape", [(), (1,), (2, 3)])
    def test_an_accumulated_gradient_is_a_tensor_that_can_be_zeroed(self, shape):
        x = leaf(np.ones(shape))
        for _ in range(2):
            (x * x + x).sum().backward()
        assert isinstance(x.grad.array, np.ndarray)
        x.grad.zero_()
        assert not x.grad.array.any()

    def test_results_do_not_double_on_a_second_backward(self):
        x = leaf([3.0])
        y = x * 2
        z = y * y
        z.backward(retain_graph=True)
        z.backward(retain_graph=True)
        assert x.grad.tolist() == [48.0]
        assert y.grad is None
        assert z.grad is None

    def test_two_roots_that_share_nodes(self):
        ours, theirs = leaf([2.0]), torch_leaf([2.0])
        for x in (ours, theirs):
            shared = x * x
            (shared * 3).backward(retain_graph=True)
            (shared + x).backward()
        same(ours.grad, theirs.grad)

    def test_a_freed_graph_is_refused_and_a_retained_one_is_not(self):
        x = leaf([1.0])
        y = x * 2
        z = y * y
        z.backward(retain_graph=True)
        z.backward()
        for root in (z, y * 3):
            with pytest.raises(
                RuntimeError, match=r"mul was freed by an earlier backward\(\).*retain_graph=True"
            ):
                root.backward()
        assert x.grad.tolist() == [16.0]

    def test_a_leaf_is_its_own_root(self):
        x = leaf([1.0, 2.0])
        g = np.array([3.0, 4.0])
        x.backward(g)
        x.backward(g)
        assert x.grad.tolist() == [6.0, 8.0]
        assert g.tolist() == [3.0, 4.0]

    def test_a_gradient_may_be_a_tensor_an_array_or_a_list(self):
        x = leaf([1.0, 2.0])
        for gradient in (bp.tensor([1.0, 10.0]), np.array([1, 10]), [1.0, 10.0]):
            x.grad = None
            (x * 2).backward(gradient)
            assert x.grad.tolist() == [2.0, 20.0]

    @pytest.mark.parametrize(
        "function",
        [
            lambda a, b: a + b,
            lambda a, b: a + b + a,
            lambda a, b: (a - b) + (b + a),
            lambda a, b: (a + b).reshape(3),
            lambda a, b: a.reshape(3, 1).transpose(0, 1).reshape(3) + b,
            lambda a, b: a.sum() + b.sum(),
        ],
    )
    def test_gradients_share_no_memory(self, function):
        a, b = leaf(np.ones(3)), leaf(np.ones(3))
        out = function(a, b)
        g = np.ones(out.shape)
        out.backward(g)
        assert not np.shares_memory(a.grad.array, b.grad.array)
        assert not np.shares_memory(a.grad.array, g)
        before = b.grad.tolist()
        a.grad.zero_()
        a.grad += 5
        assert b.grad.tolist() == before
        assert g.tolist() == np.ones(out.shape).tolist()

    def test_an_unused_leaf_gets_no_gradient(self):
        x, unused = leaf([1.0]), leaf([1.0])
        (x * 2).backward()
        assert unused.grad is None


class TestGradientsOfGradients:
    def test_a_gradient_can_be_differentiated_as_often_as_wanted(self):
        x = y = leaf([2.0])
        y = x**5
        for expected in (80.0, 160.0, 240.0, 240.0, 120.0):
            (y,) = bp.autograd.grad(y, x, create_graph=True)
            assert y.tolist() == [expected]

    def test_backward_with_create_graph_leaves_a_recorded_grad(self):
        x = leaf([1.0, 2.0])
        (x**3).sum().backward(create_graph=True)
        x.grad, gradient = None, x.grad
        gradient.sum().backward()
        assert x.grad.tolist() == [6.0, 12.0]

    def test_a_vjp_that_tensors_do_not_understand_is_refused(self):
        @differentiable(lambda g, input: g * np.cosh(input), registered=False)
        def sinh(input):
            return np.sinh(input)

        x = leaf([1.0])
        sinh(x).backward()
        with pytest.raises(NotImplementedError, match="sinh cannot be differentiated again"):
            sinh(x).backward(create_graph=True)


class TestInPlace:
    @pytest.mark.parametrize(
        ("index", "value"),
        [(0, 5.0), ((slice(None), 1), [7.0, 8.0]), (..., 0.0), ([1, 0], [[1.0, 2], [3, 4]])],
    )
    def test_elements_can_be_set(self, index, value):
        ours, theirs = bp.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[1.0, 2.0], [3.0, 4.0]])
        ours[index] = bp.tensor(value)
        theirs[index] = torch.tensor(value)
        same(ours, theirs)
        ours[ours > 2] += 1
        theirs[theirs > 2] += 1
        same(ours, theirs)

    def test_a_recorded_element_cannot_be_set(self):
        x, y = leaf([1.0]), bp.tensor([1.0])
        with pytest.raises(RuntimeError, match="in-place"):
            x[0] = 2.0
        z = leaf([3.0]) * y
        y[0] = 2.0
        with pytest.raises(RuntimeError, match="in place"):
            z.backward()

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("symbol", [operator.iadd, operator.isub, operator.imul, operator.itruediv])
    @pytest.mark.parametrize("other", [2, 2.5, [1.0, 2.0], [[2.0], [4.0]], 0.0], ids=str)
    def test_in_place_arithmetic_is_that_of_torch(self, symbol, other):
        ours, theirs = bp.tensor([[1.0, -2.0], [3.0, 4.0]]), torch.tensor([[1.0, -2.0], [3.0, 4.0]])
        memory = ours.array
        is_number = isinstance(other, int | float)
        out = symbol(ours, other if is_number else bp.tensor(other))
        symbol(theirs, other if is_number else torch.tensor(other))
        same(ours, theirs)
        assert out is ours
        assert ours.array is memory

    @pytest.mark.parametrize("change", [lambda x: operator.iadd(x, 1), lambda x: x.zero_()])
    def test_a_recorded_leaf_changes_only_within_no_grad(self, change):
        x = leaf([1.0])
        with pytest.raises(RuntimeError, match=r"in-place.*no_grad"):
            change(x)
        assert x.tolist() == [1.0]
        with bp.no_grad():
            change(x)
        assert x.tolist() != [1.0]
        assert x.requires_grad

    @pytest.mark.parametrize("lib", [bp, torch])
    @pytest.mark.parametrize(
        "view",
        [
            lambda x: x.reshape(1),
            lambda x: x[:1],
            lambda x: x.transpose(0, 0),
            lambda x: x.detach(),
            lambda x: x.detach().unsqueeze(0)[0],
        ],
        ids=["reshape", "slice", "transpose", "detach", "detached view"],
    )
    @pytest.mark.parametrize("of", ["input", "result"])
    def test_a_change_through_a_view_is_refused(self, lib, view, of):
        w, x = lib.tensor([2.0], requires_grad=True), lib.tensor([3.0])
        out = (w * x).exp()
        with lib.no_grad():
            v = view(x if of == "input" else out)
            v += 1
        with pytest.raises(RuntimeError, match=r"in.?place"):
            out.backward()

    @pytest.mark.parametrize("lib", [bp, torch])
    @pytest.mark.parametrize("changed", ["input", "constant", "result", "root"])
    def test_a_change_between_forward_and_backward_is_refused(self, lib, changed):
        w, x = lib.tensor([2.0], requires_grad=True), lib.tensor([3.0])
        y = (w * w * x).exp()
        z = (y * x).exp()
        with lib.no_grad():
            target = {"input": w, "constant": x, "result": y, "root": z}[changed]
            target += 1
        with pytest.raises(RuntimeError, match=r"in.?place"):
            z.backward()

    def test_a_change_after_backward_is_welcome(self):
        w = leaf([2.0])
        for _ in range(3):
            w.grad = None
            (w * w).backward()
            with bp.no_grad():
                w -= 0.25 * w.grad
        assert w.tolist() == [0.25]

    def test_the_update_through_data_changes_the_same_numbers(self):
        w = leaf([2.0])
        w.data -= 0.5
        assert w.tolist() == [1.5]
        w.data = np.array([7.0])
        assert w.tolist() == [7.0]
        assert w.requires_grad


def matrix(*shape):
    return bp.ones(*shape)


ERRORS = [
    # what is called, the exception, what its message says: what was given, what is wanted
    (lambda: bp.tensor("abc"), TypeError, ["'abc'", "str", "numbers"]),
    (lambda: bp.tensor(None), TypeError, ["None", "numbers"]),
    (lambda: bp.tensor(1j), TypeError, ["1j", "complex", "numbers"]),
    (lambda: bp.tensor([[1, 2], [3]]), ValueError, ["[[1, 2], [3]]", "equal lengths"]),
    (lambda: Tensor([1.0]), TypeError, ["[1.0]", "NumPy array", "tensor()"]),
    (lambda: Tensor(np.array(["a"])), TypeError, ["numeric", "tensor()"]),
    (lambda: matrix(2) + "3", TypeError, ["add", "'3'", "str", "tensors, arrays or numbers"]),
    (lambda: "3" - matrix(2), TypeError, ["sub", "'3'", "str"]),
    (lambda: matrix(2) * [1, 2], TypeError, ["mul", "[1, 2]", "list"]),
    (lambda: None / matrix(2), TypeError, ["div", "None"]),
    (lambda: matrix(2) ** None, TypeError, ["pow", "None"]),
    (lambda: matrix(2) @ "3", TypeError, ["matmul", "'3'"]),
    (lambda: "3" @ matrix(2), TypeError, ["'3'", "numbers"]),
    (lambda: matrix(2) + np.array(["a", "b"]), TypeError, ["add", "array"]),
    (lambda: matrix(2) < None, TypeError, ["<"]),
    (lambda: matrix(2, 3) + matrix(2), RuntimeError, ["add", "(2, 3) and (2,)", "equal or 1"]),
    (lambda: matrix(2, 3) == matrix(2), RuntimeError, ["compare", "(2, 3) and (2,)", "equal or 1"]),
    (lambda: matrix(2, 3) @ matrix(2, 3), RuntimeError, ["matmul", "(2, 3) and (2, 3)", "last dimension"]),
    (lambda: matrix(2, 3) @ 2, RuntimeError, ["matmul", "(2, 3) and ()"]),
    (lambda: bp.tensor(2) ** -1, RuntimeError, ["pow", "negative powers", "float"]),
    (
        lambda: matrix(2, 3).reshape(4),
        RuntimeError,
        ["reshape", "(2, 3)", "shape=(4,)", "number of elements"],
    ),
    (lambda: matrix(2, 3).reshape(-1, -1), RuntimeError, ["reshape", "shape=(-1, -1)", "at most one"]),
    (lambda: matrix(2, 3).sum(2), IndexError, ["dimension 2", "2 dimension"]),
    (lambda: matrix(2, 3).mean(-3), IndexError, ["dimension -3", "2 dimension"]),
    (lambda: matrix().sum(1), IndexError, ["dimension 1", "0 dimension"]),
    (lambda: matrix(2, 3).sum((0, -2)), RuntimeError, ["sum", "(2, 3)", "dim=(0, -2)", "once"]),
    (lambda: matrix(2, 3).mean((1, 1)), RuntimeError, ["mean", "(2, 3)", "dim=(1, 1)", "once"]),
    (lambda: matrix(2, 3).transpose(0, 2), IndexError, ["dimension 2", "2 dimension"]),
    (lambda: matrix(2, 3).sum(0.5), TypeError, ["float", "integer"]),
    (lambda: bp.tensor([1, 2]).mean(), RuntimeError, ["mean", "floating-point", "int64"]),
    (lambda: matrix(2, 3, 4).T, RuntimeError, ["2 dimensions", "(2, 3, 4)", "transpose"]),
    (lambda: matrix(2).item(), RuntimeError, ["one element", "(2,)"]),
    (lambda: bool(matrix(2)), RuntimeError, ["one element", "(2,)"]),
    (lambda: float(matrix(0)), RuntimeError, ["one element", "(0,)"]),
    (lambda: len(matrix()), TypeError, ["0-d"]),
    (lambda: leaf([1.0]).numpy(), RuntimeError, ["requires grad", ".detach().numpy()"]),
    (lambda: np.asarray(leaf([1.0])), RuntimeError, ["requires grad", ".detach().numpy()"]),
    (lambda: matrix(2).backward(), RuntimeError, ["requires_grad=True"]),
    (lambda: (leaf([1.0, 2.0]) * 2).backward(), RuntimeError, ["(2,)", "gradient=", "one element", "sum()"]),
    (lambda: (leaf([1.0, 2.0]) * 2).backward(np.ones(3)), RuntimeError, ["(2,)", "got (3,)"]),
    (lambda: (leaf([1.0, 2.0]) * 2).backward(1.0), RuntimeError, ["(2,)", "got ()"]),
    (lambda: operator.iadd(matrix(2), matrix(3)), RuntimeError, ["in-place", "(2,)", "(3,)"]),
    (lambda: operator.iadd(matrix(2), matrix(2, 2)), RuntimeError, ["in-place", "(2,)", "(2, 2)"]),
    (lambda: operator.iadd(bp.tensor([1]), 0.5), RuntimeError, ["in-place", "int64", "float64"]),
    (lambda: operator.iadd(matrix(2), leaf([1.0, 1.0])), RuntimeError, ["in-place", "no_grad"]),
    (lambda: setattr(matrix(2), "data", np.ones(3)), RuntimeError, ["(2,)", "(3,)"]),
]


@pytest.mark.parametrize(("call", "exception", "words"), ERRORS, ids=range(len(ERRORS)))
def test_a_mistake_is_refused_in_words(call, exception, words):
    with pytest.raises(exception) as caught:
        call()
    assert caught.type is exception
    assert [word for word in words if word not in str(caught.value)] == []


class TestScale:
    def test_depth_is_not_bounded_by_the_recursion_limit(self):
        x = y = leaf([1.0])
        for _ in range(10_000):
            y = y * 1.0 + 0.5
        y.backward(retain_graph=True)
        assert (y.item(), x.grad.item()) == (5001.0, 1.0)
        del y  # nor is taking the graph apart

    def test_a_diamond_is_passed_once(self):
        visits = []

        @differentiable(lambda g: visits.append(1) or g, lambda g: g, registered=False)
        def counted(a, b):
            return a + b

        x = y = leaf(1.0)
        for _ in range(16):  # 2**16 paths lead to x
            y = counted(y, y)
        y.backward()
        assert len(visits) == 16
        assert x.grad.item() == 2.0**16

    def test_a_graph_is_freed_without_the_garbage_collector(self):
        def records():
            return sum(issubclass(type(x), Tensor | Node) for x in gc.get_objects())

        x = leaf(np.full((3, 3), 0.5))
        x.grad = bp.zeros(3, 3, dtype=np.float64)
        gc.collect()
        gc.disable()
        try:
            before = records()
            y = x
            for row in TABLE * 3:
                y = row.apply(*[y.sigmoid() + x] * len(row.domains), **row.example).sum()
            y.sum().backward(retain_graph=True)
            assert records() >= before + 3 * len(TABLE)
            del y
            assert records() == before
            assert gc.collect() == 0
        finally:
            gc.enable()

    def test_backward_frees_what_it_no_longer_needs(self):
        x = leaf(np.ones(10_000))
        tracemalloc.start()
        try:
            y = x
            for _ in range(20):
                y = y.sin()
            recorded = tracemalloc.get_traced_memory()[0]
            y.backward(np.ones(10_000))
            freed = tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()
        assert recorded > 20 * x.array.nbytes
        assert freed < 4 * x.array.nbytes
