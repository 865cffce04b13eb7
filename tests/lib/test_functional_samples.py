"""backprop_lib.functional on PyTorch's own sample inputs: results and first gradients, in both precisions."""

import pytest
import torch
from torch.testing._internal.common_methods_invocations import op_db

from backprop_lib import functional as F
from tests.lib.torch_adapter import backward, equal, ours, same_gradients, tensors

PREFIX = "nn.functional."
ELSEWHERE = {"pad"}  # tested with the operations on tensors
OPS = [
    op
    for op in op_db
    if (op.name.startswith(PREFIX) or op.name in ("softmax", "log_softmax"))
    and op.name.removeprefix(PREFIX) in set(F.__all__) - ELSEWHERE
]
ROWS = [(op, dtype) for op in OPS for dtype in (torch.float32, torch.float64) if dtype in op.dtypes]
SKIPPED = {  # variant: which samples, and why they differ
    "nn_functional_batch_norm": (
        lambda sample: sample.input.ndim == 1,
        "an empty row without a channel dimension: PyTorch lets it pass, we refuse it in words",
    ),
}


def is_random(op, sample):
    """Whether the result depends on the random generator: then only its shape is compared."""
    return op.name.endswith("dropout") or bool(sample.kwargs.get("dropout_p"))


def function(op):
    if op.name == PREFIX + "embedding":  # the sample's arguments are the other way round
        return lambda weight, index, **kwargs: F.embedding(index, weight, **kwargs)
    return getattr(F, op.name.removeprefix(PREFIX))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("op", "dtype"), ROWS, ids=[f"{o.formatted_name}-{str(d)[6:]}" for o, d in ROWS])
def test_results_and_gradients_are_those_of_torch(op, dtype):
    torch.manual_seed(0)
    skipped, _ = SKIPPED.get(op.formatted_name.removesuffix("_without_cudnn"), (lambda sample: False, ""))
    count = 0
    for sample in op.sample_inputs("cpu", dtype, requires_grad=op.supports_autograd):
        if skipped(sample):
            with pytest.raises((RuntimeError, NotImplementedError)):
                function(op)(*ours([sample.input, *sample.args]), **ours(sample.kwargs))
            continue
        args, kwargs = [sample.input, *sample.args], sample.kwargs
        my_args, my_kwargs = ours(args), ours(kwargs)
        expected, got = tensors(op.op(*args, **kwargs)), tensors(function(op)(*my_args, **my_kwargs))
        try:
            assert len(got) == len(expected)
            for mine, theirs in zip(got, expected):
                if is_random(op, sample):
                    assert mine.shape == theirs.shape
                else:
                    equal(mine, theirs)
            if not is_random(op, sample) and backward(got, expected):
                same_gradients(tensors([my_args, my_kwargs]), tensors([args, kwargs]))
        except AssertionError as error:
            raise AssertionError(f"sample {sample}: {error}") from error
        count += 1
    assert count


def test_every_function_is_tested():
    tested = {op.name.removeprefix(PREFIX) for op in OPS}
    others = {"sigmoid", "tanh", "one_hot"}
    assert set(F.__all__) - tested - others - ELSEWHERE == set()
