"""The words and numbers of a step-through figure, for single numbers and for arrays.

Arrays are read by their own methods only, so that this module imports no NumPy.
"""

import math
import re
from collections import Counter

SHOWN = 12  # numbers of an array that are written out; of larger arrays the figure shows the shape
_WIDE = 34  # characters of a title
_NAMES = {
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "div",
    "**": "pow",
    "ReLU": "relu",
    "matmul": "@",
    "mm": "@",
    "mv": "@",
}
_VERBS = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "div": "divide",
    "pow": "raise to a power",
    "neg": "change the sign",
    "dot": "sum of products",
    "@": "matrix product",
    "sum": "sum of all entries",
    "mean": "mean of all entries",
    "sigmoid": "sigmoid",
}
_SIGNS = {"add": " + ", "sub": " − ", "mul": " · ", "div": " / ", "@": " @ "}
_BRACKETED = re.compile(r"\([^()]*\)")
_SUPERSCRIPTS = {"2": "²", "3": "³"}


def number(x):
    """A number with four significant digits and a real minus sign."""
    text = f"{x:.4g}"
    return "0" if text == "-0" else text.replace("-", "−")


class Words:
    """What a figure says about a `Trace`."""

    def __init__(self, trace):
        self._trace = trace
        self._forward = {step.node: step for step in trace.forward}
        self._backward = {step.node: step for step in trace.backward}
        self.label = trace.label
        self.uses = Counter(parent for step in trace.backward for parent in step.inputs)
        if trace.backward:
            self.root = trace.backward[0].node
        else:  # the function returned one of its inputs
            self.root = next(node for node, g in trace.gradients.items() if any(_flat(g)))
        self.one = trace.gradients[self.root]

    # ---- numbers and arrays ----

    def shape(self, x):
        """The shape of an array as text; "" for a single number."""
        return _shape_text(_shape(x)) if _shape(x) else ""

    def value(self, x):
        """The lines of a value: numbers, one line for each row; none for a large array."""
        shape, flat = _shape(x), _flat(x)
        if not shape:
            return [number(flat[0])]
        if len(flat) > SHOWN or len(shape) > 2:
            return []
        if len(shape) == 1:
            return [_row(flat)]
        width = shape[1]
        rows = [_row(flat[i * width : (i + 1) * width]) for i in range(shape[0])]
        return ["[" * (i == 0) + row + "]" * (i == len(rows) - 1) for i, row in enumerate(rows)]

    def inline(self, x):
        """A value within a sentence."""
        return ", ".join(self.value(x)) or f"an array of shape {self.shape(x)}"

    def gradient(self, g, unfinished=False):
        """The lines of a gradient in a box; while shares of it are missing, it ends in "+ …"."""
        lines = self.value(g) or [f"of shape {self.shape(g)}"]
        lines[0] = f"∂ {lines[0]}"
        if unfinished:
            lines[-1] += " + …"
        return lines

    def factor(self, local):
        """A local derivative that is one number, for the edge; "" for an array."""
        flat = _flat(local)
        return number(flat[0]) if len(flat) == 1 else ""

    # ---- what an operation does ----

    def title(self, step):
        """The first line of a box: the name and how it is computed, as far as there is room."""
        name = self.label(step.node)
        if not step.operation:
            return name
        long = self._equation(step)
        return long if len(long) <= _WIDE else f"{name}: {_verb(step.operation)}"

    def forward(self, step):
        """The sentences of a forward step."""
        operation, verb = _kind(step.operation), _verb(step.operation).capitalize()
        equation = self._equation(step)
        verb = "Square" if operation == "pow" and equation.endswith("²") else verb
        if not any(_shape(self._forward[i].value) for i in (*step.inputs, step.node)):
            numbers = self._expression(step, numbers=True)
            return [f"{verb}: {equation} = {numbers} = {number(_flat(step.value)[0])}."]
        sentences = [f"{verb}: {equation}."]
        if operation == "@" and len(step.inputs) == 2:
            a, b = (_shape_text(_shape(self._forward[i].value)) for i in step.inputs)
            sentences.append(f"Shapes: {_shape_text(_shape(step.value))} = {a} @ {b}.")
        shown = self.value(step.value)
        if shown:
            sentences.append(f"Value: {', '.join(shown)}.")
        elif operation != "@":
            sentences.append(f"Shape: {self.shape(step.value)}.")
        return sentences

    def start(self, root):
        """The sentence that begins the backward pass."""
        name = self.label(root)
        return [f"Now backward. {name} changes as fast as itself: the gradient of {name} is 1."]

    def sends(self, step):
        """The sentence that begins a backward step."""
        incoming = f"the gradient of {self.label(step.node)}, {self.inline(step.incoming)}"
        return f"Back through {self.title(step)}. Incoming: {incoming}."

    def receives(self, step, place, before, after):
        """What one input of a backward step gets, and what that makes of its gradient."""
        parent, share = step.inputs[place], step.outgoing[place]
        sentence = f"Gradient of {self.label(parent)}: {self._product(step, place)} = {self.inline(share)}"
        if before is not None:
            sentence += f", added to {self.inline(before)} makes {self.inline(after)}"
        return sentence + "."

    def _product(self, step, place):
        """The local derivative times what is incoming, in words."""
        local, incoming = step.local[place], step.incoming
        flat, size = _flat(local), len(_flat(incoming))
        if len(flat) == 1:
            return f"local derivative {number(flat[0])} × incoming {number(_flat(incoming)[0])}"
        if _kind(step.operation) == "@" and len(step.inputs) == 2:
            other, node = self.label(step.inputs[1 - place]), self._forward[step.inputs[1 - place]]
            if len(_shape(node.value)) == 1 and len(_shape(incoming)) == 1:
                first, second = ("incoming", other) if place == 0 else (other, "incoming")
                return f"{first} as a column times {second} as a row"
            return f"incoming @ transposed {other}" if place == 0 else f"transposed {other} @ incoming"
        if _kind(step.operation) == "sum" and size == 1:
            return f"local derivative 1 for every entry × incoming {number(_flat(incoming)[0])}"
        diagonal = self._diagonal(step, place)
        if diagonal is not None:
            shape = _shape(step.value)
            written = (
                _row(diagonal) if len(shape) == 1 and size <= SHOWN else f"of shape {_shape_text(shape)}"
            )
            return f"entry by entry, local derivative {written} × incoming {self.inline(incoming)}"
        return f"local derivative of shape {_shape_text(_shape(local))} × incoming, summed over the result,"

    def _diagonal(self, step, place):
        """The derivative of each entry by the same entry, if there is no other; else None."""
        flat, size = _flat(step.local[place]), len(_flat(step.value))
        if len(flat) != size * size or _shape(step.value) != _shape(self._forward[step.inputs[place]].value):
            return None
        if any(d != 0 for k, d in enumerate(flat) if k % (size + 1)):
            return None
        return flat[:: size + 1]

    def _equation(self, step):
        """A result and how it is computed; the name alone if that says it already."""
        name, how = self.label(step.node), self._expression(step)
        return name if name == how else f"{name} = {how}"

    def _expression(self, step, numbers=False):
        """How a result is computed, with names or with numbers; constants are numbers in both."""
        kind = _kind(step.operation)
        names = [self.label(i) for i in step.inputs]
        if numbers:
            names = [number(_flat(self._forward[i].value)[0]) for i in step.inputs]
        parts = [_part(name) for name in names]
        if kind == "dot":
            n = len(parts) // 2
            products = [f"{w} · {x}" for w, x in zip(parts[:n], parts[n : 2 * n])]
            return " + ".join(products + parts[2 * n :])
        if kind == "neg":
            return f"−{parts[0]}"
        if kind == "pow" and len(parts) == 2:
            return f"{parts[0]}^{parts[1]}"
        if kind in _SIGNS and len(parts) > 1:
            return _SIGNS[kind].join(parts)
        if kind in ("add", "sub", "mul", "div", "pow"):
            return self._with_constant(step, kind, parts[0])
        return f"{'σ' if kind == 'sigmoid' else kind}({', '.join(names)})"

    def _with_constant(self, step, kind, part):
        """An operation on one input and a constant, which follows from the value and the derivative."""
        c, before = self._constant(step, kind)
        c = None if c is None else number(c)
        if kind == "pow" and not before:
            exponent = c if c is not None else "…"
            return f"{part}{_SUPERSCRIPTS.get(exponent, '^' + _part(exponent))}"
        c = "constant" if c is None else _part(c)
        sign = "^" if kind == "pow" else _SIGNS[kind]
        return f"{c}{sign}{part}" if before or kind == "mul" else f"{part}{sign}{c}"

    def _constant(self, step, kind):
        """The constant, or None if it is not one number, and whether it stands before the input."""
        xs, vs = _flat(self._forward[step.inputs[0]].value), _flat(step.value)
        derivative = self._backward.get(step.node)
        slopes = None
        if derivative is not None:
            slopes = _flat(derivative.local[0]) if len(vs) == 1 else self._diagonal(derivative, 0)
        if slopes is None or not len(slopes) == len(xs) == len(vs):
            return None, False
        found = [_one_constant(kind, x, v, d) for x, v, d in zip(xs, vs, slopes)]
        c, before = found[0]
        if any(
            d is None or b != before or not math.isclose(c, d, rel_tol=1e-6, abs_tol=1e-12) for d, b in found
        ):
            return None, before
        return c, before


