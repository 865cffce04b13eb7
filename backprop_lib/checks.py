"""The comparisons that the exercises share: they accept every right answer and say what a wrong one lacks.

A check calls the student's function on copies, with warnings silenced, and reads its result as plain numbers.
Every failure is a CheckFailed, an AssertionError, whose message says what was wrong, never what to write.
"""

import contextlib
import inspect
import sys
import traceback
import warnings
from numbers import Real

import numpy as np


class CheckFailed(AssertionError):
    """A check that failed; notebooks show its message alone, since a traceback would only quote the check."""

    def _render_traceback_(self):
        return [f"{type(self).__name__}: {self}"]


def call(function, *args):
    """The result of `function(*args)`, called on copies of array arguments.

    Warnings and whatever the function prints to stderr cost nothing: nbgrader would give no points for them.
    Raises CheckFailed if the function changes an argument in place, or stops with an error, saying which and
    for which shapes; NotImplementedError if the starting code is still there.
    """
    copies = [a.copy() if isinstance(a, np.ndarray) else a for a in args]
    with warnings.catch_warnings(), np.errstate(all="ignore"), contextlib.redirect_stderr(sys.stdout):
        warnings.simplefilter("ignore")
        try:
            result = function(*copies)
        except NotImplementedError:
            raise NotImplementedError(
                f"{_name(function)} is not written yet: "
                "put your code in place of the comment and the `raise` line"
            ) from None
        except Exception as error:
            shapes = ", ".join(str(a.shape) if isinstance(a, np.ndarray) else repr(a) for a in args)
            raise CheckFailed(
                f"{_name(function)} stopped{_line(function, error)} with {type(error).__name__}: {error} "
                f"(called with shapes {shapes})"
            ) from error
    for position, (a, copy) in enumerate(zip(args, copies, strict=True)):
        if isinstance(a, np.ndarray) and not np.array_equal(a, copy, equal_nan=True):
            raise CheckFailed(
                f"{_name(function)} changes its argument {_parameter(function, position)} in place: "
                "compute a new array and leave the old one as it was"
            )
    return result


def equal(what, got, expected, mistakes=None, rtol=1e-6, atol=1e-12):
    """Assert that `got` has the shape and the numbers of `expected`.

    `got` may be a number, a nested list, a NumPy array or a PyTorch tensor.
    `mistakes` maps the explanation of a common mistake to the wrong result that it leads to.
    Raises CheckFailed, beginning with `what`: the explanation if `got` is a known mistake, otherwise what is
    visible of the difference (type, shape, sign, factor, first differing element).
    """
    expected = np.asarray(expected, dtype=np.float64)
    got = _as_array(what, got)
    if _same(got, expected, rtol, atol):
        return
    for explanation, wrong in (mistakes or {}).items():
        if _same(got, np.asarray(wrong, dtype=np.float64), rtol, atol):
            raise CheckFailed(f"{what}: {explanation}")
    if got.shape != expected.shape:
        raise CheckFailed(f"{what}: {_shape_difference(got, expected, rtol, atol)}")
    raise CheckFailed(f"{what}: {_difference(got, expected, rtol, atol)}")


def items(what, got, count):
    """`got` as a list of `count` results, where a function should return several."""
    if not isinstance(got, tuple | list):
        raise CheckFailed(f"{what}: expected {count} results, separated by commas, got {_kind(got)}")
    if len(got) != count:
        raise CheckFailed(f"{what}: expected {count} results, got {len(got)}")
    return list(got)


def _name(function):
    return getattr(function, "__name__", "the function")


def _line(function, error):
    """Where in the student's code an error arose: the last line that ran in the function's own file."""
    file = getattr(getattr(function, "__code__", None), "co_filename", None)
    lines = [frame.line for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    return f" at `{lines[-1]}`" if lines and lines[-1] else ""


def _parameter(function, position):
    try:
        return list(inspect.signature(function).parameters)[position]
    except (TypeError, ValueError, IndexError):
        return f"number {position + 1}"


def _kind(x):
    return "nothing (None): is there a `return`?" if x is None else f"an object of type {type(x).__name__}"


def _as_array(what, got):
    """`got` as a float64 array, if it is one of the accepted kinds of numbers."""
    if not isinstance(got, Real | np.ndarray | np.generic | list | tuple) and not _is_tensor(got):
        raise CheckFailed(f"{what}: expected numbers, got {_kind(got)}")
    try:
        # Without dtype: with it, NumPy would read numbers from text and dates and drop imaginary parts.
        raw = np.array(_plain(got))
        if raw.dtype.kind in "biuf":
            return raw.astype(np.float64)
        if raw.dtype.kind == "O" and all(isinstance(x, Real) for x in raw.flat):
            return np.array([float(x) for x in raw.flat]).reshape(raw.shape)
    except Exception:  # whatever the conversion of a foreign object raises, the answer is no array of numbers
        pass
    raise CheckFailed(f"{what}: expected real numbers in equal rows, got {_shown(got)}")


def _is_tensor(x):
    return type(x).__module__.split(".")[0] == "torch" and hasattr(x, "detach")


def _plain(x):
    """`x` with every tensor in it replaced by an array."""
    if isinstance(x, list | tuple):
        return [_plain(item) for item in x]
    if _is_tensor(x):
        x = x.detach().cpu().to_dense()
        return (x if x.is_complex() else x.double()).numpy()
    return x


def _shown(x):
    try:
        return f"{x!r:.200}"
    except Exception:
        return _kind(x)


def _close(got, expected, rtol, atol):
    return bool(np.allclose(got, expected, rtol=rtol, atol=atol, equal_nan=True))


def _same(got, expected, rtol, atol):
    return got.shape == expected.shape and _close(got, expected, rtol, atol)


def _shape_difference(got, expected, rtol, atol):
    text = f"expected shape {expected.shape}, got shape {got.shape}"
    if got.ndim == 2 and got.T.shape == expected.shape and _close(got.T, expected, rtol, atol):
        return f"{text}: the numbers are right, but rows and columns are exchanged (transposed)"
    if got.size == expected.size and _close(got.ravel(), expected.ravel(), rtol, atol):
        return f"{text}: the numbers are right, but arranged in another shape"
    return text


def _difference(got, expected, rtol, atol):
    bad = ~np.isclose(got, expected, rtol=rtol, atol=atol, equal_nan=True)
    if np.isnan(got).any() and not np.isnan(expected).any():
        return "the result contains nan (not a number)"
    if _close(got, -expected, rtol, atol):
        return "every number has the wrong sign"
    for factor, remark in ((2.0, "twice"), (0.5, "half")):
        if _close(got, factor * expected, rtol, factor * atol):
            return f"the result is exactly {remark} the true one: look for a missing or extra factor ½ or 2"
    if got.ndim == 2 and got.shape[0] == got.shape[1] and _close(got.T, expected, rtol, atol):
        return "rows and columns are exchanged (transposed)"
    index = tuple(int(i) for i in np.argwhere(bad)[0])
    numbers = _distinct(got[index], expected[index])
    if got.ndim == 0:
        return numbers
    return f"{bad.sum()} of {bad.size} numbers differ; the first, at index {index}: {numbers}"


def _distinct(got, expected):
    """Both numbers, with enough digits to see that they differ."""
    for digits in (6, 9, 17):
        texts = f"{got:.{digits}g}", f"{expected:.{digits}g}"
        if texts[0] != texts[1]:
            break
    return f"got {texts[0]}, expected {texts[1]}"
