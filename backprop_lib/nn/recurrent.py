"""Recurrent layers: the same weights at every step of a sequence.

Weights are (gates * hidden_size, inputs), biases (gates * hidden_size,), all uniform in
+-1/sqrt(hidden_size) at first. Gates are in PyTorch's order: i, f, g, o for LSTM and r, z, n for GRU.
"""

import math

import numpy as np

from backprop_lib import functional
from backprop_lib.nn.module import Module
from backprop_lib.nn.start import uniform_parameter
from backprop_lib.operations.joining import cat, stack
from backprop_lib.tensor import Tensor

_GATES = {"rnn": 1, "lstm": 4, "gru": 3}


def _gate(x, number, size):
    return x[..., number * size : (number + 1) * size]


def rnn_step(projected, hidden, weight, bias, activation):
    """One step of a plain network: activation(x's share + W h + b)."""
    out = projected + functional.linear(hidden, weight, bias)
    return out.tanh() if activation == "tanh" else out.relu()


def lstm_step(projected, hidden, cell, weight, bias):
    """One step of a long short-term memory: the new hidden state and the new cell.

    Hochreiter & Schmidhuber, Neural Computation 9(8):1735-1780, 1997.
    """
    gates = projected + functional.linear(hidden, weight, bias)
    size = cell.shape[-1]
    keep = _gate(gates, 1, size).sigmoid() * cell
    cell = keep + _gate(gates, 0, size).sigmoid() * _gate(gates, 2, size).tanh()
    return _gate(gates, 3, size).sigmoid() * cell.tanh(), cell


def gru_step(projected, hidden, weight, bias):
    """One step of a gated recurrent unit. Cho et al., EMNLP 2014."""
    own = functional.linear(hidden, weight, bias)
    size = hidden.shape[-1]
    reset = (_gate(projected, 0, size) + _gate(own, 0, size)).sigmoid()
    update = (_gate(projected, 1, size) + _gate(own, 1, size)).sigmoid()
    new = (_gate(projected, 2, size) + reset * _gate(own, 2, size)).tanh()
    return new + update * (hidden - new)


class _Cell(Module):
    def __init__(self, input_size, hidden_size, bias=True, dtype=None):
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        bound = 1 / math.sqrt(hidden_size) if hidden_size > 0 else 0
        rows = _GATES[self._kind] * hidden_size
        self.weight_ih = uniform_parameter((rows, input_size), bound, dtype)
        self.weight_hh = uniform_parameter((rows, hidden_size), bound, dtype)
        self.bias_ih = uniform_parameter((rows,), bound, dtype) if bias else None
        self.bias_hh = uniform_parameter((rows,), bound, dtype) if bias else None

    def _start(self, input, hidden):
        """The hidden state to begin with; checks the shapes."""
        if input.ndim not in (1, 2):
            raise ValueError(
                f"{type(self).__name__}: Expected input to be 1D or 2D, got {input.ndim}D instead"
            )
        if input.shape[-1] != self.input_size:
            raise RuntimeError(
                f"{self!r} needs inputs of shape (N, {self.input_size}) or without N, got {input.shape}"
            )
        shape = (*input.shape[:-1], self.hidden_size)
        if hidden is None:
            return Tensor(np.zeros(shape, input.dtype))
        if hidden.ndim not in (1, 2):
            raise ValueError(
                f"{type(self).__name__}: Expected hidden to be 1D or 2D, got {hidden.ndim}D instead"
            )
        if hidden.shape != shape:
            raise RuntimeError(f"{self!r} needs a hidden state of shape {shape}, got {hidden.shape}")
        return hidden

    def _project(self, input):
        return functional.linear(input, self.weight_ih, self.bias_ih)

    def extra_repr(self):
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else f", bias={self.bias}")


