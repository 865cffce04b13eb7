"""Operations that a user defines, forward and backward, as with `torch.autograd.Function`."""

from backprop_lib.core import Tensor, wrap
from backprop_lib.graph import Node, no_grad, thread

_OUTPUT = object()


class Context:
    """What `forward` leaves for `backward`: Tensors by `save_for_backward`, anything else as attributes."""

    def __init__(self, needs_input_grad):
        self.needs_input_grad = needs_input_grad
        self._saved = ()
        self._node = None

    def save_for_backward(self, *tensors):
        """Keep these inputs or results (or None) for `backward`, where they are `saved_tensors`."""
        self._saved = tensors

    @property
    def saved_tensors(self):
        """The Tensors that `forward` saved."""
        return tuple(wrap(self._output, self._node) if x is _OUTPUT else x for x in self._saved)


class Function:
    """An operation with a gradient of its own: subclasses define two static methods and are used by `apply`.

    `forward(ctx, *args)` computes the result, a Tensor, from Tensors and other values; it is not recorded.
    `backward(ctx, grad_output)` returns one gradient for each argument of forward, None where there is none.
    If `backward` uses operations of this library only, its result can be differentiated again.
    """

    @staticmethod
    def forward(ctx, *args):
        """The result; to be defined by the subclass."""
        raise NotImplementedError("a Function must define the static method forward(ctx, ...)")

    @staticmethod
    def backward(ctx, grad_output):
        """The gradients of the arguments; to be defined by the subclass."""
        raise NotImplementedError("a Function must define the static method backward(ctx, grad_output)")

    @classmethod
    def apply(cls, *args):
        """Compute `forward` and record it.

        Raises TypeError if forward returns something else than one Tensor.
        """
        needs = tuple(isinstance(x, Tensor) and x.requires_grad for x in args)
        ctx = Context(needs)
        with no_grad():
            result = cls.forward(ctx, *args)
        if not isinstance(result, Tensor):
            raise TypeError(f"{cls.__name__}.forward must return one Tensor, got {type(result).__name__}")
        if not (any(needs) and thread.recording):
            return result
        # A saved result is kept as an array: the Tensor would refer to its own node.
        ctx._output = result.array
        ctx._saved = tuple(_OUTPUT if x is result else x for x in ctx._saved)
        parts = [((x.grad_fn or x), None, ()) if need else None for x, need in zip(args, needs)]
        output = wrap(result.array, Node(_Custom(cls, ctx), parts, {}, result.shape, result.dtype, None))
        if thread.tape is not None:
            thread.tape.append(output)
        return output


class _Custom:
    """What the graph knows of a user-defined operation."""

    composed = None

    def __init__(self, function, ctx):
        self.name = function.__name__
        self._function = function
        self._ctx = ctx

    def custom(self, node, g, create_graph):
        """The gradient of each argument, from the user's `backward`."""
        self._ctx._node = node
        try:
            shares = self._function.backward(self._ctx, g)
        finally:
            self._ctx._node = None
        shares = shares if isinstance(shares, tuple) else (shares,)
        if len(shares) != len(node.parts):
            raise RuntimeError(
                f"{self.name}.backward must return one gradient for each argument of forward: "
                f"expected {len(node.parts)}, got {len(shares)}"
            )
        for i, (share, edge) in enumerate(zip(shares, node.edges)):
            if share is not None and not isinstance(share, Tensor):
                raise TypeError(f"gradient {i} of {self.name}.backward must be a Tensor, got {share!r}")
            if share is not None and edge is not None and share.shape != edge.shape:
                raise RuntimeError(
                    f"gradient {i} of {self.name}.backward must have the shape {edge.shape}, "
                    f"got {share.shape}"
                )
        return [share if create_graph or share is None else share.array for share in shares]
