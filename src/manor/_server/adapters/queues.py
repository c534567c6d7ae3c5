"""`queue.Queue` and its subclasses: a get that nobody waits for any more takes no item."""

import queue
from functools import partial
from typing import Any

from manor._server.adapters.adapter import Adapter, is_stock, make_cancellable
from manor._server.calls import current
from manor._server.queues import Queue
from manor._server.waiting import Abandoned, over


class QueueAdapter(Adapter):
    """Cancellable `get`, `put` and `join`; an item whose getter never learnt of it goes back to where it was.

    That may make the queue longer than `maxsize` for a while, and count for a queue that was shut down:
    rather than lose it. A `put` that has happened stays: the client who did not get the answer finds out by
    `qsize`, or puts it twice.
    """

    def __init__(self, subject: "queue.Queue[Any]") -> None:
        super().__init__()
        self._queue = subject
        for condition in (subject.not_empty, subject.not_full, subject.all_tasks_done):
            make_cancellable(condition)
        for base in (queue.Queue, Queue):
            if is_stock(subject, base, ("get",)):  # what another `get` returns is not what it took
                self._replace(subject, base, {"get": self._get, "get_nowait": partial(self._get, False)})
        self._replace(subject, Queue, {"get_many": self._get_many})

    def _get(self, block: bool = True, timeout: float | None = None) -> Any:
        call = current()
        if over(call):
            raise Abandoned
        item = self._queue.get(block, timeout)
        if call is not None:
            call.undo.append(partial(self._put_back, item))
        return item

    def _get_many(self, max_items: int, block: bool = True, timeout: float | None = None) -> list[Any]:
        call = current()
        if over(call):
            raise Abandoned
        items = self._queue.get_many(max_items, block, timeout)  # type: ignore[attr-defined]  # one of ours
        if call is not None:
            call.undo.extend(partial(self._put_back, item) for item in items)
        return items  # type: ignore[no-any-return]

    def _put_back(self, item: Any) -> None:
        subject = self._queue
        with subject.mutex:
            # Among the kinds of queue, only the plain one takes from another end than it puts to.
            if is_stock(subject, queue.Queue, ("_get",)) and hasattr(subject.queue, "appendleft"):
                subject.queue.appendleft(item)
            else:
                subject._put(item)
            subject.not_empty.notify()
