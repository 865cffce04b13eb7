"""Arrays in pieces: what an update needs of each piece stays in the processor's cache."""

BLOCK = 1 << 16  # elements of a piece


def blocks(arrays):
    """The arrays in pieces of BLOCK elements that belong together."""
    size = arrays[0].size
    if not all(a.flags.c_contiguous for a in arrays):  # reshape would copy: go along the first dimension
        if size <= BLOCK:
            return [arrays]
        count = max(1, BLOCK // (size // len(arrays[0])))
        return (
            piece
            for i in range(0, len(arrays[0]), count)
            for piece in blocks([a[i : i + count] for a in arrays])
            if piece
        )
    if size <= BLOCK:
        return [[a.reshape(-1) for a in arrays]]
    flat = [a.reshape(-1) for a in arrays]
    return ([a[i : i + BLOCK] for a in flat] for i in range(0, size, BLOCK))
