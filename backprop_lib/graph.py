"""The record of what was computed, and the walk back through it: reverse-mode differentiation.

A result has a node: the operation, what its vector-Jacobian products need, and one edge per input, which
leads to the input's node, or to the input itself if that is a leaf.
References lead from results to inputs only, so there are no cycles.
"""

import contextlib
import contextvars
import functools
import itertools
import math
import operator
import threading

import numpy as np

now = itertools.count(1).__next__  # moments: when a result was recorded, when numbers changed in place


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

    __slots__ = ("dtype", "guards", "hooks", "number", "op", "parts", "remade", "shape")

    def __init__(self, op, parts, guards, shape, dtype, remade):
        self.op = op
        self.parts = parts  # for each input: its node or leaf, its VJP and what that asked for; or None
        self.guards = guards  # by number, of inputs and result (last) that are kept: when they last changed
        self.shape = shape  # of the result, like its dtype
        self.dtype = dtype
        self.remade = remade  # inputs and options, where the operation has a composed form
        self.hooks = None
        self.number = now()  # inputs are recorded before results: this order is topological

    @property
    def edges(self):
        """For each input the Node or leaf that the gradient goes to, or None where it is not wanted."""
        return [None if part is None else part[0] for part in self.parts]


def nodes_under(roots):
    """All nodes that `roots` were computed from, themselves included, in the order of their recording.

    Raises RuntimeError if an earlier backward pass has freed one of them.
    """
    found, pending = set(roots), list(roots)
    while pending:
        node = pending.pop()
        if node.parts is None:
            raise RuntimeError(
                f"the graph through this result of {node.op.name} was freed by an earlier backward(): "
                "compute the result again, or call the first backward() with retain_graph=True"
            )
        for part in node.parts:
            if part is not None:
                edge = part[0]
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
        pending = self.pending
        for start, g in starts:
            pending[start] = _sum(pending[start], g) if start in pending else g
        roots = [start for start in pending if type(start) is Node]
        nodes = nodes_under(roots)
        if self.ends is not None:
            nodes = self._leading_to_ends(nodes)
        recording, thread.recording = thread.recording, self.create_graph
        try:
            if len(roots) < len(pending):
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
                    for part, share in zip(node.parts, self._shares(node, g)):
                        if share is None or part is None:
                            continue
                        edge = part[0]
                        if type(edge) is not Node:
                            self._arrive(edge, share, share is not g)
                        elif edge in pending:
                            pending[edge] = _sum(pending[edge], share)
                        else:
                            pending[edge] = share
                if not retain_graph:
                    node.parts = node.remade = None
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

    def _shares(self, node, g):
        """The gradient for each input of `node`, of the input's shape and dtype, or None if not wanted."""
        for last_change in node.guards.values():
            if last_change[0] > node.number:
                raise RuntimeError(
                    f"a tensor that {node.op.name} needs for its gradient has since been changed in place, "
                    "so its gradient would be wrong: call backward() before the change"
                )
        if node.op.custom is not None:
            given = self.wrap(g, None) if type(g) is np.ndarray else g
            shares = node.op.custom(node, given, self.create_graph)
        elif not self.create_graph:
            return thread.silently(self._products, node, g)
        elif node.op.composed is not None:
            shares = self._composed(node, g)
        else:
            shares = self._recorded(node, g)
        for i, (part, share) in enumerate(zip(node.parts, shares)):
            if share is not None and part is not None:
                end = part[0]
                share = share if share.shape == end.shape else unbroadcast(share, end.shape)
                shares[i] = share if share.dtype == end.dtype else share.astype(end.dtype)
        return shares

    def _products(self, node, g):
        """One vector-Jacobian product for each input that wants a gradient."""
        shares = []
        for part in node.parts:
            if part is None:
                shares.append(None)
                continue
            edge, vjp, arguments = part
            share = vjp(g, *arguments)
            like = edge if type(edge) is Node else edge.array
            if type(share) is not np.ndarray:
                share = np.asarray(share)
            if share.shape != like.shape:
                share = unbroadcast(share, like.shape)
            if share.dtype is not like.dtype:  # equal dtypes are nearly always one object
                share = share.astype(like.dtype, copy=False)
            shares.append(share)
        return shares

    def _recorded(self, node, g):
        """The same products as Tensors, recorded in their turn."""
        shares = []
        for part, needs in zip(node.parts, node.op.needs):
            share = None
            if part is not None:
                _, vjp, arguments = part
                tensors = [self._tensor(node, *need, value) for need, value in zip(needs, arguments)]
                try:
                    share = vjp(g, *tensors)
                except (TypeError, NotImplementedError) as error:
                    raise NotImplementedError(
                        f"the gradient of {node.op.name} cannot be differentiated again: "
                        "compute it without create_graph"
                    ) from error
                if isinstance(share, np.ndarray | np.generic):
                    share = self.wrap(np.asarray(share), None)
            shares.append(share)
        return shares

    def _tensor(self, node, kind, which, value):
        """What was kept of an input or a result as a Tensor with its place in the graph; else as it is."""
        if kind == "out":
            which, end = len(node.parts), node
        elif kind == "input" and type(value) is np.ndarray:
            end = None if node.parts[which] is None else node.parts[which][0]
        else:
            return value
        if end is not None and type(end) is not Node:
            return end
        tensor = self.wrap(value, end)
        if which in node.guards:
            tensor._last_change = node.guards[which]
        return tensor

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

    def _arrive(self, leaf, g, owned):
        """A gradient has come to a leaf; `owned` if nobody else holds this array."""
        if leaf._hooks is not None:
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


@functools.lru_cache(maxsize=16)
def ones(count, dtype):
    """An array of `count` ones, made once: a product with it is the fastest sum over rows or columns."""
    made = np.ones(count, dtype)
    made.setflags(write=False)
    return made


def unbroadcast(g, shape):
    """Sum `g` back to `shape`: what broadcasting has copied collects the gradients of all its copies."""
    extra = len(g.shape) - len(shape)
    size = math.prod(shape)
    if math.prod(g.shape) == size:
        return g.reshape(shape)
    if size and type(g) is np.ndarray and g.shape[extra:] == shape:
        rows = g.reshape(-1, size)
        total = ones(len(rows), g.dtype).dot(rows)
        return total if len(shape) == 1 else total.reshape(shape)
    stretched = tuple(extra + i for i, n in enumerate(shape) if n == 1 and g.shape[extra + i] != 1)
    return g.sum(axis=(*range(extra), *stretched), keepdims=True).reshape(shape)