class RNNCell(_Cell):
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh): x (N, input_size) or without N, h likewise, 0 if not given.

    `nonlinearity` may be 'relu'. Raises RuntimeError or ValueError for inputs that do not fit.
    Elman, Cognitive Science 14(2):179-211, 1990.
    """

    _kind = "rnn"

    def __init__(self, input_size, hidden_size, bias=True, nonlinearity="tanh", dtype=None):
        super().__init__(input_size, hidden_size, bias, dtype)
        if nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {nonlinearity}")
        self.nonlinearity = nonlinearity

    def forward(self, input, hx=None):
        hx = self._start(input, hx)
        return rnn_step(self._project(input), hx, self.weight_hh, self.bias_hh, self.nonlinearity)

    def extra_repr(self):
        text = super().extra_repr()
        return text if self.nonlinearity == "tanh" else f"{text}, nonlinearity={self.nonlinearity}"


class LSTMCell(_Cell):
    """(h', c') from x (N, input_size) or without N and the pair hx = (h, c), 0 if not given.

    Raises RuntimeError or ValueError for inputs that do not fit.
    Hochreiter & Schmidhuber, Neural Computation 9(8):1735-1780, 1997.
    """

    _kind = "lstm"

    def forward(self, input, hx=None):
        hidden, cell = (None, None) if hx is None else hx
        hidden, cell = self._start(input, hidden), self._start(input, cell)
        return lstm_step(self._project(input), hidden, cell, self.weight_hh, self.bias_hh)


class GRUCell(_Cell):
    """h' from x (N, input_size) or without N and h, 0 if not given.

    Raises RuntimeError or ValueError for inputs that do not fit. Cho et al., EMNLP 2014.
    """

    _kind = "gru"

    def forward(self, input, hx=None):
        return gru_step(self._project(input), self._start(input, hx), self.weight_hh, self.bias_hh)


class _Recurrent(Module):
    """Layers of cells over sequences, in one direction or in both."""

    def __init__(
        self,
        input_size,
        hidden_size,
        num_layers=1,
        bias=True,
        batch_first=False,
        dropout=0.0,
        bidirectional=False,
        proj_size=0,
        dtype=None,
    ):
        if proj_size and self._kind != "lstm":
            raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
        if not 0 <= proj_size < max(hidden_size, 1):
            raise ValueError("proj_size should be zero to disable projections, or smaller than hidden_size")
        if hidden_size <= 0 or num_layers <= 0:
            raise ValueError("hidden_size and num_layers must be greater than zero")
        if not 0 <= dropout <= 1:
            raise ValueError("dropout should be a number in range [0, 1] representing a probability")
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        width = proj_size or hidden_size  # of the hidden states
        bound = 1 / math.sqrt(hidden_size)
        rows = _GATES[self._kind] * hidden_size
        for layer in range(num_layers):
            inputs = input_size if layer == 0 else width * (1 + bidirectional)
            for end in self._directions():
                for name, shape in (
                    ("weight_ih", (rows, inputs)),
                    ("weight_hh", (rows, width)),
                    ("bias_ih", (rows,)),
                    ("bias_hh", (rows,)),
                    ("weight_hr", (width, hidden_size)),
                ):
                    if proj_size if name == "weight_hr" else bias or name.startswith("weight"):
                        setattr(self, f"{name}_l{layer}{end}", uniform_parameter(shape, bound, dtype))

    def _directions(self):
        return ("", "_reverse") if self.bidirectional else ("",)

    def forward(self, input, hx=None):
        if input.ndim not in (2, 3):
            raise ValueError(
                f"{type(self).__name__}: Expected input to be 2D or 3D, got {input.ndim}D instead"
            )
        if input.shape[-1] != self.input_size:
            raise RuntimeError(f"{self!r} needs inputs of shape (..., {self.input_size}), got {input.shape}")
        batched = input.ndim == 3
        if not batched:
            x = input.reshape(input.shape[0], 1, self.input_size)
        else:
            x = input.transpose(0, 1) if self.batch_first else input
        if x.shape[0] == 0:
            raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
        widths = self.proj_size or self.hidden_size, self.hidden_size
        states = [self._starts(x, h, batched, width) for h, width in zip(self._unpack(hx), widths)]
        ends = []
        for layer in range(self.num_layers):
            if layer and self.dropout:
                x = functional.dropout(x, self.dropout, self.training)
            outs = []
            for direction, end in enumerate(self._directions()):
                number = layer * len(self._directions()) + direction
                out, last = self._run(x, [s[number] for s in states], f"_l{layer}{end}", direction == 1)
                outs.append(out)
                ends.append(last)
            x = outs[0] if len(outs) == 1 else cat(outs, -1)
        finals = [stack(list(each), 0) for each in zip(*ends)]
        if not batched:
            x, finals = x.reshape(x.shape[0], x.shape[2]), [f[:, 0] for f in finals]
        elif self.batch_first:
            x = x.transpose(0, 1)
        return x, self._pack(finals)

    def _run(self, x, states, suffix, backwards):
        """One layer in one direction: the hidden states of all steps, and the last states."""
        names = "weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr"
        w_ih, w_hh, b_ih, b_hh, w_hr = (getattr(self, name + suffix, None) for name in names)
        projected = functional.linear(x, w_ih, b_ih)  # of all steps at once
        outs = []
        steps = range(len(x))
        for i in reversed(steps) if backwards else steps:
            states = self._step(projected[i], states, w_hh, b_hh)
            if w_hr is not None:
                states[0] = functional.linear(states[0], w_hr)
            outs.append(states[0])
        return stack(outs[::-1] if backwards else outs, 0), states

    def _starts(self, x, state, batched, width):
        """The states to begin with, one for each layer and direction."""
        count = self.num_layers * len(self._directions())
        shape = (count, x.shape[1], width)
        if state is None:
            return [Tensor(np.zeros(shape[1:], x.dtype))] * count
        if state.ndim != (3 if batched else 2):
            raise RuntimeError(
                f"For {'batched' if batched else 'unbatched'} input, hx should be {3 if batched else 2}-D "
                f"but got {state.ndim}-D tensor"
            )
        if not batched:
            state = state.reshape(state.shape[0], 1, state.shape[1])
        if state.shape != shape:
            raise RuntimeError(f"Expected hidden size {shape}, got {state.shape}")
        return state

    def _unpack(self, hx):
        return [hx]

    def _pack(self, finals):
        return finals[0]

    def extra_repr(self):
        text = f"{self.input_size}, {self.hidden_size}"
        for name, default in (
            ("proj_size", 0),
            ("num_layers", 1),
            ("bias", True),
            ("batch_first", False),
            ("dropout", 0.0),
            ("bidirectional", False),
        ):
            if getattr(self, name) != default:
                text += f", {name}={getattr(self, name)}"
        return text


class RNN(_Recurrent):
    """Plain recurrent layers over sequences; `nonlinearity` is 'tanh' or 'relu'.

    Shapes: input (L, N, input_size), (N, L, input_size) if `batch_first`, or (L, input_size); states
    (layers * directions, N, hidden_size), 0 if not given. Returns (hidden states of all steps, last states).
    Raises ValueError or RuntimeError for inputs that do not fit. Elman, Cognitive Science 14(2), 1990.
    """

    _kind = "rnn"

    def __init__(
        self, input_size, hidden_size, num_layers=1, nonlinearity="tanh", bias=True, *args, **kwargs
    ):
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        super().__init__(input_size, hidden_size, num_layers, bias, *args, **kwargs)
        self.nonlinearity = nonlinearity

    def _step(self, projected, states, weight, bias):
        return [rnn_step(projected, states[0], weight, bias, self.nonlinearity)]


class LSTM(_Recurrent):
    """Layers of long short-term memory over sequences; the state is the pair (h, c).

    Shapes: input (L, N, input_size), (N, L, input_size) if `batch_first`, or (L, input_size); h and c
    (layers * directions, N, hidden_size), 0 if not given. Returns (hidden states of all steps, (h, c)).
    With `proj_size` a matrix makes each h that long. Raises ValueError or RuntimeError for what does not fit.
    Hochreiter & Schmidhuber, Neural Computation 9(8):1735-1780, 1997.
    """

    _kind = "lstm"

    def _unpack(self, hx):
        return [None, None] if hx is None else list(hx)

    def _pack(self, finals):
        return tuple(finals)

    def _step(self, projected, states, weight, bias):
        return list(lstm_step(projected, *states, weight, bias))


class GRU(_Recurrent):
    """Layers of gated recurrent units over sequences.

    Shapes: input (L, N, input_size), (N, L, input_size) if `batch_first`, or (L, input_size); states
    (layers * directions, N, hidden_size), 0 if not given. Returns (hidden states of all steps, last states).
    Raises ValueError or RuntimeError for inputs that do not fit. Cho et al., EMNLP 2014.
    """

    _kind = "gru"

    def _step(self, projected, states, weight, bias):
        return [gru_step(projected, states[0], weight, bias)]
