"""Gradients on request: as values (`grad`), or added to the leaves under several results (`backward`)."""

from backprop_lib.core import Tensor, start, wrap
from backprop_lib.graph import Walk


def grad(outputs, inputs, grad_outputs=None, retain_graph=None, create_graph=False, allow_unused=False):
    """The gradients of `outputs` with respect to `inputs`, as a tuple of Tensors; no `grad` is changed.

    `grad_outputs` holds a gradient for each output, of its shape; None means 1, for outputs with one element.
    Inputs may be leaves or results. With `create_graph` the gradients can be differentiated again.
    Raises RuntimeError if an input does not require a gradient, or if no output depends on it and not
    `allow_unused`, which gives None for it.
    """
    outputs, inputs = _tuple(outputs), _tuple(inputs)
    grad_outputs = (None,) * len(outputs) if grad_outputs is None else _tuple(grad_outputs)
    if len(grad_outputs) != len(outputs):
        raise RuntimeError(f"grad() got {len(outputs)} outputs but {len(grad_outputs)} grad_outputs")
    for i, x in enumerate(inputs):
        if not x.requires_grad:
            raise RuntimeError(f"input {i} of grad() does not require grad")
    ends = [x.grad_fn or x for x in inputs]
    walk = Walk(wrap, set(ends), create_graph)
    starts = [start(y, g, create_graph) for y, g in zip(outputs, grad_outputs)]
    found = walk.run(starts, create_graph if retain_graph is None else retain_graph)
    for i, end in enumerate(ends):
        if end not in found and not allow_unused:
            raise RuntimeError(
                f"no output of grad() depends on input {i}: allow_unused=True gives None for it"
            )
    return tuple(_tensor(found.get(end)) for end in ends)


def backward(tensors, grad_tensors=None, retain_graph=None, create_graph=False):
    """Add the gradients of the sum of `tensors` to the `grad` of all leaves under them.

    `grad_tensors` holds a gradient for each, of its shape; None means 1, for Tensors with one element.
    Raises RuntimeError as Tensor.backward does.
    """
    tensors = _tuple(tensors)
    gradients = (None,) * len(tensors) if grad_tensors is None else _tuple(grad_tensors)
    starts = [start(y, g, create_graph) for y, g in zip(tensors, gradients, strict=True)]
    Walk(wrap, create_graph=create_graph).run(starts, create_graph if retain_graph is None else retain_graph)


def _tuple(x):
    return tuple(x) if isinstance(x, tuple | list) else (x,)


def _tensor(g):
    return g if g is None or isinstance(g, Tensor) else wrap(g)
