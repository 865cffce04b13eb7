"""The record of what was computed, and the walk back through it: reverse-mode differentiation.

A result has a node: the operation, what its vector-Jacobian products need, and one edge per input, which
leads to the input's node, or to the input itself if that is a leaf.
References lead from results to inputs only, so there are no cycles.
"""

import contextlib
import contextvars
import itertools
import operator
import threading

import numpy as np

_next_number = itertools.count().__next__


class _Thread(threading.local):
    """What each thread has of its own: whether it records, and a context in which NumPy does not warn.

    Inf and nan propagate silently, as in PyTorch; entering the context costs a tenth of np.errstate.
    """

    def __init__(self):
        self.recording = True
        self.tape = None  # a list while `trace` watches: every recorded result
        context = contextvars.copy_context()
        context.run(np.seterr, all="ignore")
        self.silently = context.run


thread = _Thread()


@contextlib.contextmanager
def set_grad_enabled(mode):
    """Within this context operations are recorded, or not."""
    before, thread.recording = thread.recording, bool(mode)
    try:
        yield
    finally:
        thread.recording = before


def no_grad():
    """Within this context operations record nothing, so their results need no gradient."""
    return set_grad_enabled(False)


def enable_grad():
    """Within this context operations are recorded again."""
    return set_grad_enabled(True)


def is_grad_enabled():
    """Whether operations are being recorded."""
    return thread.recording


class Node:
    """One recorded result."""

    __slots__ = ("changes", "edges", "hooks", "number", "op", "remade", "result_changes", "saved", "types")

    def __init__(self, op, edges, saved, types, changes, remade):
        self.op = op
        self.edges = edges  # for each input: its Node, a leaf, or None where no gradient is wanted
        self.saved = saved  # what the VJPs asked for
        self.types = types  # for each edge: the shape and dtype of the input
        self.changes = changes  # of each saved input: how often it had been changed in place
        self.remade = remade  # inputs and options, where the operation has a composed form
        self.result_changes = None  # the result's list of changes, and their number when it was recorded
        self.hooks = None
        self.number = _next_number()  # inputs are recorded before results: this order is topological


def nodes_under(roots):
    """All nodes that `roots` were computed from, themselves included, in the order of their recording.

    Raises RuntimeError if an earlier backward pass has freed one of them.
    """
    found, pending = set(roots), list(roots)
    while pending:
        node = pending.pop()
        if node.edges is None:
            raise RuntimeError(
                f"the graph through this result of {node.op.name} was freed by an earlier backward(): "
                "compute the result again, or call the first backward() with retain_graph=True"
            )
        for edge in node.edges:
            if type(edge) is Node and edge not in found:
                found.add(edge)
                pending.append(edge)
    return sorted(found, key=operator.attrgetter("number"))


