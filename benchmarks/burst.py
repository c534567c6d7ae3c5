"""How many operations are a burst: so long that it does not matter on which processors its processes begin."""

from collections.abc import Callable

BURST_MS = 50
"""Long beside the 10 to 20 ms in which two processes that one other woke may share a processor."""
FIRST = 100


def operations_of_a_burst(run: Callable[[int], float]) -> int:
    """How many operations take BURST_MS, by *run*, which does so many and returns the microseconds that they took."""
    count = FIRST
    while (taken_us := run(count)) < BURST_MS * 1_000 / 2:
        count *= 2
    return max(FIRST, round(count * BURST_MS * 1_000 / taken_us))
