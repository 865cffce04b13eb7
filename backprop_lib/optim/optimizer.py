"""What all optimisers have in common: groups of parameters with options, and what they remember of each."""

import numpy as np

from backprop_lib.graph import enable_grad
from backprop_lib.nn.module import array_of
from backprop_lib.optim.blocks import BLOCK
from backprop_lib.tensor import Tensor


class Optimizer:
    """Updates parameters in place by their gradients; subclasses define `_update`.

    `params` is an iterable of Tensors, or of dictionaries, each with the key "params" and with options that
    differ from `defaults`; the pairs of named_parameters() will do too.
    Raises ValueError if there are no parameters or a parameter is in two groups, TypeError if one is not a
    Tensor.
    """

    _tensors = ()  # names of what is remembered as arrays of the parameter's shape

    def __init__(self, params, defaults):
        kind = type(self).__name__
        if isinstance(params, Tensor):
            raise TypeError(
                f"{kind} needs a list of Tensors, got one Tensor, which is not iterable as parameters"
            )
        self.defaults = defaults
        self.param_groups = []
        self.state = {}  # parameter -> what is remembered of it
        self._scratch = {}
        groups = list(params)
        if not groups:
            raise ValueError(f"{kind} got an empty list of parameters")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def add_param_group(self, param_group):
        """Add a dictionary with the key "params" and the options of these; raises as the constructor."""
        group = dict(param_group)
        params = group["params"]
        params = [params] if isinstance(params, Tensor) else list(params)
        params = [p[1] if isinstance(p, tuple) and len(p) == 2 else p for p in params]
        taken = {id(p) for each in self.param_groups for p in each["params"]}
        for p in params:
            if not isinstance(p, Tensor):
                raise TypeError(f"{type(self).__name__} needs Tensors, got {p!r} of type {type(p).__name__}")
            if not p.is_leaf:
                raise ValueError("can't optimize a non-leaf Tensor")
            if id(p) in taken:
                raise ValueError("some parameters appear in more than one parameter group")
            taken.add(id(p))
        group = {**self.defaults, **group, "params": params}
        self.param_groups.append({k: v.item() if isinstance(v, Tensor) else v for k, v in group.items()})

    def zero_grad(self, set_to_none=True):
        """Forget all gradients, or set them to 0: before each backward pass, because gradients accumulate."""
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none:
                    p.grad = None
                elif p.grad is not None:
                    p.grad = Tensor(np.zeros_like(p.grad.array))

    def step(self, closure=None):
        """Update every parameter that has a gradient.

        `closure()`, if given, computes the gradients first and returns the loss, which is then returned.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self._update(p, p.grad.array, group)
                    p._has_changed()
        return loss

    def _update(self, p, g, group):
        raise NotImplementedError(f"{type(self).__name__} must define _update(self, p, g, group)")

    def _buffers(self, like, count=1):
        """Arrays to compute in, of the shape and dtype of `like`; they are used again for the next one."""
        found = self._scratch.get((like.shape, like.dtype, count))
        if found is None:
            found = [np.empty_like(like, order="C") for _ in range(count)]
            self._scratch[like.shape, like.dtype, count] = found
        return found

    def _block(self, dtype):
        """Memory for the numbers of one piece."""
        found = self._scratch.get(dtype)
        if found is None:
            found = self._scratch[dtype] = np.empty(BLOCK, dtype)
        return found

    # ---- its state ----

    def state_dict(self):
        """Options and what is remembered, with the parameters as numbers, in PyTorch's form."""
        numbers = {}
        groups = []
        for group in self.param_groups:
            for p in group["params"]:
                numbers[p] = len(numbers)
            groups.append({**group, "params": [numbers[p] for p in group["params"]]})
        state = {numbers[p]: self._packed(s) for p, s in self.state.items() if p in numbers}
        return {"state": state, "param_groups": groups}

    def _packed(self, state):
        """Arrays as Tensors, and the step as a Tensor without dimensions, as in PyTorch."""
        return {
            name: Tensor(np.asarray(value, np.float32) if name == "step" else value)
            if name == "step" or isinstance(value, np.ndarray)
            else value
            for name, value in state.items()
        }

    def load_state_dict(self, state_dict):
        """Take over the options and the state of an optimiser of the same parameters, ours or PyTorch's.

        Raises ValueError if the numbers of groups or parameters differ.
        """
        saved = state_dict["param_groups"]
        if len(saved) != len(self.param_groups):
            raise ValueError("loaded state dict has a different number of parameter groups")
        if any(len(a["params"]) != len(b["params"]) for a, b in zip(saved, self.param_groups)):
            raise ValueError(
                "loaded state dict has a parameter group that doesn't match the size of the optimizer's group"
            )
        self.state = {}
        for old, group in zip(saved, self.param_groups):
            for number, p in zip(old["params"], group["params"]):
                if number in state_dict["state"]:
                    self.state[p] = self._unpacked(state_dict["state"][number], p)
            group.update({name: value for name, value in old.items() if name != "params"})

    def _unpacked(self, state, p):
        found = {}
        for name, value in state.items():
            if name == "step":
                found[name] = int(value)
            elif value is None or isinstance(value, int | float):
                found[name] = value
            else:
                found[name] = np.array(array_of(value), dtype=p.dtype)
        return found

    def __repr__(self):
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {name}: {group[name]}" for name in sorted(group) if name != "params"]
        return "\n".join([*lines, ")"])


def check(**limits):
    """Raise ValueError for an option that is negative, or 1 or more where its name begins with beta."""
    for name, value in limits.items():
        if not value >= 0:
            what = "the learning rate" if name == "lr" else name
            raise ValueError(f"{what} must not be negative, got {value}")
        if name.startswith("beta") and value >= 1:
            raise ValueError(f"{name} must be less than 1, got {value}")


def refuse_differentiable(differentiable):
    """Raise NotImplementedError if gradients are to flow through the updates themselves."""
    if differentiable:
        raise NotImplementedError("differentiable=True is not supported: updates are made in place")


def directed(p, g, group, out):
    """The gradient to descend along: negated to climb, plus the weight decay; `out` may be used for it."""
    if group["maximize"]:
        g = np.negative(g, out=out)
    if group["weight_decay"]:
        decay = group["weight_decay"] * p.array
        g = np.add(g, decay, out=out)
    return g