class Walk:
    """One walk back, with gradients that are plain arrays, or recorded Tensors if `create_graph`.

    `ends` are the nodes or leaves that are asked for; None means all leaves, whose `grad` then grows.
    `wrap(array, node)` makes a Tensor.
    """

    def __init__(self, wrap, ends=None, create_graph=False):
        self.wrap = wrap
        self.ends = ends
        self.create_graph = create_graph
        self.found = {}
        self.pending = {}

    def run(self, starts, retain_graph):
        """Walk back from `starts`, pairs of a node or leaf and its gradient; returns {end: gradient}."""
        for start, g in starts:
            self._put(start, g)
        nodes = nodes_under([start for start, _ in starts if type(start) is Node])
        if self.ends is not None:
            nodes = self._leading_to_ends(nodes)
        pending = self.pending
        recording, thread.recording = thread.recording, self.create_graph
        try:
            for leaf in [start for start in pending if type(start) is not Node]:
                self._arrive(leaf, pending.pop(leaf), owned=False)
            while nodes:
                node = nodes.pop()
                g = pending.pop(node, None)
                if g is not None:
                    if node.hooks:
                        g = self._through(node.hooks, g)
                    if self.ends is not None and node in self.ends:
                        self.found[node] = g
                    self._pass_on(node, g)
                if not retain_graph:
                    node.edges = node.saved = node.remade = None
        finally:
            thread.recording = recording
        return self.found

    def _leading_to_ends(self, nodes):
        """Of `nodes`, in their order, those from which the walk reaches one of the ends."""
        reaching = set(self.ends)
        for node in nodes:
            if any(edge in reaching for edge in node.edges if edge is not None):
                reaching.add(node)
        return [node for node in nodes if node in reaching]

    def _pass_on(self, node, g):
        """Multiply `g` with each local derivative of `node` and leave the products at its inputs."""
        op = node.op
        if op.custom is not None:
            shares = op.custom(node, self.wrap(g, None) if type(g) is np.ndarray else g, self.create_graph)
        elif self.create_graph and op.composed is not None:
            shares = self._composed(node, g)
        else:
            shares = self._shares(node, op, g)
        for edge, share, kind in zip(node.edges, shares, node.types):
            if edge is None or share is None:
                continue
            shape, dtype = kind
            if share.shape != shape:
                share = unbroadcast(share, shape)
            if share.dtype != dtype:
                share = share.astype(dtype)
            if type(edge) is Node:
                self._put(edge, share)
            else:
                self._arrive(edge, share, owned=share is not g)

    def _shares(self, node, op, g):
        """One vector-Jacobian product for each input that wants a gradient, None for the others."""
        saved = self._unpack(node)
        if self.create_graph:
            return [
                None if edge is None else self._recorded(op, vjp, g, [saved[i] for i in pick])
                for edge, vjp, pick in zip(node.edges, op.vjps, op.picks)
            ]
        silently, shares = thread.silently, []
        for edge, vjp, pick in zip(node.edges, op.vjps, op.picks):
            share = None
            if edge is not None:
                share = silently(vjp, g, *[saved[i] for i in pick])
                if type(share) is not np.ndarray:
                    share = np.asarray(share)
            shares.append(share)
        return shares

    def _recorded(self, op, vjp, g, arguments):
        try:
            share = vjp(g, *arguments)
            return self.wrap(np.asarray(share)) if isinstance(share, np.ndarray | np.generic) else share
        except (TypeError, NotImplementedError) as error:
            raise NotImplementedError(
                f"the gradient of {op.name} cannot be differentiated again: compute it without create_graph"
            ) from error

    def _unpack(self, node):
        """What was saved for the VJPs: as arrays, or as Tensors if the walk itself is recorded."""
        saved = []
        changed = False
        if node.result_changes is not None:
            count, before = node.result_changes
            changed = count[0] != before
        for value, changes in zip(node.saved, node.changes):
            if changes is not None:
                changed = changed or value._changes[0] != changes
                value = value if self.create_graph else value.array
            saved.append(value)
        if changed:
            raise RuntimeError(
                f"a tensor that {node.op.name} needs for its gradient has since been changed in place, "
                "so its gradient would be wrong: call backward() before the change"
            )
        if self.create_graph and node.op.saves_out:
            at = node.op.saves.index(("out", None))
            saved[at] = self.wrap(saved[at], node)
        return saved

    def _composed(self, node, g):
        """The shares of a fused operation, by differentiating what it is composed of."""
        inputs, options = node.remade
        stand_ins = [x if edge is None else x.alias() for x, edge in zip(inputs, node.edges)]
        out = node.op.composed(*stand_ins, **options)
        ends = [None if edge is None else x._node for x, edge in zip(stand_ins, node.edges)]
        walk = Walk(self.wrap, {end for end in ends if end is not None}, create_graph=True)
        found = walk.run([(out._node, g)], retain_graph=True)
        return [None if end is None else found.get(end, g * 0) for end in ends]

    def _through(self, hooks, g):
        for hook in list(hooks.values()):
            changed = hook(self.wrap(g, None) if type(g) is np.ndarray else g)
            if changed is not None:
                g = changed if self.create_graph else changed.array
        return g

    def _put(self, end, g):
        self.pending[end] = _sum(self.pending[end], g) if end in self.pending else g

    def _arrive(self, leaf, g, owned):
        """A gradient has come to a leaf; `owned` if nobody else holds this array."""
        if leaf._hooks:
            g = self._through(leaf._hooks, g)
            owned = False
        if self.ends is None:
            leaf._accumulate(g, owned)
        elif leaf in self.ends:
            self.found[leaf] = _sum(self.found[leaf], g) if leaf in self.found else g


def _sum(a, b):
    if type(a) is not np.ndarray:
        return a + b
    total = thread.silently(np.add, a, b)
    return total if type(total) is np.ndarray else np.asarray(total)


def unbroadcast(g, shape):
    """Sum `g` back to `shape`: what broadcasting has copied collects the gradients of all its copies."""
    extra = len(g.shape) - len(shape)
    stretched = tuple(extra + i for i, n in enumerate(shape) if n == 1 and g.shape[extra + i] != 1)
    return g.sum(axis=(*range(extra), *stretched), keepdims=True).reshape(shape)
