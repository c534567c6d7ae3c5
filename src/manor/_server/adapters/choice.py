"""Which adapter an object needs, decided by its type once, when it is hosted."""

import queue
import threading
import weakref
from collections.abc import Callable
from multiprocessing.pool import AsyncResult, IMapIterator
from typing import Any

from manor._resident.deputies import is_waited_for
from manor._resident.queues import Queue
from manor._server.adapters.adapter import Adapter, condition_of, make_cancellable
from manor._server.adapters.barriers import BarrierAdapter
from manor._server.adapters.conditions import ConditionAdapter, lock_of
from manor._server.adapters.locks import LOCK, RLOCK, LockAdapter
from manor._server.adapters.queues import QueueAdapter
from manor._server.adapters.resident_queues import ResidentQueueAdapter
from manor._server.adapters.residents import ResidentAdapter
from manor._server.adapters.results import AsyncResultAdapter, IMapIteratorAdapter
from manor._server.adapters.semaphores import SemaphoreAdapter
from manor._server.adapters.simple_queues import SimpleQueueAdapter
from manor._server.waiting import nobody


def _adapt_event(subject: threading.Event) -> Adapter:
    make_cancellable(condition_of(subject), nobody)  # it only ever tells all of them
    return Adapter()


def _adapt_condition(subject: threading.Condition) -> Adapter:
    lock = lock_of(subject)
    shared = adapt(lock) if isinstance(lock, (LOCK, RLOCK)) else None
    return ConditionAdapter(subject, shared if isinstance(shared, LockAdapter) else None)


_CHOICES: tuple[tuple[type, Callable[[Any], Adapter]], ...] = (
    (queue.Queue, QueueAdapter),
    (queue.SimpleQueue, SimpleQueueAdapter),
    (LOCK, LockAdapter),
    (RLOCK, LockAdapter),
    (threading.Condition, _adapt_condition),
    (threading.Semaphore, SemaphoreAdapter),
    (threading.Event, _adapt_event),
    (threading.Barrier, BarrierAdapter),
    (AsyncResult, AsyncResultAdapter),
    (IMapIterator, IMapIteratorAdapter),
)

# One adapter per object, however often it is hosted: a condition shares its lock's. By identity, since not
# all of these are hashable by it; an adapter keeps its object alive, so an id that is found here is still its
# own.
_adapters: "weakref.WeakValueDictionary[int, Adapter]" = weakref.WeakValueDictionary()
_choosing = threading.RLock()


def adapt(subject: object) -> Adapter | None:
    """The adapter of a hosted object; None if it needs none.

    Makes the waits inside the object cancellable, for all its methods, overridden ones included. The caller
    keeps the adapter as long as the object is hosted.
    """
    if is_waited_for(subject):
        # They keep nothing of their own.
        return ResidentQueueAdapter(subject) if isinstance(subject, Queue) else ResidentAdapter(subject)
    for kind, make in _CHOICES:
        if isinstance(subject, kind):
            with _choosing:
                adapter = _adapters.get(id(subject))
                if adapter is None:
                    adapter = _adapters[id(subject)] = make(subject)
                return adapter
    return None
