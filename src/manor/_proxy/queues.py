"""Proxies of queues."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Generic, TypeVar

from manor._proxy.base import BaseProxy
from manor._proxy.deadlines import QUEUE_WAITS, Waits
from manor._proxy.parts import put_in_parts
from manor._wire.people import Waiter

__all__ = ["QueueProxy", "SimpleQueueProxy"]

T = TypeVar("T")


class SimpleQueueProxy(BaseProxy, Generic[T]):
    """Stands for a queue: what each kind of queue has."""

    _exposed_: tuple[str, ...] = (
        "empty", "get", "get_many", "get_nowait", "put", "put_many", "put_nowait", "qsize",
    )  # fmt: skip
    _waits_: ClassVar[Mapping[str, Waits]] = {**QUEUE_WAITS, "get_many": Waits(2, 1), "put_many": Waits(2, 1)}

    def put(self, item: T, block: bool = True, timeout: float | None = None) -> None:
        """Put an item.

        Args:
            item: It is copied; a proxy puts the object that it stands for.
            block: Whether to wait for room.
            timeout: How long to wait at most, in seconds; None is without limit.

        Raises:
            queue.Full: There was no room.
            ShutDown: The queue was shut down.
        """
        self._callmethod("put", (item, block, timeout))

    def put_nowait(self, item: T) -> None:
        """Put an item if there is room at once; else raise ``queue.Full``."""
        self._callmethod("put_nowait", (item,))

    def put_many(self, items: Iterable[T], block: bool = True, timeout: float | None = None) -> None:
        """Put items one behind the other, as ``put`` does each; others may put theirs between.

        What has no length, as an iterator, may be without end: its items are put as they come, in shared memory each
        before the next is asked for, and by calls to the server in parts of at most 256.

        Args:
            items: What to put.
            block: Whether to wait for room.
            timeout: How long to wait at most for all of them, in seconds; None is without limit.

        Raises:
            queue.Full: There was no room for all of them; ``items_put`` of the exception says how many are in, and
                ``items_left`` has those that an iterator had given, and that are not.
            ShutDown: The queue was shut down; it has these, too, and so has what an iterator raises.

        Examples:
            >>> import manor
            >>> with manor.Manager() as manager:
            ...     tasks = manager.Queue()
            ...     tasks.put_many(["a", "b"])
            ...     tasks.qsize()
            2
        """
        if hasattr(items, "__len__"):
            self._callmethod("put_many", (list(items), block, timeout))
        else:
            put_in_parts(lambda part, left: self._callmethod("put_many", (part, block, left)), items, timeout)

    def get(self, block: bool = True, timeout: float | None = None) -> T:
        """Take an item.

        Args:
            block: Whether to wait for one.
            timeout: How long to wait at most, in seconds; None is without limit.

        Raises:
            queue.Empty: There was none.
            ShutDown: There is none, and the queue was shut down.
        """
        return self._taking("get", (block, timeout))

    def get_nowait(self) -> T:
        """Take an item that is there; else raise ``queue.Empty``."""
        return self._taking("get_nowait", ())

    def get_many(self, max_items: int, block: bool = True, timeout: float | None = None) -> list[T]:
        """Take items, as many as are there, at least one, for which it waits as ``get`` does.

        An item that cannot be loaded where it is taken raises what its class does. In shared memory that item is gone,
        and those taken with it are put back; of a call to the server all that it answered is put back, that item too.

        Args:
            max_items: How many to take at most.
            block: Whether to wait for the first.
            timeout: How long to wait for the first at most, in seconds; None is without limit.

        Raises:
            queue.Empty: There was none.
            ShutDown: There is none, and the queue was shut down.

        Examples:
            >>> import manor
            >>> with manor.Manager() as manager:
            ...     tasks = manager.Queue()
            ...     tasks.put_many("abc")
            ...     tasks.get_many(2), tasks.get_many(2)
            (['a', 'b'], ['c'])
        """
        return self._taking("get_many", (max_items, block, timeout))

    @property
    def waiters(self) -> list[Waiter]:
        """The threads that wait to put, to take or in ``join``, the first to come first."""
        return self._callmethod("#WAITERS")

    def qsize(self) -> int:
        """Return how many items there are now."""
        return self._callmethod("qsize")

    def empty(self) -> bool:
        """Whether there is no item now."""
        return self._callmethod("empty")

    def _taking(self, method: str, args: tuple[Any, ...]) -> Any:
        """Call a method that takes something, and give it back if a signal handler raises on the way back."""
        link = self._link
        mark = link.mark()
        try:
            return self._callmethod(method, args)
        except BaseException:
            link.give_back_since(mark)
            raise


class QueueProxy(SimpleQueueProxy[T]):
    """Stands for a ``queue.Queue``, or one of its kinds."""

    _exposed_ = (*SimpleQueueProxy._exposed_, "_get_maxsize", "full", "join", "shutdown", "task_done")

    @property
    def maxsize(self) -> int:
        """How many items there may be; without limit if that is not positive."""
        return self._callmethod("_get_maxsize")

    def full(self) -> bool:
        """Whether there is no room now."""
        return self._callmethod("full")

    def task_done(self) -> None:
        """Say that an item that was taken is done; ``ValueError`` if that was said too often."""
        self._callmethod("task_done")

    def join(self) -> None:
        """Wait until every item that was put is done."""
        self._callmethod("join")

    def shutdown(self, immediate: bool = False) -> None:
        """Accept no more items; when there are none left, ``get`` raises ``ShutDown``.

        Args:
            immediate: Drop the items that are there, and count them as done.
        """
        self._callmethod("shutdown", (immediate,))
