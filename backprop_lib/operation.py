"""What a differentiable operation is: a forward function and one vector-Jacobian product per input."""

import inspect
import operator

import numpy as np


class Operation:
    """A differentiable function of arrays, applied to Tensors by the engine.

    `forward` maps arrays to an array.
    Its first parameters, one for each of `vjps`, are the inputs; the others are options.
    A first parameter `*tensors` stands for all inputs.
    Each VJP maps the gradient `g` of the result to the gradient of its input; None is for an input without
    a gradient, such as class labels.

    A VJP names what it needs besides `g`, and only that is kept until the backward pass:
    an input by its name; `NAME_shape`, the shape of an input; `out`, the result; an option by its name;
    or `context`, where `forward` returns the pair (result, context).
    It may return the broadcast shape: the engine sums the gradient back to the shape of the input.
    VJPs are written with operators and NumPy functions, which Tensors understand too: the same lines serve
    when a gradient is to be differentiated again.
    A fused operation whose VJPs are not written so has a `composed` form, a function of Tensors built from
    other operations, which then takes its place.

    `expects` completes the error message "NAME cannot take shapes ...: ".
    """

    custom = None  # user-defined operations pass gradients on in their own way, see autograd/function.py

    __slots__ = (
        "composed",
        "defaults",
        "expects",
        "extras",
        "forward",
        "has_context",
        "inputs",
        "name",
        "needs",
        "plan",
        "vjps",
    )

    def __init__(self, name, forward, vjps, composed=None, expects=None):
        self.name = name
        self.forward = forward
        self.vjps = vjps
        self.composed = composed
        self.expects = expects or "aligned from the right, lengths must be equal or 1"
        parameters = list(inspect.signature(forward).parameters.values())
        if parameters[0].kind is inspect.Parameter.VAR_POSITIONAL:
            many = parameters.pop(0)
            self.inputs = [f"{many.name}{i}" for i in range(len(vjps))]
        else:
            self.inputs = [p.name for p in parameters[: len(vjps)]]
            parameters = parameters[len(vjps) :]
        self.defaults = {p.name: p.default for p in parameters}
        named = [list(inspect.signature(vjp).parameters)[1:] if vjp else [] for vjp in vjps]
        self.needs = [[self._where(name) for name in names] for names in named]
        self.has_context = any("context" in names for names in named)
        # What VJPs may ask for stands in one list: the inputs, the result, the context, and the extras.
        known = [*(("input", i) for i in range(len(vjps))), ("out", None), ("context", None)]
        asked = dict.fromkeys(need for needs in self.needs for need in needs)
        self.extras = [need for need in asked if need not in known]
        self.plan = [self._plan(vjp, needs, known + self.extras) for vjp, needs in zip(vjps, self.needs)]

    def _plan(self, vjp, needs, known):
        """For one input: its VJP, what takes its arguments out of the list, and which of them can change."""
        if vjp is None:
            return None
        at = [known.index(need) for need in needs]
        return vjp, _getter(at), tuple(i for i in at if i <= len(self.vjps))

    def _where(self, name):
        """How the engine finds what a VJP calls `name`: a kind, and an index or a name."""
        if name in self.inputs:
            return "input", self.inputs.index(name)
        if name.removesuffix("_shape") in self.inputs:
            return "shape", self.inputs.index(name.removesuffix("_shape"))
        if name in ("out", "context"):
            return name, None
        if name in self.defaults:
            return "option", name
        raise TypeError(
            f"a VJP of {self.name} asks for {name!r}: no input, option, NAME_shape, out or context"
        )

    def asked(self, arrays, options):
        """The extras that the VJPs ask for."""
        return [
            np.shape(arrays[which])
            if kind == "shape"
            else (options[which] if which in options else self.defaults[which])
            for kind, which in self.extras
        ]

    def __repr__(self):
        return f"<operation {self.name}>"


def _getter(at):
    """A function that takes the items number `at` out of a list, as a tuple."""
    if len(at) > 1:
        return operator.itemgetter(*at)
    if at:
        return lambda values, i=at[0]: (values[i],)
    return lambda values: ()
