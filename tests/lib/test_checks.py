"""The comparisons of the exercises accept every right answer, and say what is wrong with a wrong one."""

import logging
import sys
import warnings
from fractions import Fraction
from numbers import Real

import numpy as np
import pytest
import torch

from backprop_lib import checks

MATRIX = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
SQUARE = [[1.0, 2.0], [3.0, 4.0]]
tensor = torch.tensor


def read_only(a):
    a.flags.writeable = False
    return a


RIGHT = {
    "float": (0.5, 0.5),
    "int": (3, 3.0),
    "bool": (True, 1.0),
    "fraction": (Fraction(1, 2), 0.5),
    "large int": (10**30, 1e30),
    "numpy float32": (np.float32(0.5), 0.5),
    "numpy int8": (np.int8(3), 3.0),
    "0-d array": (np.array(0.5), 0.5),
    "0-d tensor": (tensor(0.5), 0.5),
    "0-d tensor with grad": (tensor(0.5, requires_grad=True), 0.5),
    "list": ([1.0, 2.0], [1.0, 2.0]),
    "tuple": ((1, 2), [1.0, 2.0]),
    "list of numpy numbers": ([np.float64(1), np.float32(2)], [1.0, 2.0]),
    "list of 0-d arrays": ([np.array(1.0), np.array(2.0)], [1.0, 2.0]),
    "list of arrays": ([np.array(row) for row in MATRIX], MATRIX),
    "tuple of lists": (tuple(MATRIX), MATRIX),
    "list of tensors": ([tensor(1.0), tensor(2.0)], [1.0, 2.0]),
    "list of tensors with grad": ([tensor(row, requires_grad=True) for row in MATRIX], MATRIX),
    "array": (np.array(MATRIX), MATRIX),
    "array of ints": (np.array(MATRIX, dtype=int), MATRIX),
    "array of float32": (np.array(MATRIX, dtype=np.float32), MATRIX),
    "float32 of a number that it lacks": (np.float32(0.1), 0.1),
    "array of bools": (np.array([True, False]), [1.0, 0.0]),
    "array of objects that are numbers": (np.array([1, Fraction(1, 2)], dtype=object), [1.0, 0.5]),
    "Fortran order": (np.asfortranarray(MATRIX), MATRIX),
    "every other element": (np.arange(6.0)[::2], [0.0, 2.0, 4.0]),
    "read-only": (read_only(np.array(MATRIX)), MATRIX),
    "matrix": (np.array(MATRIX).view(np.matrix), MATRIX),
    "tensor": (tensor(MATRIX), MATRIX),
    "tensor with grad": (tensor(MATRIX, requires_grad=True) * 1, MATRIX),
    "tensor of float64": (tensor(MATRIX, dtype=torch.float64), MATRIX),
    "tensor of ints": (tensor([1, 2]), [1.0, 2.0]),
    "tensor of bools": (tensor([True, False]), [1.0, 0.0]),
    "tensor of bfloat16": (tensor([0.5], dtype=torch.bfloat16), [0.5]),
    "transposed tensor": (tensor(MATRIX).T, np.transpose(MATRIX)),
    "sparse tensor": (tensor(MATRIX).to_sparse(), MATRIX),
    "parameter": (torch.nn.Parameter(tensor(MATRIX)), MATRIX),
    "empty list": ([], np.zeros(0)),
    "empty array": (np.zeros((0, 3)), np.zeros((0, 3))),
    "all zero": ([0.0, 0.0], [0.0, 0.0]),
    "minus zero": (-np.zeros(2), [0.0, 0.0]),
    "nan where it belongs": ([np.nan, 1.0], [np.nan, 1.0]),
    "infinity where it belongs": ([np.inf, 1.0], [np.inf, 1.0]),
    "last digits": ([1.0 + 1e-9, 1e-13], [1.0, 0.0]),
}

