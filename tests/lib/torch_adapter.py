"""PyTorch's own samples as an oracle: what to do with them in backprop_lib, and how to compare."""

import numpy as np
import torch

from backprop_lib.tensor import Tensor

TOLERANCE = {np.dtype(np.float32): (1e-3, 1e-4), np.dtype(np.float64): (1e-7, 1e-9)}


def ours(x):
    """The same structure with backprop_lib's Tensors, arrays and dtypes instead of PyTorch's."""
    if isinstance(x, torch.Tensor):
        return Tensor(x.detach().numpy().copy(), requires_grad=x.requires_grad)
    if isinstance(x, torch.dtype):
        return torch.empty(0, dtype=x).numpy().dtype
    if isinstance(x, torch.Size):
        return tuple(x)
    if isinstance(x, list | tuple):
        return type(x)(ours(each) for each in x)
    if isinstance(x, dict):
        return {name: ours(each) for name, each in x.items()}
    return x


def tensors(x):
    """The Tensors in a nested structure, of either library, in order."""
    if isinstance(x, torch.Tensor | Tensor):
        return [x]
    if isinstance(x, list | tuple):
        return [tensor for each in x for tensor in tensors(each)]
    return [tensor for each in x.values() for tensor in tensors(each)] if isinstance(x, dict) else []


def equal(mine, theirs, scale=1):
    """Raise AssertionError unless the two Tensors have the same shape, kind of dtype and numbers."""
    expected = theirs.detach().numpy()
    assert mine.shape == expected.shape, f"shape {mine.shape}, PyTorch {expected.shape}"
    assert mine.dtype == expected.dtype, f"dtype {mine.dtype}, PyTorch {expected.dtype}"
    if expected.dtype.kind != "f":
        assert np.array_equal(mine.array, expected)
        return
    rtol, atol = TOLERANCE[expected.dtype]
    np.testing.assert_allclose(mine.array, expected, rtol=rtol * scale, atol=atol * scale)


def weights_for(outputs):
    """A fixed weighting of all outputs, so that errors in different elements cannot cancel."""
    return [
        torch.cos(torch.arange(o.numel(), dtype=torch.float64)).reshape(o.shape).to(o.dtype) for o in outputs
    ]


def backward(mine, theirs):
    """Backpropagate the same gradients through both lists of outputs; whether there was anything to do."""
    pairs = [(a, b) for a, b in zip(mine, theirs) if b.requires_grad]
    if not pairs:
        return False
    seeds = weights_for([b for _, b in pairs])
    torch.autograd.backward([b for _, b in pairs], seeds)
    for (a, _), seed in zip(pairs, seeds):
        a.backward(seed.numpy(), retain_graph=True)
    return True


def same_gradients(mine, theirs):
    """Raise AssertionError unless each of our Tensors has the gradient that PyTorch gives the other one."""
    for a, b in zip(mine, theirs, strict=True):
        if b.requires_grad and b.grad is not None:
            assert a.grad is not None, "no gradient"
            equal(a.grad, b.grad)
