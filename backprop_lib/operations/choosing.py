"""Picking elements: conditions and indices."""

import numpy as np

from backprop_lib.core import Tensor, apply, differentiable, numpy_names
from backprop_lib.operations.dimensions import one_dim
from backprop_lib.operations.either import either

# ---- conditions ----


def zero_unless(mask, g):
    """`g` where the mask holds and 0 elsewhere; on arrays in an eighth of the time of np.where.

    Multiplying the bits as whole numbers leaves no nan behind, which inf * 0 would.
    """
    if isinstance(g, np.ndarray) and isinstance(mask, np.ndarray) and g.dtype.char in "fd":
        return np.multiply(g.view(np.int32 if g.itemsize == 4 else np.int64), mask).view(g.dtype)
    return np.where(mask, g, 0.0)


@differentiable(
    None, lambda g, condition: zero_unless(condition, g), lambda g, condition: zero_unless(~condition, g)
)
def where(condition, input, other):
    """`input` where the condition holds, `other` elsewhere; the shapes broadcast.

    Raises RuntimeError if they do not.
    """
    return np.where(condition, input, other)


def masked_fill(input, mask, value):
    """`value`, a number or a 0-d Tensor, where the mask holds, the input elsewhere; the shapes broadcast.

    Raises RuntimeError if they do not, if the mask does not hold truth values or the value has dimensions.
    """
    if mask.dtype != bool:
        raise RuntimeError(f"masked_fill() needs a mask of dtype bool, got {mask.dtype}")
    if getattr(value, "ndim", 0):
        raise RuntimeError(f"masked_fill() needs a number or a 0-d tensor, got shape {value.shape}")
    out = where(mask, value, input)
    return out if out.dtype == input.dtype else out.astype(input.dtype)


def nonzero(input, *, as_tuple=False):
    """Where the input is not 0: indices int64 (count, ndim), or with `as_tuple` (count,) for each dim."""
    if as_tuple:
        return tuple(map(Tensor, np.nonzero(np.atleast_1d(input.array))))
    return Tensor(np.argwhere(input.array))


def unique(input, sorted=True, return_inverse=False, return_counts=False, dim=None):
    """The different elements, in ascending order, in one dimension; or the different slices along `dim`.

    With `return_inverse` also where each element of the input stands among them, in the input's shape; with
    `return_counts` also how often each occurs. Both are int64, and what is returned is a tuple then.
    Raises IndexError if there is no such dim.
    """
    dim = None if dim is None else one_dim(dim, input.ndim)
    values, inverse, counts = np.unique(input.array, return_inverse=True, return_counts=True, axis=dim)
    results = [values]
    if return_inverse:
        results.append(inverse.reshape(input.shape if dim is None else -1))
    if return_counts:
        results.append(counts)
    results = tuple(map(Tensor, results))
    return results[0] if len(results) == 1 else results


def bincount(input, weights=None, minlength=0):
    """How often each of the numbers 0, 1, ... occurs, or the sum of its `weights`: (max + 1 or minlength,).

    The input has one dimension and holds whole numbers, none negative. Raises RuntimeError otherwise.
    """
    if input.ndim != 1 or input.dtype.kind not in "iu" or (input.array < 0).any() or minlength < 0:
        raise RuntimeError("bincount() needs one dimension of whole numbers, none negative")
    if weights is None:
        return Tensor(np.bincount(input.array, minlength=minlength).astype(np.int64))
    if weights.shape != input.shape:
        raise RuntimeError(f"bincount() needs weights of shape {input.shape}, got {weights.shape}")
    total = np.bincount(input.array, weights.array, minlength)
    return Tensor(total.astype(np.float32) if weights.dtype == np.float32 else total)


# ---- indices ----


@differentiable(
    lambda g, input_shape, index: _added_at(g, index, input_shape),
    name="getitem",
    expects="indices must fit the shape, and index arrays must broadcast together",
)
def _getitem(input, index=None):
    return input[index]


def getitem(input, index):
    """Indexing as in NumPy: ints, slices, None, Ellipsis, arrays and Tensors of ints or bools.

    Raises IndexError for an index out of range or of another kind.
    """
    return apply(_getitem.operation, (input,), {"index": plain(index)})


def plain(index):
    """An index without Tensors or lists; raises IndexError if one does not hold ints or bools."""
    if isinstance(index, tuple):
        return tuple(plain(i) for i in index)
    if isinstance(index, list):
        array = np.asarray([plain(i) for i in index])
        return array if array.size else array.astype(np.intp)
    index = index.array if isinstance(index, Tensor) else index
    if isinstance(index, np.ndarray) and index.dtype.kind == "f":
        raise IndexError(f"index arrays must hold ints or bools, got dtype {index.dtype}")
    return index