WRONG = {
    "None": (None, 1.0, "got nothing (None): is there a `return`?"),
    "string": ("0.5", 0.5, "got an object of type str"),
    "list of strings": (
        ["1.0", "2.0"],
        [1.0, 2.0],
        "expected real numbers in equal rows, got ['1.0', '2.0']",
    ),
    "array of strings": (np.array(["1"]), [1.0], "expected real numbers"),
    "numpy string": (np.str_("1"), 1.0, "expected real numbers"),
    "date": (np.datetime64(1, "s"), 1.0, "expected real numbers"),
    "dict": ({"a": 1.0}, 1.0, "got an object of type dict"),
    "set": ({1.0}, [1.0], "got an object of type set"),
    "generator": ((x for x in [1.0]), [1.0], "got an object of type generator"),
    "function": (np.sum, 1.0, "got an object of type"),
    "complex": (1 + 0j, 1.0, "got an object of type complex"),
    "array of complex": (np.array([1 + 5j]), [1.0], "expected real numbers"),
    "tensor of complex": (tensor([1 + 5j]), [1.0], "expected real numbers"),
    "list with None": ([None, 1.0], [1.0, 1.0], "expected real numbers in equal rows, got [None, 1.0]"),
    "ragged list": ([[1], [1, 2]], SQUARE, "expected real numbers in equal rows, got [[1], [1, 2]]"),
    "ragged tensors": ([tensor([1.0]), tensor([1.0, 2])], SQUARE, "expected real numbers in equal rows"),
    "array of lists": (np.array([[1], [1, 2]], dtype=object), SQUARE, "expected real numbers in equal rows"),
    "array of objects": (np.array([print, 1], dtype=object), [1.0, 1.0], "expected real numbers"),
    "int that no float can hold": (10**400, 1.0, "expected real numbers"),
    "scalar for vector": (1.0, [1.0, 1.0], "expected shape (2,), got shape ()"),
    "vector for scalar": ([1.0], 1.0, "got shape (1,): the numbers are right, but arranged in another shape"),
    "column for vector": ([[1.0], [2.0]], [1.0, 2.0], "arranged in another shape"),
    "flat for matrix": ([1.0, 2, 3, 4, 5, 6], MATRIX, "expected shape (2, 3), got shape (6,)"),
    "empty for numbers": ([], [1.0], "expected shape (1,), got shape (0,)"),
    "transposed": (
        np.transpose(MATRIX),
        MATRIX,
        "got shape (3, 2): the numbers are right, but rows and columns",
    ),
    "transposed square": (np.transpose(SQUARE), SQUARE, "rows and columns are exchanged (transposed)"),
    "other numbers in the transposed shape": (np.ones((3, 2)), MATRIX, "got shape (3, 2)"),
    "sign": ([-1.0, 2.0], [1.0, -2.0], "every number has the wrong sign"),
    "one sign": (
        [-1.0, 2.0],
        [1.0, 2.0],
        "1 of 2 numbers differ; the first, at index (0,): got -1, expected 1",
    ),
    "twice": (
        [2.0, -4.0],
        [1.0, -2.0],
        "exactly twice the true one: look for a missing or extra factor ½ or 2",
    ),
    "half": ([0.5, -1.0], [1.0, -2.0], "exactly half the true one"),
    "nan": ([np.nan, 2.0], [1.0, 2.0], "contains nan"),
    "infinity": ([np.inf, 2.0], [1.0, 2.0], "got inf, expected 1"),
    "number": (0.5, 0.3, "got 0.5, expected 0.3"),
    "element": ([[1.0, 2, 3], [4, 5, 7]], MATRIX, "1 of 6 numbers differ; the first, at index (1, 2): got 7"),
    "not zero": ([0.0, 1e-3], [0.0, 0.0], "at index (1,): got 0.001, expected 0"),
    "zero": ([0.0, 0.0], [1.0, 2.0], "2 of 2 numbers differ"),
    "digits": (1.000002, 1.0, "got 1.000002, expected 1"),
}


@pytest.mark.parametrize(("got", "expected"), RIGHT.values(), ids=RIGHT)
def test_right(got, expected):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        checks.equal("it", got, expected)


@pytest.mark.parametrize(("got", "expected", "words"), WRONG.values(), ids=WRONG)
def test_wrong(got, expected, words):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(AssertionError) as caught:
            checks.equal("the answer", got, expected)
    assert str(caught.value).startswith("the answer: ")
    assert words in str(caught.value)


def test_remarks_on_shape_only_where_the_numbers_are_right():
    with pytest.raises(AssertionError) as caught:
        checks.equal("it", np.ones((3, 2)), MATRIX)
    assert "right" not in str(caught.value)


MISTAKES = {"the sign is wrong": [-1.0, -2.0], "the sum is missing": 3.0, "half is missing": [2.0, 4.0]}


class TestMistakes:
    @pytest.mark.parametrize(("words", "got"), MISTAKES.items())
    def test_named(self, words, got):
        with pytest.raises(AssertionError, match=f"^it: {words}$"):
            checks.equal("it", got, [1.0, 2.0], MISTAKES)

    def test_right_answer_passes(self):
        checks.equal("it", [1.0, 2.0], [1.0, 2.0], MISTAKES)

    def test_right_answer_passes_though_a_mistake_gives_the_same_numbers(self):
        checks.equal("it", [0.0, 0.0], [0.0, 0.0], {"the sign is wrong": [-0.0, -0.0]})

    def test_shape_of_the_mistake_counts(self):
        with pytest.raises(AssertionError, match="expected shape"):
            checks.equal("it", [[3.0]], [1.0, 2.0], MISTAKES)

    def test_tolerance_of_the_mistake(self):
        with pytest.raises(AssertionError, match="numbers differ"):
            checks.equal("it", [-1.01, -2.0], [1.0, 2.0], MISTAKES)


class AlwaysEqual:
    def __eq__(self, other):
        return True

    __hash__ = None


class EqualNumber(AlwaysEqual, float):
    def __sub__(self, other):
        return 0.0

    __rsub__ = __sub__

    def __abs__(self):
        return 0.0


class LyingList(AlwaysEqual, list):
    def __len__(self):
        return 2


