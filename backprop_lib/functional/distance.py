"""Directions of vectors and the angles between them."""

from backprop_lib.operations.extremes import clamp_min


def normalize(input, p=2.0, dim=1, eps=1e-12):
    """The input divided by its p-norm along `dim`, but by `eps` at least; the shape stays.

    Raises IndexError if there is no such dim.
    """
    return input / clamp_min(input.norm(p, dim, keepdim=True), eps)


def cosine_similarity(x1, x2, dim=1, eps=1e-8):
    """x1 . x2 / (|x1| |x2|) along `dim`, each length `eps` at least: the shape without `dim`.

    The shapes broadcast; raises RuntimeError if they do not, IndexError if there is no such dim.
    """
    x1, x2 = x1 + x2 * 0, x2 + x1 * 0
    lengths = [clamp_min(x.norm(2, dim, keepdim=True), eps) for x in (x1, x2)]
    return (x1 / lengths[0] * (x2 / lengths[1])).sum(dim)
