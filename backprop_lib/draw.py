"""Draw the computational graph of a scalar Value as an SVG picture, with every value and gradient.

Pure Python, so that it works wherever `backprop_lib.scalar` does.
"""

from collections import Counter
from html import escape

_BOX_WIDTH, _BOX_HEIGHT = 112, 56
_LABEL_WIDTH, _LABEL_HEIGHT = 104, 34
_GAP = 24
_SYMBOLS = {"*": "×", "/": "÷", "-": "−", "**": "power", "neg": "−( )", "sigmoid": "σ"}

# Styles of an SVG within a page reach the whole page: every rule must begin with the drawing's own class.
_STYLE = (
    ".bp-graph text{font:13px system-ui,sans-serif;text-anchor:middle;fill:#1a1a1a}"
    ".bp-graph .n{font-weight:600}.bp-graph .g{fill:#0b4f9e}.bp-graph .box{fill:#fff;stroke:#555}"
    ".bp-graph .leaf{fill:#eef3f8}.bp-graph .w{fill:#fff}.bp-graph path{fill:none;stroke:#8a8a8a}"
)


def draw(root, names=None, alt=""):
    """A drawing of the graph that computed `root`: top to bottom, each node with its value and its gradient.

    `names` maps a name to a Value, for example {"x1": x1}.
    Sums of products are drawn as networks usually are: one node Σ, and each weight on its edge.
    `alt` says in words what the picture shows, for readers who cannot see it.
    Raises TypeError if `root` is not a Value.
    """
    if not hasattr(root, "_results_in_order"):
        raise TypeError(f"draw(root) needs a Value, got {root!r} of type {type(root).__name__}")
    graph = _Graph(root, {id(value): name for name, value in (names or {}).items()})
    return Drawing(_svg(graph, alt or f"Computational graph with {len(graph.edges)} nodes."), graph.as_text())


class Drawing:
    """An SVG picture that notebooks, the book and the PDF show; `str()` gives the SVG."""

    def __init__(self, svg, text):
        self._svg = svg
        self._text = text

    def __str__(self):
        return self._svg

    def _repr_mimebundle_(self, include=None, exclude=None):
        frame = '<div class="graph-figure" tabindex="0" role="group" aria-label="Computational graph">'
        html = f"{frame}{self._svg}</div>"
        return {"text/html": html, "image/svg+xml": self._svg, "text/plain": self._text}


class _Graph:
    """What is drawn: nodes in rows and the edges into each; sums are flattened, weights folded onto edges."""

    def __init__(self, root, names):
        self.names = names
        results = root._results_in_order()
        self._uses = Counter(id(p) for node in results for p in node._prev)
        self.edges = {}  # id of a drawn node -> (node, [(parent, weight or None), ...])
        self.row = {}
        pending = [root]
        while pending:
            node = pending.pop()
            if id(node) not in self.edges:
                terms = self._terms(node) if node._op in ("+", "dot") else [(p, None) for p in node._prev]
                self.edges[id(node)] = node, terms
                pending += [parent for parent, _ in reversed(terms)]
        drawn = [node for node in results if id(node) in self.edges] or [root]
        self.row[id(root)] = 0
        for node in reversed(drawn):
            for parent, _ in self.edges[id(node)][1]:
                self.row[id(parent)] = max(self.row.get(id(parent), 0), self.row[id(node)] + 1)

    def _inner(self, node):
        """True if `node` may disappear into its only user."""
        return id(node) not in self.names and self._uses[id(node)] == 1

    def _terms(self, node):
        """The summands of a sum, each as (parent, weight on the edge or None)."""
        if node._op == "dot":
            return self._products(node)
        terms = []
        for parent in node._prev:
            if parent._op in ("+", "dot") and self._inner(parent):
                terms += self._terms(parent)
            elif parent._op == "*" and self._inner(parent) and len(parent._prev) == 2:
                weight, other = parent._prev
                if weight._prev or self._uses[id(weight)] > 1:
                    weight, other = other, weight
                foldable = not weight._prev and self._uses[id(weight)] == 1
                terms.append((other, weight) if foldable else (parent, None))
            else:
                terms.append((parent, None))
        return terms

    def _products(self, node):
        """The terms of a dot product; two results have no weight between them: both are parents."""
        n = len(node._prev) // 2
        terms = []
        for w, x in zip(node._prev[:n], node._prev[n : 2 * n], strict=True):
            if w._prev:
                w, x = x, w
            terms += [(x, None), (w, None)] if w._prev else [(x, w)]
        return terms + [(bias, None) for bias in node._prev[2 * n :]]

    def rows(self):
        """Lists of nodes, inputs first; within a row, in the order in which the row below uses them."""
        rows = [[] for _ in range(max(self.row.values()) + 1)]
        for node, _ in self.edges.values():
            rows[self.row[id(node)]].append(node)
        place = {}
        for row in rows:
            below = {id(node): [] for node in row}
            for node, terms in self.edges.values():
                for k, (parent, _) in enumerate(terms):
                    if id(parent) in below and id(node) in place:
                        below[id(parent)].append(place[id(node)] + 0.01 * k)
            row.sort(key=lambda node: sum(below[id(node)]) / len(below[id(node)]) if below[id(node)] else 0.0)
            place.update((id(node), (i + 0.5) / len(row)) for i, node in enumerate(row))
        return rows[::-1]

    def title(self, node):
        """What stands in the first line of a node: its name and its operation."""
        name = self.names.get(id(node), "")
        terms = self.edges[id(node)][1]
        is_sum = node._op == "dot" or (node._op == "+" and len(terms) > 1)
        symbol = "Σ" if is_sum else _SYMBOLS.get(node._op, node._op)
        is_function = symbol.isalpha() and symbol != "power"
        return f"{name} = {symbol}" if name and is_function else name or symbol

    def as_text(self):
        """The same graph as lines of text."""
        lines = []
        for row in self.rows():
            for node in row:
                title = self.title(node) or "input"
                lines.append(f"{title}: value {node.data:.8g}, gradient {node.grad:.3g}")
                for _, weight in self.edges[id(node)][1]:
                    if weight is not None:
                        name = self.names.get(id(weight), "weight")
                        lines.append(f"    {name}: value {weight.data:.8g}, gradient {weight.grad:.3g}")
        return "\n".join(lines)


