"""How long a client waits for a silent server.

A deadline bounds the server's silence *on top of* what the method itself was asked to wait:
``queue.get(timeout=10)`` on a manager with ``timeout=1`` may take eleven seconds. A method asked to wait without
limit is bounded by ``deadline()``, which is the caller's own word for this call; under a manager's ``timeout`` it
may wait as long as the server answers a ping.
"""

import contextlib
import contextvars
import time
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

__all__ = [
    "FOREVER",
    "LOCK_WAITS",
    "QUEUE_WAITS",
    "Patience",
    "Waits",
    "asked_wait",
    "current_end",
    "deadline",
    "patience_for",
    "within_deadline",
]

_end: contextvars.ContextVar[float | None] = contextvars.ContextVar("manor_deadline", default=None)

current_end = _end.get
"""The end (monotonic, in seconds) of the deadline that holds here, or None."""


class Waits(NamedTuple):
    """Where a waiting method takes its timeout and its ``block`` flag, by position (None: keyword only)."""

    timeout_at: int | None
    block_at: int | None = None
    block_name: str = "block"


LOCK_WAITS: Final = {"acquire": Waits(1, 0, "blocking"), "acquire_noting_death": Waits(1, 0, "blocking")}
QUEUE_WAITS: Final = {"get": Waits(1, 0), "put": Waits(2, 1), "join": Waits(None)}


class Patience(NamedTuple):
    """How long to wait for one answer.

    Attributes:
        seconds: Silence to bear, None without limit.
        ping: Whether to go on after that, as long as the server answers a ping.
    """

    seconds: float | None
    ping: bool


FOREVER: Final = Patience(None, False)


@contextlib.contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Bound every call of this thread (or task) inside the block.

    Args:
        seconds: How long from now on; an inner deadline cannot extend an outer one.

    Raises:
        CallTimeout: From the call that the server did not answer in time.

    Examples:
        >>> import manor
        >>> with manor.Manager() as manager:
        ...     tasks = manager.Queue()
        ...     try:
        ...         with manor.deadline(0.01):
        ...             tasks.get()
        ...     except manor.CallTimeout:
        ...         "nothing came"
        'nothing came'
    """
    if not seconds >= 0:
        raise ValueError(f"a deadline must be zero or more seconds, not {seconds!r}")
    end = time.monotonic() + seconds
    outer = _end.get()
    mark = _end.set(end if outer is None else min(end, outer))
    try:
        yield
    finally:
        _end.reset(mark)


def within_deadline(seconds: float) -> float:
    """Return *seconds*, or what is left until the deadline that holds here if that is less."""
    end = _end.get()
    return seconds if end is None else min(seconds, max(0.0, end - time.monotonic()))


def asked_wait(waits: Waits, args: tuple[object, ...], kwds: Mapping[str, object]) -> float | None:
    """Return how many seconds the caller asked a method to wait; None is without limit."""

    def argument(at: int | None, name: str, default: object) -> object:
        if at is not None and len(args) > at:
            return args[at]
        return kwds.get(name, default)

    if not argument(waits.block_at, waits.block_name, True):
        return 0.0
    timeout = argument(waits.timeout_at, "timeout", None)
    if isinstance(timeout, int | float):
        return max(0.0, float(timeout)) if timeout != -1 else None
    return None


def patience_for(
    timeout: float | None, waits: Waits | None, args: tuple[object, ...], kwds: Mapping[str, object]
) -> Patience:
    """Return how long to wait for the answer of one call.

    Args:
        timeout: The manager's own bound, in seconds, or None.
        waits: Where the method takes its timeout, or None for a method that does not wait.
        args: Its positional arguments.
        kwds: Its keyword arguments.
    """
    end = _end.get()
    if timeout is None and end is None:
        return FOREVER
    asked = 0.0 if waits is None else asked_wait(waits, args, kwds)
    left = None if end is None else max(0.0, end - time.monotonic()) + (asked or 0.0)
    if timeout is None:
        return Patience(left, False)
    bound = timeout + (asked or 0.0)
    if left is not None and left <= bound:
        return Patience(left, False)
    return Patience(bound, asked is None)
