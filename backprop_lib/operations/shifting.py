"""What keeps exponentials from overflowing."""


def shifted(x, axis):
    """x minus its maximum along `axis`, as a new array; nothing is done to an empty one."""
    return x - x.max(axis=axis, keepdims=True) if x.size else x.copy()