def _svg(graph, alt):
    rows = graph.rows()
    slots = [[max(_BOX_WIDTH, _labels(graph, node) * _LABEL_WIDTH) + _GAP for node in row] for row in rows]
    width = max(sum(row) for row in slots)
    centre, parts, y = {}, [], 8
    for row, sizes in zip(rows, slots, strict=True):
        y += (_LABEL_HEIGHT + _GAP) if any(_labels(graph, node) for node in row) else 0
        x, spare = 0.0, (width - sum(sizes)) / len(row)
        for node, size in zip(row, sizes, strict=True):
            centre[id(node)] = x + (size + spare) / 2, y
            x += size + spare
        y += _BOX_HEIGHT + _GAP
    for node, terms in graph.edges.values():
        parts += _edges_into(graph, node, terms, centre)
    for node, _ in graph.edges.values():
        parts += _box(graph, node, *centre[id(node)])
    size = f'viewBox="0 0 {width:.0f} {y - _GAP + 8}" width="{width:.0f}"'
    head = f'<svg class="bp-graph" xmlns="http://www.w3.org/2000/svg" {size} role="img">'
    return f"{head}<title>{escape(alt)}</title><style>{_STYLE}</style>{''.join(parts)}</svg>"


def _labels(graph, node):
    return sum(weight is not None for _, weight in graph.edges[id(node)][1])


def _edges_into(graph, node, terms, centre):
    x, top = centre[id(node)]
    terms = sorted(terms, key=lambda term: centre[id(term[0])][0])
    for i, (parent, weight) in enumerate(terms):
        offset = i - (len(terms) - 1) / 2
        px, py = centre[id(parent)]
        start, end = (px, py + _BOX_HEIGHT), (x + offset * _BOX_WIDTH / (len(terms) + 1), top)
        if weight is None:
            yield _curve(start, end)
            continue
        lx, ly = x + offset * _LABEL_WIDTH, top - _GAP / 2 - _LABEL_HEIGHT
        yield _curve(start, (lx, ly)) + _curve((lx, ly + _LABEL_HEIGHT), end)
        left = lx - _LABEL_WIDTH / 2
        yield f'<rect class="w" x="{left:.0f}" y="{ly:.0f}" width="{_LABEL_WIDTH}" height="{_LABEL_HEIGHT}"/>'
        name = graph.names.get(id(weight), "")
        yield _text(lx, ly + 14, f"{name} = {_number(weight.data, 8)}" if name else _number(weight.data, 8))
        yield _text(lx, ly + 29, f"∂ {_number(weight.grad, 3)}", "g")


def _box(graph, node, x, y):
    kind = "box" if node._prev else "box leaf"
    size = f'width="{_BOX_WIDTH}" height="{_BOX_HEIGHT}" rx="6"'
    yield f'<rect class="{kind}" x="{x - _BOX_WIDTH / 2:.0f}" y="{y}" {size}/>'
    yield _text(x, y + 17, graph.title(node), "n")
    yield _text(x, y + 33, _number(node.data, 8))
    yield _text(x, y + 49, f"∂ {_number(node.grad, 3)}", "g")


def _curve(start, end):
    (x0, y0), (x1, y1) = start, end
    middle = (y0 + y1) / 2
    return f'<path d="M{x0:.0f} {y0:.0f}C{x0:.0f} {middle:.0f} {x1:.0f} {middle:.0f} {x1:.0f} {y1:.0f}"/>'


def _text(x, y, text, kind=""):
    return f'<text class="{kind}" x="{x:.0f}" y="{y:.0f}">{escape(text)}</text>'


def _number(x, digits):
    return f"{x:.{digits}g}".replace("-", "−")
