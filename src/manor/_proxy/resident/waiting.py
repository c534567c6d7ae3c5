"""Proxies of what threads wait for, when this process is attached to the arena."""

from __future__ import annotations

from typing import Any, Final

from manor._proxy.resident.base import ResidentProxy
from manor._proxy.synchronization import AcquirerProxy, BarrierProxy, ConditionProxy, EventProxy
from manor._resident.conditions import Condition
from manor._resident.events import Barrier, Event
from manor._resident.locks import Lock, RLock
from manor._resident.semaphores import BoundedSemaphore, Semaphore

__all__ = ["WAITED_FOR"]


class ResidentLock(ResidentProxy, Lock, AcquirerProxy):  # type: ignore[misc]  # a served lock's `release` takes what its object does
    """A lock in shared memory."""

    _typeid = "Lock"


class ResidentRLock(ResidentProxy, RLock, AcquirerProxy):  # type: ignore[misc]  # a served lock's `release` takes what its object does
    """A reentrant lock in shared memory."""

    _typeid = "RLock"


class ResidentSemaphore(ResidentProxy, Semaphore, AcquirerProxy):  # type: ignore[misc]  # a served lock's `release` takes what its object does
    """A semaphore in shared memory."""

    _typeid = "Semaphore"


class ResidentBoundedSemaphore(ResidentProxy, BoundedSemaphore, AcquirerProxy):  # type: ignore[misc]  # a served lock's `release` takes what its object does
    """A bounded semaphore in shared memory."""

    _typeid = "BoundedSemaphore"


class ResidentEvent(ResidentProxy, Event, EventProxy):
    """An event in shared memory."""

    _typeid = "Event"


class ResidentCondition(ResidentProxy, Condition, ConditionProxy):  # type: ignore[misc]  # a served lock's `release` takes what its object does
    """A condition in shared memory."""

    _typeid = "Condition"


class ResidentBarrier(ResidentProxy, Barrier, BarrierProxy):
    """A barrier in shared memory."""

    _typeid = "Barrier"


WAITED_FOR: Final[tuple[Any, ...]] = (
    ResidentBarrier, ResidentBoundedSemaphore, ResidentCondition, ResidentEvent, ResidentLock, ResidentRLock,
    ResidentSemaphore,
)  # fmt: skip
"""All of these classes."""
