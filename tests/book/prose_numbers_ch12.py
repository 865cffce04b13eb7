"""What the prose of the chapter on challenges says in numbers, beside the computation."""

import numpy as np


def tables():
    half = 0.5  # the gain of the network that is too small
    slope = 0.25  # the largest slope of a sigmoid
    numbers = [
        ("With gain 1 the signal survives twenty layers, a few times smaller; with gain 0.5", f"{half}"),
        ("*too small*, tanh with gain 0.5,", f"{half}"),
        ("network above with gain 0.5,", f"{half}"),
        ("Already with 0.05 in place of 0.02", f"{0.2 / 4}", f"{0.2 / 10}"),
        ("A gradient of $10^{-12}$", f"10^{{{round(np.log10(slope**20))}}}"),
        (
            "its smallest positive number is about 6e-8",
            f"{np.finfo(np.float16).smallest_subnormal:.0e}".replace("-0", "-"),
        ),
    ]
    figures = [
        ("fifty of them leave half a per cent", abs(0.9**50 - 0.005) < 0.0005),
        ("fifty of them make it a hundredfold", 100 < 1.1**50 < 120),
        (
            "at a noisy guess at 2,368 numbers".replace("at a noisy", "a very noisy"),
            64 * 32 + 32 * 10 == 2368,
        ),
        ("So it is $4^9 = 262144$ times smaller", 4**9 == 262144),
        ("had to be ten times smaller", round(0.2 / 0.02) == 10),
        ("numbers above 65,504 overflow", np.finfo(np.float16).max == 65504),
        ("below half of that becomes zero", np.float16(0.499 * 2**-24) == 0 < np.float16(0.501 * 2**-24)),
        ("only 8 bits of precision", np.log2(1 / 2**-7) + 1 == 8),
    ]
    return numbers, figures
