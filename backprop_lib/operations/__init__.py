"""The differentiable operations, a file per kind: each forward function beside its gradients (VJPs).

All public functions of the files in METHODS become methods of Tensor and functions of the library.
"""

import importlib

METHODS = tuple(
    importlib.import_module(f"{__name__}.{name}")
    for name in (
        "arithmetic",
        "casting",
        "choosing",
        "comparing",
        "einsum",
        "elementwise",
        "errorfunction",
        "extremes",
        "inplace",
        "joining",
        "linalg",
        "matrices",
        "padding",
        "reductions",
        "shapes",
        "softmax",
    )
)
