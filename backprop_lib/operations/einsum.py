"""Sums of products in Einstein's notation."""

import string

import numpy as np

from backprop_lib.core import differentiable
from backprop_lib.operations.either import either


# The gradient of an operand is such a sum too: the letters of the result and of the operand change places.
@differentiable(
    lambda g, other, subscripts: _sum_of_products(g, other, _turned(subscripts, 2, 1, 0)),
    lambda g, input, subscripts: _sum_of_products(g, input, _turned(subscripts, 2, 0, 1)),
    name="einsum",
)
def _einsum(input, other, subscripts=None):
    left, right, result = subscripts
    return np.einsum(f"{left},{right}->{result}", input, other, optimize=True)


def _turned(subscripts, left, right, result):
    return subscripts[left], subscripts[right], subscripts[result]


_sum_of_products = either(_einsum)


def einsum(equation, *operands):
    """The sum of products that the equation describes, such as "ij,jk->ik": a letter for each dimension.

    Letters that are not in the result are summed over; "..." stands for dimensions that broadcast.
    Without "->" the result has the letters that occur once, in alphabetical order.
    Raises RuntimeError if the equation does not fit the operands.
    """
    if len(operands) == 1 and isinstance(operands[0], list | tuple):
        operands = operands[0]
    inputs, result = _parsed(equation, operands)
    operands = list(operands)
    for i, letters in enumerate(inputs):
        operands[i], inputs[i] = _without_repetition(operands[i], letters)
    lengths = {}
    for x, letters in zip(operands, inputs):
        for letter, n in zip(letters, x.shape):
            if lengths.setdefault(letter, n) != n and 1 not in (n, lengths[letter]):
                raise RuntimeError(
                    f"einsum({equation!r}): {letter} has the lengths {lengths[letter]} and {n}"
                )
            lengths[letter] = n if lengths[letter] == 1 else lengths[letter]
    # A length of 1 that meets another one is left out: it broadcasts.
    for i, (x, letters) in enumerate(zip(operands, inputs)):
        operands[i], inputs[i] = _summed(
            x, letters, [c for c, n in zip(letters, x.shape) if n == lengths[c] or n != 1]
        )
    total, letters = operands[0], inputs[0]
    for i in range(1, len(operands)):
        wanted = set(result).union(*inputs[i + 1 :])
        right, right_letters = operands[i], inputs[i]
        total, letters = _summed(total, letters, wanted | {*right_letters})
        right, right_letters = _summed(right, right_letters, wanted | {*letters})
        together = "".join(dict.fromkeys(letters + right_letters))
        product = result if i == len(operands) - 1 else "".join(c for c in together if c in wanted)
        total, letters = _einsum(total, right, (letters, right_letters, product)), product
    total, letters = _summed(total, letters, result)
    return total if letters == result else total.permute([letters.index(c) for c in result])


def _parsed(equation, operands):
    """The letters of each operand and of the result, with spare letters for "..."."""
    equation = equation.replace(" ", "")
    left, arrow, result = equation.partition("->")
    inputs = left.split(",")
    if len(inputs) != len(operands):
        raise RuntimeError(f"einsum({equation!r}) needs {len(inputs)} operand(s), got {len(operands)}")
    spare = [c for c in string.ascii_letters if c not in equation]
    most = 0
    for i, (letters, x) in enumerate(zip(inputs, operands)):
        count = x.ndim - len(letters.replace("...", ""))
        if count < 0 or ("..." not in letters and count):
            raise RuntimeError(f"einsum({equation!r}): {letters!r} does not fit the shape {x.shape}")
        inputs[i] = letters.replace("...", "".join(spare[:count][::-1]))
        most = max(most, count) if "..." in letters else most
    ellipsis = "".join(spare[:most][::-1])
    if not arrow:
        once = sorted(c for c in {*left} - {",", "."} if left.count(c) == 1)
        return inputs, ellipsis + "".join(once)
    result = result.replace("...", ellipsis)
    if not {*result} <= {*"".join(inputs)} or len({*result}) < len(result):
        raise RuntimeError(f"einsum({equation!r}): the result needs letters of the operands, each once")
    return inputs, result


def _without_repetition(x, letters):
    """The diagonal, where a letter stands for two dimensions."""
    for letter in {c for c in letters if letters.count(c) > 1}:
        while letters.count(letter) > 1:
            first = letters.index(letter)
            second = letters.index(letter, first + 1)
            if x.shape[first] != x.shape[second]:
                long = max(x.shape[first], x.shape[second])
                if 1 not in (x.shape[first], x.shape[second]):
                    raise RuntimeError(f"einsum: {letter} has two lengths in the shape {x.shape}")
                x = x.expand([long if d in (first, second) else n for d, n in enumerate(x.shape)])
            x = x.diagonal(0, first, second)
            letters = letters[:first] + letters[first + 1 : second] + letters[second + 1 :] + letter
    return x, letters


def _summed(x, letters, wanted):
    """The sum over the letters that are not wanted."""
    others = tuple(i for i, c in enumerate(letters) if c not in wanted)
    if not others:
        return x, letters
    return x.sum(others), "".join(c for c in letters if c in wanted)
