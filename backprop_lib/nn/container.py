"""Modules that hold modules."""

from backprop_lib.nn.module import Module, Parameter


class _Numbered(Module):
    """Attributes named 0, 1, 2, ..."""

    _kind = Module

    def _items(self):
        return [value for value in vars(self).values() if isinstance(value, self._kind)]

    def _replace(self, items):
        for name in [name for name, value in vars(self).items() if isinstance(value, self._kind)]:
            delattr(self, name)
        for i, item in enumerate(items):
            setattr(self, str(i), item)
        return self

    def __len__(self):
        return len(self._items())

    def __iter__(self):
        return iter(self._items())

    def __getitem__(self, index):
        items = self._items()
        return self._of(items[index]) if isinstance(index, slice) else items[index]

    def __setitem__(self, index, item):
        names = [name for name, value in vars(self).items() if isinstance(value, self._kind)]
        setattr(self, names[index], item)

    def __delitem__(self, index):
        items = self._items()
        del items[index]
        self._replace(items)

    def append(self, item):
        """Add one at the end; returns the container."""
        setattr(self, str(len(self)), item)
        return self

    def extend(self, items):
        """Add several at the end; returns the container."""
        for item in items:
            self.append(item)
        return self

    def insert(self, index, item):
        """Put one before another; returns the container."""
        items = self._items()
        items.insert(index, item)
        return self._replace(items)


class Sequential(_Numbered):
    """Modules applied one after the other; given as arguments, or as a dictionary with their names."""

    def __init__(self, *modules):
        named = enumerate(modules)
        if len(modules) == 1 and isinstance(modules[0], dict):
            named = modules[0].items()
        for name, module in named:
            setattr(self, str(name), module)

    def _of(self, modules):
        return type(self)(*modules)

    def forward(self, input):
        for value in list(vars(self).values()):
            if isinstance(value, Module):
                input = value(input)
        return input


class ModuleList(_Numbered):
    """A list of modules whose parameters are found."""

    def __init__(self, modules=None):
        self.extend(modules or ())

    def _of(self, modules):
        return type(self)(modules)

    def _child_texts(self, children):
        """Neighbours that print alike are printed once, with their number."""
        runs = []
        for name, text in super()._child_texts(children):
            if runs and runs[-1][2] == text:
                runs[-1][1] = name
            else:
                runs.append([name, name, text])
        return [
            (a, text) if a == b else (f"{a}-{b}", f"{int(b) - int(a) + 1} x {text}") for a, b, text in runs
        ]


class ParameterList(_Numbered):
    """A list of Parameters; other Tensors become Parameters."""

    _kind = Parameter

    def __init__(self, values=None):
        self.extend(values or ())

    def _of(self, values):
        return type(self)(values)

    def append(self, item):
        """Add one at the end; returns the container."""
        return super().append(item if isinstance(item, Parameter) else Parameter(item))


class ModuleDict(Module):
    """A dictionary of modules whose parameters are found."""

    def __init__(self, modules=None):
        self.update(modules or {})

    def update(self, modules):
        """Add the modules of another dictionary."""
        for name, module in dict(modules).items():
            self[name] = module

    def __setitem__(self, name, module):
        setattr(self, name, module)

    def __getitem__(self, name):
        return dict(self.items())[name]

    def __delitem__(self, name):
        delattr(self, name)

    def __contains__(self, name):
        return name in self.keys()

    def __iter__(self):
        return iter(self.keys())

    def __len__(self):
        return len(self.keys())

    def keys(self):
        """The names."""
        return [name for name, _ in self.items()]

    def values(self):
        """The modules."""
        return [module for _, module in self.items()]

    def items(self):
        """The pairs (name, module)."""
        return [(name, value) for name, value in vars(self).items() if isinstance(value, Module)]
