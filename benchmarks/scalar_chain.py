"""A chain of a million scalar operations."""

from backprop_lib.scalar import Value
from benchmarks.measure import Claim, agree, seconds


def chain(operations=1_000_000):
    """Forward and backward through x -> x * w + w over and over; the result and its derivative in w."""
    w = Value(0.5)
    x = w
    for _ in range(operations // 2):
        x = x * w + w
    x.backward()
    return x.data, w.grad


def measure(repeat):
    w = 0.5  # the chain converges to w / (1 - w), whose derivative is 1 / (1 - w)**2
    agree(chain(1000), (w / (1 - w), 1 / (1 - w) ** 2), 1e-9)
    return [seconds(chain) for _ in range(repeat)]


CLAIMS = {
    "scalar_chain": Claim(
        "seconds for a chain of a million scalar operations, forward and backward",
        goal=3,
        at_least=False,
        measure=measure,
        repeat=5,
    ),
}
