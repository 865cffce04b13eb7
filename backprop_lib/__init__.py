"""backprop_lib: the reference library of the course, in NumPy alone.

`import backprop_lib as bp` gives PyTorch's names (`bp.tensor`, `bp.exp`, `bp.float32`, `bp.nn`, ...).
Each is imported when it is first used, so that `import backprop_lib.scalar` does not load NumPy.
"""

import importlib
import math
import pkgutil

_MODULES = tuple(module.name for module in pkgutil.iter_modules(__path__))
_DTYPES = {
    "float32": "float32",
    "float": "float32",
    "float64": "float64",
    "double": "float64",
    "float16": "float16",
    "int64": "int64",
    "long": "int64",
    "int32": "int32",
    "int": "int32",
    "uint8": "uint8",
    "bool": "bool",
}
_WHERE = {
    "Tensor": "tensor",
    "enable_grad": "tensor",
    "is_grad_enabled": "tensor",
    "load": "serialization",
    "manual_seed": "randomness",
    "no_grad": "tensor",
    "save": "serialization",
    "set_grad_enabled": "tensor",
    "Value": "scalar",
}
_CONSTANTS = {"e": math.e, "inf": math.inf, "nan": math.nan, "pi": math.pi}


def __getattr__(name):
    value = globals()[name] = _found(name)  # kept: the next use of the name does not come here
    return value


def _found(name):
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _WHERE:
        return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
    if name in _DTYPES:
        return importlib.import_module("numpy").dtype(_DTYPES[name])
    if name in _CONSTANTS:
        return _CONSTANTS[name]
    if not name.startswith("_") and name in (functions := _functions()):
        return functions[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted({*_WHERE, *_MODULES, *_DTYPES, *_CONSTANTS, *_functions()})


def _functions():
    """The functions that make Tensors and those that take them, by name."""
    creation, tensor = (importlib.import_module(f"{__name__}.{name}") for name in ("creation", "tensor"))
    return creation.FUNCTIONS | tensor.FUNCTIONS
