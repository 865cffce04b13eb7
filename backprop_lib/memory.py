"""Where the arrays of one training step find the memory that those of the last one left."""

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # parameters of mallopt(3)


def keep_freed():
    """Let the C library keep up to 256 MB of freed memory for arrays to come; True if it agreed.

    By default glibc gives the memory of large arrays back to the system, and asks for it in the next step:
    in a transformer block that is a fifth of the time. Other C libraries are left as they are.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return bool(mallopt(_TRIM_THRESHOLD, 256 << 20) and mallopt(_MMAP_THRESHOLD, 32 << 20))
