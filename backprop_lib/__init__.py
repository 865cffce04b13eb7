"""backprop_lib: the reference library of the course, in NumPy alone.

`import backprop_lib as bp` gives PyTorch's names (`bp.tensor`, `bp.no_grad`, `bp.nn`, `bp.optim`, ...).
Each is imported when it is first used, so that `import backprop_lib.scalar` does not load NumPy.
"""

import importlib

_WHERE = {
    "Tensor": "tensor",
    "no_grad": "tensor",
    "manual_seed": "creation",
    "zeros": "creation",
    "ones": "creation",
    "rand": "creation",
    "randn": "creation",
    "Value": "scalar",
}
_MODULES = (
    "checks",
    "creation",
    "draw",
    "gradcheck",
    "nn",
    "operations",
    "optim",
    "scalar",
    "scalar_nn",
    "tensor",
)


def __getattr__(name):
    if name in _WHERE:
        return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*_WHERE, *_MODULES])
