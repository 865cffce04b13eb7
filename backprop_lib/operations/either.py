"""Operations inside vector-Jacobian products: on arrays usually, on Tensors for higher orders."""

import functools

from backprop_lib.core import Tensor, apply


def either(function):
    """Call the forward function of an operation if all its inputs are arrays, else the operation itself."""
    op = function.operation
    count = len(op.inputs)

    @functools.wraps(function)
    def call(*inputs, **options):
        if any(isinstance(x, Tensor) for x in inputs[:count]):
            return apply(op, inputs[:count], dict(zip(op.defaults, inputs[count:])) | options)
        return op.forward(*inputs, **options)

    return call


class Shared:
    """What the VJPs of one node have in common: the first to ask for it computes it, for the same gradient.

    It is the context of a node, with what the forward function left there as `kept`.
    """

    __slots__ = ("_g", "_value", "kept")

    def __init__(self, kept):
        self.kept = kept
        self._g = self._value = None

    def get(self, g, compute, *arguments):
        """compute(g, kept, *arguments), remembered until another `g` comes."""
        if self._g is not g:
            self._value = compute(g, self.kept, *arguments)
            self._g = g
        return self._value

    def take(self, g, compute, *arguments):
        """The same for the last VJP that asks: forget it afterwards."""
        value = self.get(g, compute, *arguments)
        self._g = self._value = None
        return value
