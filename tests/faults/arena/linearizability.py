"""Whether what concurrent processes saw can be explained by operations that each happen at one moment.

After Wing and Gong, "Testing and Verifying Concurrent Objects", 1993, with the memory of failed attempts that Lowe
added ("Testing for Linearizability", 2017). A process does one operation after the other, so an attempt is: how many
operations of each process have happened, and the state that they have led to.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

__all__ = ["UNKNOWN", "Event", "Model", "is_linearizable"]

UNKNOWN = object()
"""The result of an operation that never returned: it may have happened at any time since, or not."""


@dataclass(frozen=True)
class Event:
    """One operation, as the process that did it saw it. Times are of one clock; `end` may be infinite."""

    start: float
    end: float
    name: str
    args: tuple[Any, ...]
    result: Any


Model = Callable[[Any, str, tuple[Any, ...]], tuple[Any, Any]]
"""From a state, which is hashable, and an operation to the state that follows, and the result."""

Attempt = tuple[tuple[int, ...], Hashable]


def is_linearizable(histories: Sequence[Sequence[Event]], state: Hashable, model: Model) -> bool:
    """Whether there is an order of all events that keeps to the clock and to the model.

    Args:
        histories: What each process did, in its order.
        state: At the beginning.
        model: What operations do.
    """
    first: Attempt = ((0,) * len(histories), state)
    seen, attempts = {first}, [first]
    while attempts:
        done, state = attempts.pop()
        following = [history[at] if at < len(history) else None for history, at in zip(histories, done, strict=True)]
        # Whatever happens next begins before any of those that are still to happen has ended.
        latest_start = min((event.end for event in following if event), default=inf)
        if latest_start == inf:  # all that is left never returned, and need not have happened
            return True
        for process, event in enumerate(following):
            if event is None or event.start > latest_start:
                continue
            state_after, result = model(state, event.name, event.args)
            if event.result is not UNKNOWN and not is_same(result, event.result):
                continue
            attempt = ((*done[:process], done[process] + 1, *done[process + 1 :]), state_after)
            if attempt not in seen:
                seen.add(attempt)
                attempts.append(attempt)
    return False


def is_same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)
