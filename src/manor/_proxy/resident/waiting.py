"""Proxies of what threads wait for, when this process is attached to the arena."""

from __future__ import annotations

from manor._proxy.resident.base import ResidentProxy
from manor._proxy.synchronization import AcquirerProxy
from manor._resident.locks import Lock, RLock

__all__ = ["ResidentLock", "ResidentRLock"]


class ResidentLock(ResidentProxy, Lock, AcquirerProxy):
    """A lock in shared memory."""

    _typeid = "Lock"


class ResidentRLock(ResidentProxy, RLock, AcquirerProxy):
    """A reentrant lock in shared memory."""

    _typeid = "RLock"
