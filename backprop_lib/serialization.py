"""Tensors and what holds them, in files: NumPy's npz format, without pickled code.

PyTorch's files are of another format, which these functions neither write nor read.
"""

import json

import numpy as np

from backprop_lib.tensor import Tensor

_PLAIN = (bool, int, float, str, type(None))


def save(obj, f):
    """Write Tensors, arrays and numbers, in dictionaries, lists and tuples, to a path or an open file.

    A Parameter is written as a Tensor. Raises TypeError for anything else: of a model, save its state_dict().
    """
    arrays = []
    text = json.dumps(_described(obj, arrays))
    contents = {"structure": np.array(text), **{f"array{i}": a for i, a in enumerate(arrays)}}
    if hasattr(f, "write"):
        np.savez(f, **contents)
    else:
        with open(f, "wb") as file:  # given a path, NumPy would add an ending to it
            np.savez(file, **contents)


def load(f):
    """What `save` has written to a path or an open file, with the same shapes and dtypes.

    Raises ValueError for a file of another kind.
    """
    with np.load(f, allow_pickle=False) as contents:
        if "structure" not in contents:
            raise ValueError(f"{f} was not written by save()")
        return _restored(json.loads(contents["structure"].item()), contents)


def _described(x, arrays):
    """A structure that JSON can hold: each value as a list of its kind and what is in it."""
    if isinstance(x, Tensor):
        arrays.append(x.array)
        return ["tensor", len(arrays) - 1, x.requires_grad and x.is_leaf]
    if isinstance(x, np.ndarray | np.generic):
        arrays.append(x)
        return ["array" if isinstance(x, np.ndarray) else "number", len(arrays) - 1]
    if isinstance(x, dict):
        return ["dict", [[_described(key, arrays), _described(value, arrays)] for key, value in x.items()]]
    if type(x) in (list, tuple):
        return [type(x).__name__, [_described(each, arrays) for each in x]]
    if isinstance(x, _PLAIN):
        return ["plain", x]
    raise TypeError(
        "save() takes Tensors, arrays and numbers, in dictionaries, lists and tuples, "
        f"such as a state_dict(); got {type(x).__name__}"
    )


def _restored(described, contents):
    kind, *parts = described
    if kind == "tensor":
        return Tensor(contents[f"array{parts[0]}"], requires_grad=parts[1])
    if kind in ("array", "number"):
        return contents[f"array{parts[0]}"][... if kind == "array" else ()]
    if kind == "dict":
        return {_restored(key, contents): _restored(value, contents) for key, value in parts[0]}
    if kind == "plain":
        return parts[0]
    items = [_restored(each, contents) for each in parts[0]]
    return tuple(items) if kind == "tuple" else items