class LyingArray(np.ndarray):
    """Every operation on it gives what a comparison would like to see."""

    shape = property(lambda self: (2,))
    ndim = property(lambda self: 1)
    T = property(lambda self: np.array([1.0, 2.0]))

    def __array_ufunc__(self, *args, **kwargs):
        return np.array([True, True])

    def __array_function__(self, *args, **kwargs):
        return True

    def __array__(self, *args, **kwargs):
        return np.array([1.0, 2.0])

    def __eq__(self, other):
        return np.array([True, True])

    __hash__ = None


class LyingReal(AlwaysEqual):
    """Says that it is a number, but cannot say which."""


Real.register(LyingReal)


class LyingTensor(AlwaysEqual):
    def detach(self):
        return self

    cpu = to_dense = double = numpy = detach


LyingTensor.__module__ = "torch"

LIARS = {
    "equal to everything": AlwaysEqual(),
    "number": [EqualNumber(9.0), EqualNumber(9.0)],
    "list": LyingList([9.0, 9.0, 9.0]),
    "array": np.array([9.0, 9.0]).view(LyingArray),
    "array in a list": [np.array([9.0, 9.0]).view(LyingArray)],
    "registered as a number": LyingReal(),
    "list of such numbers": [LyingReal(), LyingReal()],
    "tensor": LyingTensor(),
}


@pytest.mark.parametrize("liar", LIARS.values(), ids=LIARS)
def test_objects_that_lie_do_not_pass(liar):
    with pytest.raises(AssertionError):
        checks.equal("it", liar, [1.0, 2.0])


def test_object_whose_repr_fails():
    class NoRepr(float):
        def __repr__(self):
            raise ValueError

    with pytest.raises(AssertionError, match="an object of type list"):
        checks.equal("it", [[NoRepr(1.0)], []], SQUARE)


class TestCall:
    def test_result(self):
        assert checks.call(lambda a, b: a + b, 1, 2) == 3

    def test_arguments_are_copies(self):
        a = np.array([1.0, 2.0])
        kept = []
        checks.call(kept.append, a)
        assert kept[0] is not a
        np.testing.assert_array_equal(kept[0], a)

    def test_change_in_place(self):
        def change(x, W1):
            W1 -= 1

        W1 = np.ones(2)
        with pytest.raises(AssertionError, match="change changes its argument W1 in place"):
            checks.call(change, np.ones(2), W1)
        np.testing.assert_array_equal(W1, [1.0, 1.0])

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_unchanged_arguments_with_special_numbers(self, value):
        checks.call(lambda a: a + 1, np.array([value]))

    def test_change_in_place_of_a_function_without_a_signature(self):
        with pytest.raises(AssertionError, match="argument"):
            checks.call(np.ndarray.sort, np.array([2.0, 1.0]))

    def test_warnings_and_stderr_cost_nothing(self, capfd):
        def noisy(z):
            warnings.warn("careful", stacklevel=1)
            print("debug", file=sys.stderr)
            logging.warning("logged")
            return 1 / z + np.exp(1e4 * (z + 1)) + np.sqrt(z - 1)

        with warnings.catch_warnings():
            warnings.simplefilter("error")
            checks.call(noisy, np.zeros(1))
        out, err = capfd.readouterr()
        assert err == ""
        assert "debug" in out

    def test_settings_come_back(self):
        before = np.geterr(), warnings.filters[:], sys.stderr
        checks.call(lambda: None)
        assert (np.geterr(), warnings.filters[:], sys.stderr) == before

    def test_starting_code(self):
        def step():
            raise NotImplementedError

        with pytest.raises(NotImplementedError, match="step is not written yet"):
            checks.call(step)

    def test_error_names_itself_and_the_shapes(self):
        def product(a, b):
            return a @ b

        with pytest.raises(AssertionError) as caught:
            checks.call(product, np.ones((3, 2)), np.ones(3))
        assert str(caught.value).startswith("product stopped at `return a @ b` with ValueError: matmul: ")
        assert str(caught.value).endswith("(called with shapes (3, 2), (3,))")
        assert isinstance(caught.value.__cause__, ValueError)

    @pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
    def test_an_interrupt_passes_through(self, stop):
        def endless():
            raise stop

        with pytest.raises(stop):
            checks.call(endless)


class TestItems:
    @pytest.mark.parametrize("got", [(1, 2), [1, 2]])
    def test_right(self, got):
        assert checks.items("step", got, 2) == [1, 2]

    @pytest.mark.parametrize(
        ("got", "words"),
        [
            (None, "expected 2 results, separated by commas, got nothing (None): is there a `return`?"),
            (np.ones(2), "expected 2 results, separated by commas, got an object of type ndarray"),
            ({1, 2}, "got an object of type set"),
            ((1, 2, 3), "expected 2 results, got 3"),
            ([], "expected 2 results, got 0"),
        ],
    )
    def test_wrong(self, got, words):
        with pytest.raises(AssertionError) as caught:
            checks.items("step", got, 2)
        assert str(caught.value).startswith("step: ")
        assert words in str(caught.value)


def test_notebooks_show_the_message_and_no_traceback():
    with pytest.raises(AssertionError) as caught:
        checks.equal("it", None, 1.0)
    assert caught.value._render_traceback_() == [f"CheckFailed: {caught.value}"]
