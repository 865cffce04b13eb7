"""What a module is: a function with parameters, and modules within it."""

from collections import OrderedDict
from typing import NamedTuple

import numpy as np

from backprop_lib.tensor import Tensor


class Parameter(Tensor):
    """A Tensor that a Module trains: its gradient is wanted, and `parameters()` finds it.

    `data` is a Tensor or an array, whose numbers are shared.
    Raises RuntimeError if it is not floating and `requires_grad`.
    """

    __slots__ = ()

    def __init__(self, data, requires_grad=True):
        super().__init__(data.array if isinstance(data, Tensor) else np.asarray(data), requires_grad)

    def __repr__(self):
        return f"Parameter containing:\n{super().__repr__()}"


class IncompatibleKeys(NamedTuple):
    """Which names a state lacked, and which nobody asked for."""

    missing_keys: list
    unexpected_keys: list


class Module:
    """A function with parameters: subclasses set Parameters and Modules as attributes and define forward.

    `super().__init__()` may be called, as in PyTorch, but need not be.
    """

    training = True
    _buffers = {}  # names of the attributes that are buffers, and whether state_dict() has them  # noqa: RUF012

    def __call__(self, *args, **kwargs):
        return self.forward(*args, **kwargs)

    def forward(self, *args):
        """The module's result; called through `module(*args)`."""
        raise NotImplementedError(f"{type(self).__name__} must define forward(self, ...)")

    # ---- what is in it ----

    def register_parameter(self, name, param):
        """Set the attribute `name` to a Parameter, or to None for none.

        Raises KeyError for a name with a dot or one that is taken, TypeError for anything else.
        """
        self._check_name(name)
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(f"parameter {name!r} must be a Parameter or None, got {type(param).__name__}")
        setattr(self, name, param)

    def register_buffer(self, name, tensor, persistent=True):
        """Set the attribute `name` to a Tensor that is no parameter but part of the state, or to None.

        If it is not `persistent`, state_dict() leaves it out.
        Raises KeyError for a name with a dot or one that is taken, TypeError if it is no Tensor.
        """
        self._check_name(name)
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(f"buffer {name!r} must be a Tensor or None, got {type(tensor).__name__}")
        self._buffers = {**self._buffers, name: persistent}
        setattr(self, name, tensor)

    def register_module(self, name, module):
        """Set the attribute `name` to a Module, as `add_module` does.

        Raises KeyError for a name with a dot or one that is taken, TypeError if it is no Module.
        """
        self._check_name(name)
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{name!r} must be a Module or None, got {type(module).__name__}")
        setattr(self, name, module)

    add_module = register_module

    def _check_name(self, name):
        if not name or "." in name:
            raise KeyError(f"a name must not be empty or contain a dot, got {name!r}")
        if name in self._buffers or hasattr(self, name):
            raise KeyError(f"attribute '{name}' already exists")

    def named_children(self):
        """Pairs (name, Module) of the modules that are attributes, each once."""
        seen = set()
        for name, value in vars(self).items():
            if isinstance(value, Module) and id(value) not in seen:
                seen.add(id(value))
                yield name, value

    def children(self):
        """The modules that are attributes, each once."""
        for _, child in self.named_children():
            yield child

    def named_modules(self, memo=None, prefix="", remove_duplicate=True):
        """Pairs (dotted name, Module): this one and all within it, each once unless told otherwise."""
        memo = set() if memo is None else memo
        if remove_duplicate and id(self) in memo:
            return
        memo.add(id(self))
        yield prefix, self
        for name, value in vars(self).items():
            if isinstance(value, Module):
                yield from value.named_modules(memo, f"{prefix}.{name}" if prefix else name, remove_duplicate)

    def modules(self):
        """This module and all within it, each once."""
        for _, module in self.named_modules():
            yield module

    def _members(self, kept, prefix, recurse, remove_duplicate=True):
        """Pairs (dotted name, Tensor) of those attributes for which kept(module, name, value)."""
        seen = set()
        modules = (
            self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
            if recurse
            else [(prefix, self)]
        )
        for path, module in modules:
            for name, value in vars(module).items():
                if kept(module, name, value) and not (remove_duplicate and id(value) in seen):
                    seen.add(id(value))
                    yield f"{path}.{name}" if path else name, value

    def named_parameters(self, prefix="", recurse=True, remove_duplicate=True):
        """Pairs (dotted name, Parameter), each Parameter once, in the order in which they were set."""
        return self._members(_is_parameter, prefix, recurse, remove_duplicate)

    def parameters(self, recurse=True):
        """The Parameters of this module and, unless told otherwise, of all within it."""
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_buffers(self, prefix="", recurse=True, remove_duplicate=True):
        """Pairs (dotted name, Tensor) of the buffers, each once."""
        return self._members(_is_buffer, prefix, recurse, remove_duplicate)

    def buffers(self, recurse=True):
        """The buffers of this module and, unless told otherwise, of all within it."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def get_submodule(self, target):
        """The module of a dotted name; raises AttributeError if there is none."""
        module = self
        for name in target.split(".") if target else ():
            module = getattr(module, name)
            if not isinstance(module, Module):
                raise AttributeError(f"`{name}` is not an nn.Module")
        return module

    def get_parameter(self, target):
        """The Parameter of a dotted name; raises AttributeError if there is none."""
        path, _, name = target.rpartition(".")
        found = getattr(self.get_submodule(path), name)
        if not isinstance(found, Parameter):
            raise AttributeError(f"`{name}` is not an nn.Parameter")
        return found

    # ---- what can be done to it ----

    def apply(self, fn):
        """Call fn(module) for every module within this one, then for this one, which is returned."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def train(self, mode=True):
        """Set `training` here and within, which dropout and batch norm depend on; returns this module.

        Raises ValueError if `mode` is not a truth value.
        """
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        for module in self.modules():
            module.training = mode
        return self

    def eval(self):
        """The same as train(False)."""
        return self.train(False)

    def requires_grad_(self, requires_grad=True):
        """Set `requires_grad` of all parameters; returns this module."""
        for parameter in self.parameters():
            parameter.requires_grad = requires_grad
        return self

    def zero_grad(self, set_to_none=True):
        """Forget the gradients of all parameters, or set them to zero."""
        for parameter in self.parameters():
            parameter.grad = None if set_to_none or parameter.grad is None else parameter.grad * 0

    def to(self, dtype):
        """Give all floating parameters and buffers another dtype, in place; returns this module."""
        for _, tensor in (*self.named_parameters(), *self.named_buffers()):
            if tensor.dtype.kind == "f":
                tensor.array = tensor.array.astype(dtype)
                tensor._has_changed()
                tensor.grad = None if tensor.grad is None else Tensor(tensor.grad.array.astype(dtype))
        return self

    def float(self):
        """The same as to(float32)."""
        return self.to(np.float32)

    def double(self):
        """The same as to(float64)."""
        return self.to(np.float64)

    # ---- its state ----

    def state_dict(self, prefix=""):
        """A dictionary from dotted names to the parameters and buffers, which share their numbers."""
        state = OrderedDict()
        if prefix:
            prefix = prefix.removesuffix(".")
        for path, module in self.named_modules(prefix=prefix, remove_duplicate=False):
            for kept in (_is_parameter, _is_lasting):
                for name, value in module._members(kept, path, False):
                    state[name] = value.detach()
        return state

    def load_state_dict(self, state_dict, strict=True):
        """Copy numbers, given as Tensors, arrays or PyTorch tensors, into the parameters and buffers.

        Returns the missing and the unexpected names.
        Raises RuntimeError naming those if there are any and `strict`, and all whose shapes differ.
        """
        own = self.state_dict()
        named = dict(self.named_parameters(remove_duplicate=False)) | dict(
            self.named_buffers(remove_duplicate=False)
        )
        missing = [name for name in own if name not in state_dict]
        unexpected = [name for name in state_dict if name not in own]
        errors, new = [], {}
        if strict and unexpected:
            errors.append(f"Unexpected key(s) in state_dict: {_quoted(unexpected)}. ")
        if strict and missing:
            errors.append(f"Missing key(s) in state_dict: {_quoted(missing)}. ")
        for name in own:
            if name in state_dict:
                new[name] = array_of(state_dict[name])
                if new[name].shape != own[name].shape:
                    errors.append(
                        f"size mismatch for {name}: copying a param with shape {new[name].shape} from "
                        f"checkpoint, the shape in current model is {own[name].shape}."
                    )
        if errors:
            lines = "\n\t".join(errors)
            raise RuntimeError(f"Error(s) in loading state_dict for {type(self).__name__}:\n\t{lines}")
        for name, array in new.items():
            np.copyto(named[name].array, array, casting="unsafe")
            named[name]._has_changed()
        return IncompatibleKeys(missing, unexpected)

    # ---- its printed form ----

    def extra_repr(self):
        """What stands between the parentheses of the module's printed form."""
        return ""

    def __repr__(self):
        extra = self.extra_repr()
        children = [(name, value) for name, value in vars(self).items() if isinstance(value, Module)]
        if not children:
            return f"{self._name()}({extra})"
        lines = [f"  ({name}): " + text.replace("\n", "\n  ") for name, text in self._child_texts(children)]
        if extra:
            lines.insert(0, f"  {extra}")
        return "\n".join([f"{self._name()}(", *lines, ")"])

    def _child_texts(self, children):
        """Pairs of a name and a printed form."""
        return [(name, repr(child)) for name, child in children]

    def _name(self):
        return type(self).__name__


def _is_parameter(module, name, value):
    return isinstance(value, Parameter)


def _is_buffer(module, name, value):
    return name in module._buffers and value is not None


def _is_lasting(module, name, value):
    return value is not None and module._buffers.get(name, False)


def _quoted(names):
    return ", ".join(f'"{name}"' for name in names)


def array_of(value):
    """The numbers of a Tensor, of an array or of a PyTorch tensor."""
    return value.detach().numpy() if hasattr(value, "detach") else np.asarray(value)
