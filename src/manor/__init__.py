"""The shared-object manager: ``multiprocessing.Manager``'s interface, fast, and exact about what goes wrong.

``from manor import Manager`` is the drop-in for ``from multiprocessing import Manager``; ``manor.managers`` for
``multiprocessing.managers``.
"""

from __future__ import annotations

import sys

if not sys.platform.startswith("linux"):
    raise ImportError(f"manor runs on Linux only at present, not on {sys.platform}: see docs/platforms.md")

from typing import Any

from manor._proxy.deadlines import deadline
from manor.errors import (
    AddressInUse,
    AuthenticationError,
    CallTimeout,
    ManagerDied,
    ManagerStartError,
    ManorError,
    ManorWarning,
    MessageTooLarge,
    NotExposed,
    NotPicklable,
    ObjectGone,
    OwnerDied,
    OwnerDiedWarning,
    ProtocolError,
    RemoteError,
    ServerBusy,
    WeakKeyWarning,
)
from manor.limits import Limits
from manor.managers.sync import SyncManager

__all__ = [
    "AddressInUse", "AuthenticationError", "CallTimeout", "Limits", "Manager", "ManagerDied", "ManagerStartError",
    "ManorError", "ManorWarning", "MessageTooLarge", "NotExposed", "NotPicklable", "ObjectGone", "OwnerDied",
    "OwnerDiedWarning", "ProtocolError", "RemoteError", "ServerBusy", "WeakKeyWarning", "deadline",
]  # fmt: skip


def Manager(**options: Any) -> SyncManager:  # noqa: N802 - the standard library's name
    """Return a started manager of the standard types.

    Args:
        options: Keyword arguments of ``manor.managers.SyncManager``.
    """
    manager = SyncManager(**options)
    manager.start()
    return manager
