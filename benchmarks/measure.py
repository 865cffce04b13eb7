"""What a claim is, and how two programs are timed side by side."""

import gc
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter


@dataclass(frozen=True)
class Claim:
    """A statement about a measured figure: `at_least` or at most `goal`.

    `measure(repeat)` returns one figure a round.
    """

    statement: str
    goal: float
    at_least: bool
    measure: Callable[[int], list[float]]
    repeat: int = 7

    def holds(self, figure):
        return figure >= self.goal if self.at_least else figure <= self.goal

    @property
    def bound(self):
        return f"{'>=' if self.at_least else '<='} {self.goal:g}"


def summary(figures):
    """The least, the middle and the greatest figure."""
    return {"min": min(figures), "median": median(figures), "max": max(figures)}


def seconds(program, collecting=True):
    """How long one call takes, from a heap without garbage; the collector runs meanwhile if `collecting`."""
    gc.collect()
    if not collecting:
        gc.disable()
    try:
        start = perf_counter()
        program()
        return perf_counter() - start
    finally:
        gc.enable()


def ratios(numerator, denominator, repeat, collecting=True):
    """seconds(numerator) / seconds(denominator), once a round: taking turns, both see the same machine."""
    numerator(), denominator()  # the first call of each pays for what is made once
    gc.collect()
    gc.freeze()  # modules are not part of what is measured: keep the collector from visiting them
    try:
        return [seconds(numerator, collecting) / seconds(denominator, collecting) for _ in range(repeat)]
    finally:
        gc.unfreeze()


def agree(ours, theirs, tolerance):
    """Raise AssertionError unless both programs computed the same losses."""
    if len(ours) != len(theirs) or any(
        abs(a - b) > tolerance * max(1, abs(b)) for a, b in zip(ours, theirs, strict=True)
    ):
        raise AssertionError(f"the two programs compute different losses: {ours} and {theirs}")