def _one_constant(kind, x, v, d):
    """(c, whether it stands first) for v = x + c, x − c, c − x, c x, x / c, c / x, x^c or c^x, of slope d."""
    if kind == "add":
        c, before = v - x, False
    elif kind == "sub":
        c, before = (x - v, False) if d > 0 else (v + x, True)
    elif kind == "mul":
        return d, True
    elif kind == "div":
        if math.isclose(x * d, v, rel_tol=1e-6):
            return (1 / d if d else math.inf), False
        return v * x, True
    elif x == 0 or v == 0:
        return None, False
    else:
        c = d * x / v
        try:
            if math.isclose(
                x ** (round(c) if math.isclose(c, round(c), abs_tol=1e-6) else c), v, rel_tol=1e-6
            ):
                return c, False
        except (TypeError, OverflowError, ZeroDivisionError):
            pass
        return math.exp(d / v), True
    return (0.0 if abs(c) < 1e-12 * max(abs(x), abs(v)) else c), before


def _kind(operation):
    return _NAMES.get(operation, operation)


def _verb(operation):
    return _VERBS.get(_kind(operation), _kind(operation))


def _part(text):
    """A name or number as part of a formula: in brackets if it has a sign or is a formula itself."""
    return f"({text})" if text.startswith("−") or " " in _BRACKETED.sub("", text) else text


def _shape(x):
    return tuple(getattr(x, "shape", ()))


def _shape_text(shape):
    return str(tuple(int(n) for n in shape))


def _flat(x):
    return [float(x)] if isinstance(x, int | float) else [float(v) for v in x.reshape(-1).tolist()]


def _row(numbers):
    return f"[{', '.join(map(number, numbers))}]"
