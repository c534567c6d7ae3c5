"""The shared-object manager: ``multiprocessing.Manager``'s interface, fast, and exact about what goes wrong.

``from manor import Manager`` is the drop-in for ``from multiprocessing import Manager``; ``manor.managers`` for
``multiprocessing.managers``. Names are imported when they are first used.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any, Final

if not sys.platform.startswith("linux"):
    raise ImportError(f"manor runs on Linux only at present, not on {sys.platform}: see docs/platforms.md")

if TYPE_CHECKING:
    from manor._proxy.deadlines import deadline as deadline
    from manor._proxy.local_copies import to_local as to_local
    from manor._proxy.watching import wait_for as wait_for
    from manor._resident.missing import MISSING as MISSING
    from manor._wire.marks import Proxied as Proxied
    from manor._wire.marks import reads as reads
    from manor.errors import AddressInUse as AddressInUse
    from manor.errors import ArenaCorrupt as ArenaCorrupt
    from manor.errors import ArenaFull as ArenaFull
    from manor.errors import ArenaUnavailable as ArenaUnavailable
    from manor.errors import AuthenticationError as AuthenticationError
    from manor.errors import CallTimeout as CallTimeout
    from manor.errors import ManagerDied as ManagerDied
    from manor.errors import ManagerNotFound as ManagerNotFound
    from manor.errors import ManagerStartError as ManagerStartError
    from manor.errors import ManorError as ManorError
    from manor.errors import ManorWarning as ManorWarning
    from manor.errors import MessageTooLarge as MessageTooLarge
    from manor.errors import NameInUse as NameInUse
    from manor.errors import NotExposed as NotExposed
    from manor.errors import NotImportable as NotImportable
    from manor.errors import NotPicklable as NotPicklable
    from manor.errors import ObjectGone as ObjectGone
    from manor.errors import OwnerDied as OwnerDied
    from manor.errors import OwnerDiedWarning as OwnerDiedWarning
    from manor.errors import ProtocolError as ProtocolError
    from manor.errors import RemoteError as RemoteError
    from manor.errors import ServerBusy as ServerBusy
    from manor.errors import ServerTraceback as ServerTraceback
    from manor.errors import ShutDown as ShutDown
    from manor.errors import WeakKeyWarning as WeakKeyWarning
    from manor.errors import WouldDeadlock as WouldDeadlock
    from manor.limits import Limits as Limits
    from manor.managers.discovery import attach as attach
    from manor.managers.discovery import ls as ls
    from manor.managers.installing import install as install
    from manor.managers.installing import uninstall as uninstall
    from manor.managers.sync import SyncManager

__all__ = [
    "MISSING",
    "AddressInUse",
    "ArenaCorrupt",
    "ArenaFull",
    "ArenaUnavailable",
    "AuthenticationError",
    "CallTimeout",
    "Limits",
    "Manager",
    "ManagerDied",
    "ManagerNotFound",
    "ManagerStartError",
    "ManorError",
    "ManorWarning",
    "MessageTooLarge",
    "NameInUse",
    "NotExposed",
    "NotImportable",
    "NotPicklable",
    "ObjectGone",
    "OwnerDied",
    "OwnerDiedWarning",
    "ProtocolError",
    "Proxied",
    "RemoteError",
    "ServerBusy",
    "ServerTraceback",
    "ShutDown",
    "WeakKeyWarning",
    "WouldDeadlock",
    "attach",
    "deadline",
    "install",
    "ls",
    "reads",
    "to_local",
    "uninstall",
    "wait_for",
]

_ELSEWHERE: Final[dict[str, str]] = {
    "MISSING": "manor._resident.missing",
    "Limits": "manor.limits",
    "Manager": "manor",
    "attach": "manor.managers.discovery",
    "deadline": "manor._proxy.deadlines",
    "Proxied": "manor._wire.marks",
    "install": "manor.managers.installing",
    "ls": "manor.managers.discovery",
    "reads": "manor._wire.marks",
    "to_local": "manor._proxy.local_copies",
    "uninstall": "manor.managers.installing",
    "wait_for": "manor._proxy.watching",
    "R": "manor._proxy.resident.base",  # for pickles
}
_HOMES: Final[dict[str, str]] = {**dict.fromkeys(__all__, "manor.errors"), **_ELSEWHERE}


def Manager(**options: Any) -> SyncManager:  # noqa: N802 - the standard library's name
    """Return a started manager of the standard types.

    Args:
        options: Keyword arguments of ``manor.managers.SyncManager``.

    Examples:
        >>> import manor
        >>> with manor.Manager() as manager:
        ...     scores = manager.dict(ada=1)
        ...     scores["ada"] += 1
        ...     scores.copy()
        {'ada': 2}
    """
    from manor.managers.sync import SyncManager  # a program that imports this module may never make a manager

    manager = SyncManager(**options)
    manager.start()
    return manager


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        if name in ("managers", "errors", "limits"):
            return importlib.import_module(f"manor.{name}")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(home), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, "managers", "errors", "limits"})
