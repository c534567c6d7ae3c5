"""`queue.SimpleQueue`, whose `get` blocks in C where nothing reaches it.

Theory of operation. A client that finds the queue empty draws a ticket, and one *fetcher*, a thread of ours,
blocks in the queue's own `get` for all tickets. What it fetches goes to the oldest ticket. A client that has
gone has withdrawn its ticket, so it takes nothing. The fetcher ends with the item that leaves no ticket
behind.

When the last ticket is withdrawn the fetcher is still in `get`. It serves the next ticket; if an item comes
first, it puts that back at the front. Until then, for some microseconds, whoever looks without waiting does
not see the item. There is no other way: C code can be neither interrupted nor, without putting something into
the user's queue, woken.

To put something at the front, all of the queue is taken out and put in again. Threads of the user's that use
the queue directly at that very moment may see items out of order; nothing is lost.
"""

import queue
import threading
from collections import deque
from functools import partial
from typing import Any

from manor._server.adapters.adapter import Adapter
from manor._server.calls import current
from manor._server.waiting import Abandoned, nobody, over, wait_until


class _Ticket:
    __slots__ = ("item", "served")

    def __init__(self) -> None:
        self.served = False
        self.item: Any = None


class SimpleQueueAdapter(Adapter):
    """Cancellable `get`; an item whose getter never learnt of it goes back to the front."""

    def __init__(self, subject: "queue.SimpleQueue[Any]") -> None:
        super().__init__()
        self._queue = subject
        self._changed = threading.Condition(threading.Lock())
        self._tickets: deque[_Ticket] = deque()
        self._fetching = False
        self._replace(subject, queue.SimpleQueue, {"get": self._get, "get_nowait": partial(self._get, False)})

    def _get(self, block: bool = True, timeout: float | None = None) -> Any:
        call = current()
        if call is None:
            return self._queue.get(block, timeout)
        if over(call):
            raise Abandoned
        if block and timeout is not None and timeout < 0:
            raise ValueError("'timeout' must be a non-negative number")
        item = self._take(timeout if block else 0)
        call.undo.append(partial(self._put_back, item))
        return item

    def _take(self, seconds: float | None) -> Any:
        with self._changed:
            if seconds == 0 or not self._fetching:  # else the fetcher may have the front item in its hands
                try:
                    return self._queue.get_nowait()
                except queue.Empty:
                    pass
            if seconds == 0:
                raise queue.Empty
            return self._wait_for_turn(seconds)

    def _wait_for_turn(self, seconds: float | None) -> Any:
        ticket = _Ticket()
        self._tickets.append(ticket)
        try:
            if not self._fetching:
                threading.Thread(target=self._fetch, name="manor-simple-queue", daemon=True).start()
                self._fetching = True
            if not wait_until(self._changed, lambda: ticket.served, seconds, nobody):
                raise queue.Empty
        except BaseException:
            if ticket.served:
                self._deliver(ticket.item)
            else:
                self._tickets.remove(ticket)
            raise
        return ticket.item

    def _fetch(self) -> None:
        while True:
            item = self._queue.get()
            with self._changed:
                self._deliver(item)
                if not self._tickets:
                    self._fetching = False
                    return

    def _put_back(self, item: Any) -> None:
        with self._changed:
            self._deliver(item)

    # Holding `_changed`:

    def _deliver(self, item: Any) -> None:
        """Give an item that was taken from the front to whoever waits, or back."""
        if self._tickets:
            ticket = self._tickets.popleft()
            ticket.item = item
            ticket.served = True
            self._changed.notify_all()
            return
        behind = []
        try:
            while True:
                behind.append(self._queue.get_nowait())
        except queue.Empty:
            pass
        for each in (item, *behind):
            self._queue.put(each)