@differentiable(lambda g, index: g[index], name="put")
def _put(input, index=None, shape=None):
    """Zeros of `shape` to which the input is added at `index`, as often as an element is named there."""
    out = np.zeros(shape, input.dtype)
    if _names_each_once(index):
        out[index] = input
    elif isinstance(index, np.ndarray) and out.ndim > 1 and input.size > 2000:
        _add_rows(out, index.reshape(-1) % shape[0], input.reshape(index.size, *shape[1:]))
    else:
        np.add.at(out, index, input)
    return out


def _add_rows(out, index, rows):
    """out[index] += rows, for all of equal indices: sorted, so that NumPy can sum them without a search."""
    order = np.argsort(index, kind="stable")
    index = index[order]
    starts = np.flatnonzero(np.concatenate(([True], index[1:] != index[:-1])))
    rows = rows[order]
    out[index[starts]] = rows if len(starts) == len(rows) else np.add.reduceat(rows, starts, axis=0)


_added_at = either(_put)


def _names_each_once(index):
    """Whether `index` names each element at most once: no array of ints in it."""
    return all(
        i is None or i is Ellipsis or isinstance(i, int | slice | np.integer) or i.dtype == bool
        for i in (index if isinstance(index, tuple) else (index,))
    )


@numpy_names
def gather(input, dim, index):
    """out[i][j] = input[index[i][j]][j] for dim 0, and so on: each element of `index` picks one along `dim`.

    `index` holds ints; it has as many dimensions as the input, none longer but `dim`.
    The result has its shape.
    Raises RuntimeError if a shape or an index does not fit.
    """
    index = _ints(index)
    dim = one_dim(dim, input.ndim)
    if not index.size:
        return getitem(input.reshape(-1), index)
    if max(index.ndim, 1) != max(input.ndim, 1):
        raise RuntimeError(f"gather() needs an index of {input.ndim} dimension(s), got shape {index.shape}")
    if any(n > m for d, (n, m) in enumerate(zip(index.shape, input.shape)) if d != dim):
        raise RuntimeError(
            f"gather() along {dim} needs an index not longer than {input.shape}, got {index.shape}"
        )
    _check_range(index, input.shape[dim] if input.ndim else 1, RuntimeError)
    return _along(input, dim, index)


def _along(input, dim, index):
    if not input.ndim:
        return getitem(input.reshape(1), index)
    return getitem(input, grid(dim, index))


def grid(dim, index, keepdim=True):
    """Indices that pick along `dim` the element that `index` names, at each place in the other dimensions."""
    axes = [
        np.arange(n).reshape([-1 if d == k else 1 for k in range(index.ndim)])
        for d, n in enumerate(index.shape)
    ]
    axes[dim] = index
    return tuple(axes) if keepdim else tuple(axis.squeeze(dim) for axis in axes)


@numpy_names
def take_along_dim(input, indices, dim=None):
    """As `gather`, but the other dimensions broadcast; without `dim`, indices into the flattened input.

    Raises RuntimeError if a shape does not fit, IndexError if an index does not.
    """
    indices = _ints(indices)
    if dim is None:
        return _along(input.reshape(-1), 0, indices.reshape(-1))
    if indices.ndim != input.ndim:
        raise RuntimeError(
            f"take_along_dim() needs indices of {input.ndim} dimension(s), got shape {indices.shape}"
        )
    dim = one_dim(dim, input.ndim)
    try:
        other = np.broadcast_shapes(
            *(tuple(1 if d == dim else n for d, n in enumerate(x.shape)) for x in (input, indices))
        )
    except ValueError as error:
        raise RuntimeError(f"take_along_dim() cannot take {input.shape} and {indices.shape}") from error

    def stretched(x):
        return tuple(x.shape[dim] if d == dim else n for d, n in enumerate(other))

    return _along(input.broadcast_to(stretched(input)), dim, np.broadcast_to(indices, stretched(indices)))


@numpy_names
def index_select(input, dim, index):
    """The slices along `dim` that the 1-D `index` names, one after the other.

    Raises IndexError if an index or `dim` is out of range.
    """
    index = _ints(index)
    dim = one_dim(dim, input.ndim)
    if index.ndim > 1:
        raise IndexError(f"index_select() needs an index of 1 dimension, got shape {index.shape}")
    if not input.ndim:
        return getitem(input.reshape(1), index.reshape(-1)).reshape(())
    _check_range(index, input.shape[dim], IndexError)
    return getitem(input, (slice(None),) * dim + (index.reshape(-1),))


def _ints(index):
    array = index.array if isinstance(index, Tensor) else np.asarray(index)
    if array.dtype.kind not in "iu":
        raise RuntimeError(f"an index must hold ints, got dtype {array.dtype}")
    return array


def _check_range(index, length, exception):
    if index.size and not (index.min() >= 0 and index.max() < length):
        raise exception(f"an index is out of range for a dimension of length {length}")
