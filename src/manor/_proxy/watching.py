"""Waiting until a container changes: ``wait_for`` of each kind, and as a function.

What is waited for is asked for in the caller's process, once at first, and then after changes, whoever made them, until
it is there. In between the caller sleeps: in shared memory in the kernel, where whoever changes the container wakes it,
and elsewhere by a thread of the server's that does so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import ClassVar, Protocol, TypeVar

from manor._proxy.base import BaseProxy
from manor._proxy.deadlines import Waits

__all__ = ["WatchableProxy", "await_found", "await_true", "wait_for"]

R = TypeVar("R")


class _Watch(Protocol):
    def wait(self, timeout: float | None = None) -> bool: ...
    def close(self) -> None: ...


class _RemoteWatch:
    """A watch that the server keeps for this process, until it is closed or dropped."""

    def __init__(self, proxy: BaseProxy) -> None:
        number = proxy._callmethod("#WATCH")
        self._proxy = proxy
        self._note = proxy._link.hold(int(number, 16), credited=True)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for a change since the watch began, or the last one was told; False if there is none in time."""
        proxy = self._proxy
        return bool(proxy._link.call(self._note.ident, "wait", (timeout,), None, proxy))

    def close(self) -> None:
        """Let the server forget it."""
        del self._note


class WatchableProxy(BaseProxy):
    """Stands for something that can be watched for changes."""

    _waits_: ClassVar[Mapping[str, Waits]] = {"wait": Waits(0)}
    """What is asked of the watch that the server keeps."""

    def _begin_watch(self) -> _Watch:
        return _RemoteWatch(self)


def await_true(container: WatchableProxy, predicate: Callable[[], R], timeout: float | None) -> R:
    """Wait until *predicate* is true, or for *timeout* seconds; return its last value.

    It is asked whenever *container* may have changed.
    """
    if timeout is not None and timeout != timeout:  # noqa: PLR0124 - that is NaN
        raise ValueError("Invalid value NaN (not a number)")
    result = predicate()
    if result or (timeout is not None and timeout <= 0):
        return result
    end = None if timeout is None else time.monotonic() + timeout
    watch = container._begin_watch()
    try:
        while not (result := predicate()):
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                break
            watch.wait(left)
    finally:
        watch.close()
    return result


def await_found(container: WatchableProxy, find: Callable[[], tuple[R] | None], timeout: float | None, what: str) -> R:
    """Wait until *find* returns something, and return what is in that.

    Raises:
        TimeoutError: It did not within *timeout* seconds.
    """
    found = await_true(container, find, timeout)
    if found is None:
        raise TimeoutError(f"{what} within {timeout} s")
    return found[0]


C = TypeVar("C", bound=WatchableProxy)


def wait_for(container: C, predicate: Callable[[C], R], timeout: float | None = None) -> R:
    """Wait until *predicate* is true of a container, as ``threading.Condition.wait_for`` does.

    It runs here, without any lock: once at first, and after changes of *container*, whoever makes them. Several changes
    at about the same time may be one to it.

    Args:
        container: A dict, list, set, ``Value``, ``Array`` or ``Namespace`` of a manager's.
        predicate: Gets the container, and returns something true when there is no more to wait for.
        timeout: How long to wait at most, in seconds; None is without limit.

    Returns:
        The last value of *predicate*, which is false only if the time is over.

    Raises:
        TypeError: *container* is something else.
        ManagerDied: The manager has ended.
        CallTimeout: There is no *timeout*, and the caller's ``deadline()`` is over.

    Examples:
        >>> import concurrent.futures, manor
        >>> with manor.Manager() as manager, concurrent.futures.ThreadPoolExecutor() as pool:
        ...     results = manager.list()
        ...     job = pool.submit(results.extend, "ab")  # or in another process
        ...     manor.wait_for(results, lambda found: len(found) == 2, timeout=60)
        True
    """
    if not isinstance(container, WatchableProxy):
        raise TypeError(f"only containers of a manager can be waited for, not {type(container).__name__!r}")
    return await_true(container, lambda: predicate(container), timeout)
