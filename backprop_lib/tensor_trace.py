"""The tensor engine's part of `trace`: it catches results when recorded, and gradients when passed on."""

import numpy as np

from backprop_lib.core import Tensor, start, wrap
from backprop_lib.graph import Walk, thread
from backprop_lib.trace import Step, Trace, _numbered


def trace_tensors(function, inputs, names):
    """Run `function(*inputs)` forward and backward, and return every step; see `trace`.

    Raises TypeError if an input is no leaf, or if the function returns no Tensor.
    """
    if any(not x.is_leaf for x in inputs):
        raise TypeError("the inputs of a trace must be leaves: detach() a result first")
    thread.tape = tape = []
    try:
        root = function(*inputs)
    finally:
        thread.tape = None
    if not isinstance(root, Tensor):
        raise TypeError(f"the traced function must return a Tensor, got {type(root).__name__}")
    begin = start(root, None, create_graph=False)

    tensors = {x: x for x in inputs if x.requires_grad}  # node or leaf -> the Tensor
    for result in tape:
        for edge in result.grad_fn.edges:
            if isinstance(edge, Tensor):
                tensors.setdefault(edge, edge)
    leaves = set(tensors)
    for result in tape:
        tensors[result.grad_fn] = result
    number = {end: i for i, end in enumerate(tensors)}

    steps = []
    for end, x in tensors.items():
        parents = () if end in leaves else _parents(end, number)
        name = "" if end in leaves else end.op.name
        steps.append(Step("forward", number[end], name, parents, x.array))
    walk = _Watched(wrap, set(tensors))
    walk.number, walk.tensors = number, tensors
    found = walk.run([begin], retain_graph=True)
    gradients = {i: found.get(end, np.zeros_like(tensors[end].array)) for end, i in number.items()}
    by_id = {id(x): number[end] for end, x in tensors.items()}
    return Trace(steps + walk.steps, _numbered(names, by_id), gradients)


def _parents(node, number):
    return tuple(number[edge] for edge in node.edges if edge is not None)


class _Watched(Walk):
    """A walk that notes every step."""

    def __init__(self, *args):
        super().__init__(*args)
        self.steps = []

    def _shares(self, node, g):
        shares = super()._shares(node, g)
        value = self.tensors[node].array
        self.steps.append(
            Step(
                "backward",
                self.number[node],
                node.op.name,
                _parents(node, self.number),
                value,
                g,
                self._local(node, value),
                _wanted(node, shares),
            )
        )
        return shares

    def _local(self, node, value):
        """For each input the derivative of every element of the result by every element of the input."""
        rows = []
        for index in np.ndindex(value.shape):
            unit = np.zeros_like(value)
            unit[index] = 1
            rows.append(_wanted(node, super()._shares(node, unit)))
        wanted = [edge for edge in node.edges if edge is not None]
        return tuple(
            np.reshape([row[i] for row in rows], value.shape + edge.shape) for i, edge in enumerate(wanted)
        )


def _wanted(node, shares):
    return tuple(share for part, share in zip(node.parts, shares) if part is not None)
