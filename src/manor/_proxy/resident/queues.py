"""Proxies of queues, when this process is attached to the arena."""

from __future__ import annotations

from typing import Any, Final

from manor._proxy.queues import QueueProxy, SimpleQueueProxy
from manor._proxy.resident.base import ResidentProxy
from manor._resident.queues import JoinableQueue, LifoQueue, PriorityQueue, Queue, SimpleQueue

__all__ = ["QUEUES"]  # fmt: skip


class ResidentQueue(ResidentProxy, Queue, QueueProxy[Any]):
    """A queue in shared memory."""

    _typeid = "Queue"


class ResidentJoinableQueue(ResidentProxy, JoinableQueue, QueueProxy[Any]):
    """A queue in shared memory, by its other name."""

    _typeid = "JoinableQueue"


class ResidentLifoQueue(ResidentProxy, LifoQueue, QueueProxy[Any]):
    """A queue in shared memory whose last item is taken first."""

    _typeid = "LifoQueue"


class ResidentPriorityQueue(ResidentProxy, PriorityQueue, QueueProxy[Any]):
    """A queue in shared memory whose least item is taken first."""

    _typeid = "PriorityQueue"


class ResidentSimpleQueue(ResidentProxy, SimpleQueue, SimpleQueueProxy[Any]):
    """A queue in shared memory, of any length."""

    _typeid = "SimpleQueue"


QUEUES: Final[tuple[Any, ...]] = (
    ResidentJoinableQueue, ResidentLifoQueue, ResidentPriorityQueue, ResidentQueue, ResidentSimpleQueue,
)  # fmt: skip
"""All of these classes."""
