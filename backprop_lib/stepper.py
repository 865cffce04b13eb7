"""Show a trace as a figure to step through: values forward, then gradients backward, node by node.

The figure is one piece of HTML with its own style and script, so that it works without a kernel or network.
Where no script runs, and in print, it is a picture of the last state.
Pure Python, so that it serves the scalar engine without NumPy.
"""

from html import escape
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

from backprop_lib.stepper_layout import Layout, characters
from backprop_lib.stepper_words import Words
from backprop_lib.trace import Trace

_LINE, _PADDING = 17, 7
_STYLE = (
    ".bp-steps text{font:13px system-ui,sans-serif;text-anchor:middle;fill:#1a1a1a}"
    ".bp-steps .t{font-weight:600}.bp-steps .s{font-size:11px;fill:#555}.bp-steps .g{fill:#0b4f9e}"
    ".bp-steps .l{font-size:12px;fill:#0b4f9e;stroke:#fff;stroke-width:5px;paint-order:stroke}"
    ".bp-steps rect{fill:#fff;stroke:#555}.bp-steps .leaf rect{fill:#eef3f8}.bp-steps .ground{stroke:none}"
    ".bp-steps path{fill:none;stroke:#8a8a8a}.bp-steps .f{fill:#8a8a8a}.bp-steps .b{fill:#0b4f9e}"
)


def step_through(trace, alt):
    """A figure that shows the steps of a `Trace` one by one, with buttons, a slider and the arrow keys.

    `alt` says in words what the graph is, for readers who cannot see it.
    Raises TypeError if `trace` is no Trace, and ValueError if `alt` is empty.
    """
    if not isinstance(trace, Trace):
        raise TypeError(
            f"step_through(trace) needs what trace(function, inputs) returns, got {type(trace).__name__}"
        )
    if not alt.strip():
        raise ValueError("step_through(trace, alt) needs a description of the graph in words")
    return Stepper(trace, alt)


class Stepper:
    """A figure that notebooks, the book and the PDF show; `frames` are its steps.

    A frame is a dictionary: `phase` is "forward" or "backward", `caption` a list of sentences,
    `active` the number of the node that is at work or None, `computed` the nodes that get their values,
    and `arrived` the gradients that change: {node: lines of text}.
    """

    def __init__(self, trace, alt):
        self.alt = alt
        self._words = Words(trace)
        self.frames = list(_frames(trace, self._words))
        self.svg = _svg(trace, self._words, alt)

    def __str__(self):
        return "\n".join(
            f"{number}. {' '.join(frame['caption'])}" for number, frame in enumerate(self.frames, 1)
        )

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": _html(self), "image/svg+xml": self.svg, "text/plain": str(self)}


def _frames(trace, words):
    """The inputs together, then a frame for each result; the gradient 1, then a frame for each node."""
    forward = trace.forward
    leaves = [step for step in forward if not step.operation]
    results = [step for step in forward if step.operation]
    given = [f"{words.label(leaf.node)} = {words.inline(leaf.value)}" for leaf in leaves]
    yield _frame("forward", None, [leaf.node for leaf in leaves], [f"Given: {', '.join(given)}."])
    for step in results:
        yield _frame("forward", step.node, [step.node], words.forward(step))
    root = words.root
    arrived, missing = {root: words.one}, words.uses.copy()
    yield _frame("backward", root, [], words.start(root), {root: words.gradient(words.one)})
    for step in trace.backward:
        sentences, changed = [words.sends(step)], {}
        for place, (parent, share) in enumerate(zip(step.inputs, step.outgoing, strict=True)):
            before = arrived.get(parent)
            arrived[parent] = share if before is None else before + share
            sentences.append(words.receives(step, place, before, arrived[parent]))
            missing[parent] -= 1
            changed[parent] = words.gradient(arrived[parent], unfinished=missing[parent] > 0)
        yield _frame("backward", step.node, [], sentences, changed)
    untouched = {node: words.gradient(g) for node, g in trace.gradients.items() if node not in arrived}
    if untouched:
        names = ", ".join(words.label(node) for node in untouched)
        yield _frame("backward", None, [], [f"No gradient reaches {names}: it is 0."], untouched)


def _frame(phase, active, computed, caption, arrived=None):
    return {
        "phase": phase,
        "active": active,
        "computed": computed,
        "caption": caption,
        "arrived": arrived or {},
    }


