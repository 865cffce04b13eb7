"""Watch backpropagation at work: a forward and a backward pass, step by step, for either engine.

A step of the forward pass computes one value.
A step of the backward pass takes the gradient that has arrived at one result and sends its shares on.
Importing this module loads no NumPy, so that it serves the scalar engine alone.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Step:
    """One step of a trace.

    `phase` is "forward" or "backward".
    `node` is the number of the node that is computed, or whose gradient is passed on.
    `operation` is the name of its operation, or "" for an input.
    `inputs` are the numbers of the nodes it was computed from, constants left out.
    `value` is its value.
    Of a backward step: `incoming` is the gradient that has arrived at the node, `local` holds for each input
    the derivative of the node's value by the input's, and `outgoing` the gradient that is sent to it.
    Values and gradients are floats for the scalar engine and arrays for the tensor engine, where a local
    derivative has the shape of the result followed by the shape of the input.
    """

    phase: str
    node: int
    operation: str
    inputs: tuple
    value: object
    incoming: object = None
    local: tuple = ()
    outgoing: tuple = ()


@dataclass(frozen=True)
class Trace:
    """The steps of both passes, the names of the nodes, and the gradient of every node at the end."""

    steps: list
    names: dict = field(default_factory=dict)  # number of a node -> name
    gradients: dict = field(default_factory=dict)  # number of a node -> gradient

    def __iter__(self):
        return iter(self.steps)

    def __len__(self):
        return len(self.steps)

    @property
    def forward(self):
        """The steps of the forward pass."""
        return [step for step in self.steps if step.phase == "forward"]

    @property
    def backward(self):
        """The steps of the backward pass."""
        return [step for step in self.steps if step.phase == "backward"]

    def label(self, node):
        """The name of a node, or a name made of its number."""
        return self.names.get(node, f"v{node}")

    def __str__(self):
        return "\n".join(self._line(step) for step in self.steps)

    def _line(self, step):
        if step.phase == "forward":
            made = (
                f"{step.operation}({', '.join(map(self.label, step.inputs))})" if step.operation else "input"
            )
            return f"forward   {self.label(step.node)} = {made} = {_short(step.value)}"
        sent = ", ".join(
            f"{_short(out)} to {self.label(i)}" for i, out in zip(step.inputs, step.outgoing, strict=True)
        )
        return f"backward  {self.label(step.node)} has {_short(step.incoming)}, sends {sent}"


def trace(function, inputs, names=None):
    """Run `function(*inputs)` forward and backward, and return every step as a `Trace`.

    `inputs` are Values, or Tensors of which at least one requires a gradient; the result has one element.
    `names` maps names to inputs, or to results once they exist: it may be a dictionary that `function` fills.
    The inputs' own `grad` stays as it is.
    Raises TypeError for other inputs or another result.
    """
    names = {} if names is None else names
    inputs = list(inputs)
    if inputs and all(hasattr(x, "_results_in_order") for x in inputs):
        return _trace_values(function, inputs, names)
    if inputs and all(hasattr(x, "grad_fn") for x in inputs):
        from backprop_lib.tensor_trace import trace_tensors

        return trace_tensors(function, inputs, names)
    kinds = ", ".join(sorted({type(x).__name__ for x in inputs})) or "nothing"
    raise TypeError(f"trace(function, inputs) needs Values only or Tensors only, got {kinds}")


def _trace_values(function, inputs, names):
    root = function(*inputs)
    if not hasattr(root, "_results_in_order"):
        raise TypeError(
            f"the traced function must return a Value, got {root!r} of type {type(root).__name__}"
        )
    results = root._results_in_order()
    if not root._prev:
        results = []
    nodes = list({id(x): x for x in [*inputs, *(p for r in results for p in r._prev), root]}.values())
    inner = {id(r) for r in results}
    order = [x for x in nodes if id(x) not in inner] + results
    number = {id(x): i for i, x in enumerate(order)}

    steps = []
    for x in order:
        parents = tuple(number[id(p)] for p in x._prev)
        steps.append(Step("forward", number[id(x)], x._op, parents, x.data))
    gradients = dict.fromkeys(range(len(order)), 0.0)
    gradients[number[id(root)]] = 1.0
    for x in reversed(results):
        at = number[id(x)]
        parents = tuple(number[id(p)] for p in x._prev)
        local = tuple(_local_derivatives(x))
        outgoing = tuple(d * gradients[at] for d in local)
        for parent, share in zip(parents, outgoing, strict=True):
            gradients[parent] += share
        steps.append(Step("backward", at, x._op, parents, x.data, gradients[at], local, outgoing))
    return Trace(steps, _numbered(names, number), gradients)


def _local_derivatives(x):
    if x._b is not None:
        return [x._da, x._db]
    return x._da if isinstance(x._a, list) else [x._da]


def _numbered(names, number):
    return {number[id(x)]: name for name, x in names.items() if id(x) in number}


def _short(x):
    if isinstance(x, float):
        return f"{x:.4g}"
    return f"{x.item():.4g}" if x.size == 1 else f"array of shape {x.shape}"
