"""What the prose of the chapter on tensors says in numbers; see prose_numbers_ch05.py."""

import json
from functools import cache

import numpy as np

from benchmarks.sizes import BATCH, FIGURES, WIDTH


@cache
def tables():
    """The rows (phrase, number, number, ...) and the rows (phrase, whether it is true)."""
    seconds = json.loads(FIGURES.read_text(encoding="utf-8"))
    sizes = seconds["sizes"]
    ratio = {over: np.divide(t["backprop_lib"], t["PyTorch"]) for over, t in seconds["seconds"].items()}
    large = ratio["width"][sizes.index(512) :]
    figures = [
        ("at width 256, and over the width, at batch 128", (WIDTH, BATCH) == (256, 128)),
        ("backprop_lib is faster on small networks", max(ratio["width"][:5]) < 1),
        ("from a width of 512 on both are about equal", bool(np.all(np.abs(large - 1) < 0.15))),
        ("From width 16 to 64 the number of products grows sixteenfold", (64 / 16) ** 2 == 16),
        ("From width 1024 to 4096 the products grow sixteenfold", (4096 / 1024) ** 2 == 16),
        ("so there are 12 local derivatives", 4 * 3 == 12),
        (
            "it has a million times a million entries: 4 terabytes in float32",
            (10**6) ** 2 * np.float32().nbytes == 4e12,
        ),
    ]
    return [], figures
