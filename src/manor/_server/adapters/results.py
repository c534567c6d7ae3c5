"""What pools hand out: cancellable waits, and an item of an iterator that nobody received goes back."""

from functools import partial
from multiprocessing.pool import AsyncResult, IMapIterator
from typing import Any

from manor._server.adapters.adapter import Adapter, condition_of, make_cancellable
from manor._server.calls import current
from manor._server.waiting import Abandoned, nobody, over


class AsyncResultAdapter(Adapter):
    """`wait` and `get` take nothing, so they need only be cancellable."""

    def __init__(self, subject: "AsyncResult[Any]") -> None:
        super().__init__()
        make_cancellable(condition_of(subject._event), nobody)  # type: ignore[attr-defined]


class IMapIteratorAdapter(Adapter):
    """What `next` took is given back; but not an exception, which is not known from one of `next` itself."""

    def __init__(self, subject: "IMapIterator[Any]") -> None:
        super().__init__()
        self._iterator = subject
        self._condition = condition_of(subject)
        make_cancellable(self._condition)
        self._replace(subject, IMapIterator, {"next": self._next, "__next__": self._next})

    def _next(self, timeout: float | None = None) -> Any:
        call = current()
        if over(call):
            raise Abandoned
        value = self._iterator.next(timeout)
        if call is not None:
            call.undo.append(partial(self._put_back, value))
        return value

    def _put_back(self, value: Any) -> None:
        with self._condition:
            self._iterator._items.appendleft((True, value))  # type: ignore[attr-defined]
            self._condition.notify()
