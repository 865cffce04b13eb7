"""Where boxes and edges of a step-through figure lie: results below inputs, no edge behind a box."""

from unicodedata import combining

_GAP_X, _GAP_Y, _MARGIN, _LANE = 26, 46, 10, 14


def characters(text):
    """How many characters wide a text is; marks above or below a letter have no width."""
    return sum(not combining(c) for c in text)


class Layout:
    """Rows of boxes, the last results at the bottom.

    `inputs` maps each node to the nodes it was computed from, in an order in which inputs come first.
    `sizes` maps each node to the width and height of its box.
    An edge over several rows has a lane of its own in each row that it crosses.
    """

    def __init__(self, inputs, sizes):
        self._inputs = inputs
        self._sizes = sizes
        row = self._rows(inputs)
        self._lanes = {}  # (node, place) -> the lanes of that edge from its input down
        users = {}  # node or lane -> what lies right below it
        rows = [[] for _ in range(max(row.values()) + 1)]
        for node in inputs:
            rows[row[node]].append(node)
        for node, parents in inputs.items():
            for place, parent in enumerate(parents):
                lanes = [("lane", node, place, r) for r in range(row[parent] - 1, row[node], -1)]
                self._lanes[node, place] = lanes
                for lane in lanes:
                    rows[lane[3]].append(lane)
                for above, below in zip([parent, *lanes], [*lanes, node]):
                    users.setdefault(above, []).append((below, (place + 0.5) / len(parents)))
        self._place(rows, users)

    @staticmethod
    def _rows(inputs):
        """{node: number of its row from the bottom}; an input that nothing uses is in the top row."""
        row, used = dict.fromkeys(inputs, 0), set()
        for node in reversed(list(inputs)):
            for parent in inputs[node]:
                row[parent] = max(row[parent], row[node] + 1)
                used.add(parent)
        top = max(row.values())
        return {node: r if node in used or inputs[node] else top for node, r in row.items()}

    def _width(self, item):
        return _LANE if isinstance(item, tuple) else self._sizes[item][0]

    def _place(self, rows, users):
        """Each row, from the bottom: in the order of what lies below, and as near to it as there is room."""
        centre_x = {}
        for items in rows:
            wish = {}
            for item in items:
                below = users.get(item, [])
                wish[item] = sum(self._entry(b, p, centre_x) for b, p in below) / (len(below) or 1)
            items.sort(key=wish.__getitem__)
            xs = []
            for item in items:
                least = (
                    xs[-1] + (self._width(items[len(xs) - 1]) + self._width(item)) / 2 + _GAP_X
                    if xs
                    else None
                )
                xs.append(wish[item] if least is None else max(wish[item], least))
            shift = sum(wish[item] - x for item, x in zip(items, xs)) / len(items)
            centre_x.update((item, x + shift) for item, x in zip(items, xs))
        left = min(x - self._width(item) / 2 for item, x in centre_x.items()) - _MARGIN
        self.width = max(x + self._width(item) / 2 for item, x in centre_x.items()) + _MARGIN - left
        self.centre, self._band, y = {}, {}, _MARGIN
        for items in reversed(rows):
            height = max(self._sizes[item][1] for item in items if not isinstance(item, tuple))
            for item in items:
                self.centre[item] = centre_x[item] - left, y + height / 2
                self._band[item] = y, y + height
            y += height + _GAP_Y
        self.height = y - _GAP_Y + _MARGIN

    def _entry(self, below, share, centre_x):
        return centre_x[below] + (share - 0.5) * 0.02 * self._width(below)

    def edges(self):
        """(node, place, points) for each input of each node; the points lead down from the input."""
        leaving, entering = {}, {}
        for (node, place), lanes in self._lanes.items():
            parent = self._inputs[node][place]
            leaving.setdefault(parent, []).append((self.centre[[*lanes, node][0]][0], place, node))
            entering.setdefault(node, []).append((self.centre[[parent, *lanes][-1]][0], place))
        for (node, place), lanes in self._lanes.items():
            parent = self._inputs[node][place]
            out = sorted(leaving[parent]).index((self.centre[[*lanes, node][0]][0], place, node))
            into = sorted(entering[node]).index((self.centre[[parent, *lanes][-1]][0], place))
            points = [self._end(parent, out, len(leaving[parent]), +1)]
            for lane in lanes:
                points += [(self.centre[lane][0], y) for y in self._band[lane]]
            yield node, place, [*points, self._end(node, into, len(entering[node]), -1)]

    def _end(self, node, index, count, side):
        """A point on the lower (+1) or upper (-1) side of a box, where `count` edges share the side."""
        x, y = self.centre[node]
        width, height = self._sizes[node]
        return x + (index - (count - 1) / 2) * width * 0.7 / count, y + side * height / 2