def _svg(trace, words, alt):
    """The picture of the last state; its groups carry the numbers by which the script finds them."""
    boxes = {step.node: _lines(step, trace, words) for step in trace.forward}
    sizes = {node: _size(lines, words.uses[node]) for node, lines in boxes.items()}
    layout = Layout({step.node: step.inputs for step in trace.forward}, sizes)
    local = {(step.node, i): words.factor(d) for step in trace.backward for i, d in enumerate(step.local)}
    parts = [f'<rect class="ground" width="{layout.width:.0f}" height="{layout.height:.0f}"/>']
    edges = list(layout.edges())
    parts += [_edge(node, points) for node, _, points in edges]
    parts += [_factor(node, points, local.get((node, place))) for node, place, points in edges]
    for step in trace.forward:
        x, y = layout.centre[step.node]
        parts.append(_box(step, x, y, *sizes[step.node], boxes[step.node]))
    parts = [part for part in parts if part]
    size = f'viewBox="0 0 {layout.width:.0f} {layout.height:.0f}" width="{layout.width:.0f}"'
    head = f'<svg class="bp-steps" xmlns="http://www.w3.org/2000/svg" {size} height="{layout.height:.0f}"'
    return (
        f'{head} role="img"><title>{escape(alt)}</title><style>{_STYLE}</style>\n'
        + "\n".join(parts)
        + "\n</svg>"
    )


def _lines(step, trace, words):
    """(class, text) of each line in a node's box."""
    shape = words.shape(step.value)
    return [
        ("t", words.title(step)),
        *([("s", f"shape {shape}")] if shape else []),
        *(("v", line) for line in words.value(step.value)),
        *(("g", line) for line in words.gradient(trace.gradients[step.node])),
    ]


def _size(lines, uses):
    """Width and height of a box; a gradient that comes in several shares needs room for "+ …"."""
    longest = max(characters(text) + 4 * (kind == "g" and uses > 1) for kind, text in lines)
    return max(72, longest * 7.4 + 16), len(lines) * _LINE + 2 * _PADDING


def _box(step, x, y, width, height, lines):
    kind = "node" if step.operation else "node leaf"
    top = y - height / 2
    rect = f'<rect x="{x - width / 2:.0f}" y="{top:.0f}" width="{width:.0f}" height="{height:.0f}" rx="6"/>'
    texts = (
        f'<text class="{kind}" x="{x:.0f}" y="{top + _PADDING + 13 + i * _LINE:.0f}">{escape(text)}</text>'
        for i, (kind, text) in enumerate(lines)
    )
    return f'<g class="{kind}" data-n="{step.node}">{rect}{"".join(texts)}</g>'


def _edge(node, points):
    """A curve from an input down to its result; the blue head at its upper end is the way back."""
    (x0, y0), *_, (x1, y1) = points
    path = f"M{x0:.0f} {y0:.0f}"
    for (ax, ay), (bx, by) in pairwise(points):
        middle = (ay + by) / 2
        path += f"C{ax:.0f} {middle:.0f} {bx:.0f} {middle:.0f} {bx:.0f} {by:.0f}"
    down = f'<path class="f" d="M{x1:.0f} {y1:.0f}l-4 -7h8z"/>'
    up = f'<path class="b" d="M{x0:.0f} {y0:.0f}l-4 7h8z"/>'
    return f'<g class="edge" data-e="{node}"><path class="c" d="{path}"/>{down}{up}</g>'


def _factor(node, points, text):
    """The local derivative, written on the upper part of its edge."""
    if not text:
        return ""
    (x0, y0), (x1, y1) = points[:2]
    place = f'x="{x0 + 0.3 * (x1 - x0):.0f}" y="{(y0 + y1) / 2 + 3:.0f}"'
    return f'<g class="edge" data-e="{node}"><text class="l" {place}>×{escape(text)}</text></g>'


def _html(figure):
    """A picture, the steps in words, and the script that makes a figure with buttons of them."""
    picture = quote(figure.svg, safe=" !$'()*+,-./:;=?@[]_{}|~")
    steps = "".join(_item(frame) for frame in figure.frames)
    name = figure.alt.partition(". ")[0]
    return (
        f"<style>{_file('stepper.css')}</style>\n"
        f'<div class="bp-step" role="group" aria-label="Step-through figure: {escape(name)}" tabindex="0"'
        ' data-lm-suppress-shortcuts="true">'
        f'<div class="bp-still"><img alt="{escape(figure.alt)}" src="data:image/svg+xml,{picture}"></div>\n'
        f'<details class="bp-all"><summary>All steps in words</summary><ol>\n{steps}</ol></details></div>\n'
        f"<script>{_file('stepper.js')}</script>"
    )


def _item(frame):
    state = [f'data-phase="{frame["phase"]}"']
    if frame["active"] is not None:
        state.append(f'data-active="{frame["active"]}"')
    if frame["computed"]:
        state.append(f'data-computed="{" ".join(map(str, frame["computed"]))}"')
    if frame["arrived"]:
        # the lines of one gradient are parted by "|", the gradients by ";": numbers contain neither
        arrived = ";".join(f"{node}|{'|'.join(lines)}" for node, lines in frame["arrived"].items())
        state.append(f'data-arrived="{escape(arrived)}"')
    return f"<li {' '.join(state)}>{'<br>'.join(map(escape, frame['caption']))}</li>\n"


def _file(name):
    return Path(__file__).with_name(name).read_text(encoding="utf-8").strip()
