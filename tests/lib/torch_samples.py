"""PyTorch's own sample inputs for its operations, handed to both libraries: PyTorch is the oracle.

PyTorch's `op_db` holds, for each operation, what its developers test it with: inputs of many shapes,
all options, and inputs that must be refused.
"""

import numpy as np
import torch
from torch.testing._internal.common_methods_invocations import op_db

import backprop_lib as bp
from backprop_lib.tensor import Tensor

IGNORED = {
    "device",
    "layout",
    "memory_format",
    "pin_memory",
    "non_blocking",
    "copy",
}  # we have but one of each
TOLERANCE = {
    np.dtype(np.float32): {"rtol": 2e-4, "atol": 2e-4},
    np.dtype(np.float64): {"rtol": 1e-9, "atol": 1e-10},
}


OTHERWISE = {  # where PyTorch's record calls an operation in another way than by its name and arguments
    "__rdiv__": Tensor.__rtruediv__,
    "einsum": lambda operands, equation: bp.einsum(equation, *operands),
    "where": lambda input, condition, other: bp.where(condition, input, other),
}


def operations(names):
    """PyTorch's records of the operations named, one for each variant."""
    return [op for op in op_db if op.name in names]


def full_name(op):
    """The name, and that of the variant if there are several."""
    return f"{op.name} {op.variant_test_name}".rstrip()


def our_function(op):
    """What we call by that name: a method, a property or a function."""
    if op.name in OTHERWISE:
        return OTHERWISE[op.name]
    name = op.name.split(".")[-1]
    found = getattr(Tensor, name, None) or getattr(bp, name)
    return found.fget if isinstance(found, property) else found


def to_ours(x):
    """The same arguments with our Tensors and dtypes."""
    if isinstance(x, torch.Tensor):
        return Tensor(x.detach().numpy(), requires_grad=x.requires_grad)
    if isinstance(x, torch.dtype):
        return torch.empty(0, dtype=x).numpy().dtype
    if isinstance(x, list | tuple):
        return type(x)(map(to_ours, x)) if type(x) in (list, tuple) else tuple(map(to_ours, x))
    if isinstance(x, dict):
        return {name: to_ours(value) for name, value in x.items() if name not in IGNORED}
    return x


class Call:
    """One sample, to be computed by PyTorch and by us."""

    def __init__(self, op, sample):
        self.op = op
        self.theirs = (sample.input, *sample.args), sample.kwargs
        self.ours = to_ours(self.theirs[0]), to_ours(sample.kwargs)

    def __repr__(self):
        def shown(x):
            if isinstance(x, torch.Tensor):
                return f"{str(x.dtype).removeprefix('torch.')}{list(x.shape)}"
            return f"[{', '.join(map(shown, x))}]" if isinstance(x, list | tuple) else repr(x)

        args, kwargs = self.theirs
        return f"{full_name(self.op)}({', '.join(map(shown, args))}, {kwargs})"

    def run_theirs(self):
        """PyTorch's results."""
        args, kwargs = self.theirs
        return flat(self.op(*args, **kwargs), torch.Tensor)

    def run_ours(self):
        """Our results."""
        args, kwargs = self.ours
        return flat(our_function(self.op)(*args, **kwargs), Tensor)

    def leaves(self):
        """The inputs that require gradients: PyTorch's and ours, in the same order."""
        theirs, ours = flat(self.theirs, torch.Tensor), flat(self.ours, Tensor)
        return [x for x in theirs if x.requires_grad], [x for x in ours if x.requires_grad]


def calls(op, dtype):
    """All samples of an operation, the same at every call; none in a dtype that PyTorch has not got there."""
    if op.supports_dtype(dtype, "cpu"):
        torch.manual_seed(0)
        requires_grad = op.supports_autograd and dtype.is_floating_point
        # Not op.sample_inputs(), which inspects the stack at each sample: ten times slower.
        for sample in op.sample_inputs_func(op, "cpu", dtype, requires_grad):
            yield Call(op, sample)


def flat(nested, kind):
    """All Tensors in nested tuples, lists and dicts."""
    if isinstance(nested, kind):
        return [nested]
    if isinstance(nested, dict):
        nested = list(nested.values())
    return (
        [x for each in nested for x in flat(each, kind)]
        if hasattr(nested, "__iter__") and not isinstance(nested, str)
        else []
    )


def weighted(outputs, lib):
    """A scalar to differentiate: all results that need a gradient, each element with its own weight."""
    total = None
    for out in outputs:
        if out.requires_grad:
            count = int(np.prod(out.shape))
            weights = np.cos(1 + np.arange(count)).reshape(tuple(out.shape))
            weights = lib.tensor(weights, dtype=out.dtype)
            total = (out * weights).sum() if total is None else total + (out * weights).sum()
    return total


def first_order(call):
    """Gradients of a weighted sum of the results: PyTorch's and ours."""
    return [gradients(lib, run(), leaves) for lib, run, leaves in sides(call)]


def second_order(call):
    """Gradients of the sum of squares of the first gradients: PyTorch's and ours."""
    both = []
    for lib, run, leaves in sides(call):
        first = gradients(lib, run(), leaves, create_graph=True)
        squares = [(g * g).sum() for g in first if g is not None]
        both.append(gradients(lib, squares, leaves))
    return both


def sides(call):
    """PyTorch and we, each with the way to run the call and its leaves."""
    theirs, ours = call.leaves()
    return (torch, call.run_theirs, theirs), (bp, call.run_ours, ours)


def gradients(lib, outputs, leaves, create_graph=False):
    """For each leaf, None if nothing depends on it."""
    total = weighted(outputs, lib)
    if total is None:
        return [None] * len(leaves)
    return lib.autograd.grad(total, leaves, create_graph=create_graph, allow_unused=True)


def assert_same(ours, theirs):
    """Results or gradients with the same shapes, dtypes and numbers; no gradient is one of zeros."""
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs):
        if mine is None or other is None:
            for gradient in (mine, other):
                assert gradient is None or not bool(gradient.detach().any())
            continue
        other = other.detach().numpy(force=True)
        assert isinstance(mine.array, np.ndarray)
        assert (mine.shape, mine.dtype) == (other.shape, other.dtype)
        np.testing.assert_allclose(mine.array, other, **TOLERANCE.get(other.dtype, {}))
