"""Every operation gives what PyTorch gives, on PyTorch's samples: results, gradients, their gradients."""

import warnings
from collections import Counter

import pytest
import torch

import backprop_lib as bp
from tests.lib.torch_samples import (
    Call,
    assert_same,
    calls,
    first_order,
    full_name,
    operations,
    second_order,
)

SCOPE = {
    "creation": "arange empty empty_like eye full full_like linspace meshgrid ones ones_like randint randn "
    "rand_like randn_like zeros zeros_like",
    "arithmetic": "add div floor_divide mul neg pow reciprocal remainder square sub true_divide",
    "reflected operators": "__radd__ __rdiv__ __rmatmul__ __rmod__ __rmul__ __rpow__ __rsub__",
    "comparisons": "allclose eq ge gt isfinite isinf isnan le logical_and logical_not logical_or lt ne",
    "element by element": "abs ceil cos erf exp expm1 floor log log10 log1p log2 nn.functional.relu round "
    "rsqrt sigmoid sign sin sqrt tan tanh trunc",
    "choices": "clamp clamp_max clamp_min masked_fill maximum minimum where",
    "reductions": "all amax amin any argmax argmin cumsum logsumexp max mean min norm prod std sum var",
    "products": "bmm dot einsum matmul mm mv outer tensordot",
    "shapes": "broadcast_to clone contiguous expand expand_as flatten flip movedim permute ravel repeat "
    "reshape reshape_as roll squeeze t T mT transpose unsqueeze view view_as",
    "parts": "cat chunk diagonal nn.functional.pad split stack trace tril triu unbind",
    "indices": "__getitem__ gather index_select nonzero take_along_dim",
    "order": "argsort bincount sort unique",
    "dtypes": "bool double float half int long",
}
NAMES = [name for kind in SCOPE.values() for name in kind.split()]
RANDOM = {
    "empty",
    "empty_like",
    "rand_like",
    "randint",
    "randn",
    "randn_like",
}  # only shapes and dtypes can be compared

# What does not hold, and why: the one table of exceptions, each of which raises an error and never is wrong.
EXCEPTIONS = {
    ("norm nuc", torch.float32): "the nuclear norm needs a singular value decomposition",
    ("norm nuc", torch.float64): "the nuclear norm needs a singular value decomposition",
    ("__rpow__", torch.int64): "NumPy refuses negative powers of whole numbers",
}
FLOATS = (torch.float32, torch.float64)
DTYPES = (*FLOATS, torch.int64)
RECORDS = operations(NAMES)

each = pytest.mark.parametrize("op", RECORDS, ids=full_name)
differentiable = pytest.mark.parametrize("op", [op for op in RECORDS if op.supports_autograd], ids=full_name)
twice = pytest.mark.parametrize("op", [op for op in RECORDS if op.supports_gradgrad], ids=full_name)
floats = pytest.mark.parametrize("dtype", FLOATS, ids=str)


@pytest.fixture(autouse=True, scope="module")
def _one_thread_and_no_warnings():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's own about its samples
        yield
    torch.set_num_threads(threads)


def check(op, dtype, comparison):
    """Every sample passes; where the table has an exception, a sample may be refused instead."""
    for call in calls(op, dtype):
        try:
            comparison(call)
        except Exception as error:
            refused = isinstance(error, RuntimeError)  # of which NotImplementedError is one
            if not (refused and (full_name(op), dtype) in EXCEPTIONS):
                raise AssertionError(f"{call!r}: {type(error).__name__}: {error}") from error


@each
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_results(op, dtype):
    def comparison(call):
        theirs, ours = call.run_theirs(), call.run_ours()
        if op.name in RANDOM:
            theirs, ours = [torch.zeros_like(x) for x in theirs], [bp.zeros_like(x) for x in ours]
        assert_same(ours, theirs)

    check(op, dtype, comparison)


@differentiable
@floats
def test_gradients(op, dtype):
    check(op, dtype, lambda call: assert_same(*reversed(first_order(call))))


@twice
@floats
def test_gradients_of_gradients(op, dtype):
    check(op, dtype, lambda call: assert_same(*reversed(second_order(call))))


@floats
def test_at_least_98_percent_of_the_samples_agree(dtype, capsys):
    count = {full_name(op): sum(1 for _ in calls(op, dtype)) for op in RECORDS}
    excepted = sum(count[name] for name, of in EXCEPTIONS if of == dtype)
    total = sum(count.values())
    with capsys.disabled():
        print(f"\n{total - excepted} of {total} samples in {dtype} agree with PyTorch")
    assert total > 1400
    assert total - excepted >= 0.98 * total


def test_every_operation_in_scope_has_a_record_and_every_exception_an_operation():
    assert {op.name for op in RECORDS} == {*NAMES}
    assert {name for name, _ in EXCEPTIONS} <= {full_name(op) for op in RECORDS}


# ---- what must be refused ----

LENIENT = "Python numbers may stand for tensors here"
OUT = "there is no out= here"
COMPLEX = "there are no complex numbers here"
NUMPY = "NumPy arrays have at most 64 dimensions"


def excused(error):
    """Why an input that PyTorch refuses is not to be refused in the same way, or None."""
    sample = error.sample_input
    if "out" in sample.kwargs:
        return OUT
    values = (sample.input, *sample.args)
    if error.error_type is Exception and any(isinstance(x, int) for x in values):
        return LENIENT
    if any(isinstance(x, complex) or (isinstance(x, torch.Tensor) and x.is_complex()) for x in values):
        return COMPLEX
    return NUMPY if any(isinstance(x, torch.Tensor) and x.ndim > 64 for x in values) else None


refusing = [op for op in RECORDS if op.error_inputs_func]


@pytest.mark.parametrize("op", refusing, ids=full_name)
def test_what_pytorch_refuses_is_refused_with_the_same_exception(op):
    for error in op.error_inputs_func(op, "cpu"):
        if excused(error) is None:
            call = Call(op, error.sample_input)
            with pytest.raises(error.error_type):
                print(call, "was not refused:", call.run_ours())


def test_most_refusals_apply():
    reasons = Counter(excused(error) for op in refusing for error in op.error_inputs_func(op, "cpu"))
    assert reasons[None] > sum(reasons.values()) / 2
    assert {*reasons} == {None, LENIENT, OUT, COMPLEX, NUMPY}
