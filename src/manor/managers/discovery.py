"""Managers that have names: finding them from any process of the same user."""

from __future__ import annotations

import contextlib
from typing import Any, NamedTuple, TypeVar, overload

from manor._engines.registry_of_names import entries
from manor._transport.addresses import Address
from manor.errors import AuthenticationError, CallTimeout, ManagerDied, ManagerNotFound, ObjectGone, ServerBusy
from manor.managers.base import BaseManager
from manor.managers.sync import SyncManager

__all__ = ["ManagerInfo", "attach", "found_again", "ls"]

M = TypeVar("M", bound=BaseManager)

_known: dict[str, SyncManager] = {}
"""Managers in whose stead later ones of the same name are looked for."""


class ManagerInfo(NamedTuple):
    """What ``manor.ls()`` says of a manager.

    Attributes:
        name: Its name.
        pid: The process id of its server; 0 while that is being started.
        address: Its server's address.
        since: When it got the name, as ``time.time()``.
        alive: Whether it can be attached to; the name of a dead one is free.
    """

    name: str
    pid: int
    address: Address
    since: float
    alive: bool


@overload
def attach(name: str, *, timeout: float | None = 0.0) -> SyncManager: ...
@overload
def attach(name: str, *, timeout: float | None = 0.0, manager_class: type[M]) -> M: ...
def attach(name: str, *, timeout: float | None = 0.0, manager_class: type[BaseManager] = SyncManager) -> BaseManager:
    """Return a manager connected to the one of that name, which any process of the same user may have started.

    No address and no key is needed: the system says whose processes they are, on both sides. What ``connect()`` of a
    manager with an address gives, this gives. When the manager has ended and another one has come under its name, the
    next use of this one reaches that.

    Args:
        name: As in ``Manager(name=...)``.
        timeout: How long to wait for a manager that has not been started yet, in seconds; None is without limit. One
            that is there already gets ``Limits.handshake_s`` to introduce itself.
        manager_class: The class of the result; its registered types should be those of the server's.

    Raises:
        ManagerNotFound: There is none that lives, and none came in time.
        ValueError: The name is impossible.

    Examples:
        >>> import os
        >>> import manor
        >>> name = f"scores-{os.getpid()}"
        >>> with manor.Manager(name=name) as manager:
        ...     manager.dict(name="points")["ada"] = 5
        ...     manor.attach(name).get("points")["ada"]  # in any process of this user
        5
    """
    manager = manager_class(name=name)
    manager._join(timeout)
    return manager


def ls() -> list[ManagerInfo]:
    """Return what is known of this user's managers that have a name, by name; of those that died, too.

    Examples:
        >>> import os
        >>> import manor
        >>> name = f"scores-{os.getpid()}"
        >>> with manor.Manager(name=name):
        ...     [info.alive for info in manor.ls() if info.name == name]
        [True]
    """
    return [ManagerInfo(entry.name, entry.pid, entry.address, entry.since, entry.is_alive()) for entry in entries()]


def found_again(manager: str, name: str, typeid: str, dead: bytes) -> Any:
    """Return the object that stands for one whose manager died.

    Args:
        manager: The name of the manager.
        name: The name of the object there.
        typeid: Its type.
        dead: The 16 bytes of the server that died.

    Returns:
        A proxy of the object of the same type and name of the manager that has the name now, or None.
    """
    with contextlib.suppress(ManagerNotFound, CallTimeout, ManagerDied, ObjectGone, ServerBusy, AuthenticationError):
        known = _known.get(manager)
        if known is None:
            known = _known[manager] = attach(manager)
        if known._started_link().server == dead:
            return None
        found = known.get(name, None)
        return found if found is not None and found._token.typeid == typeid else None
    return None
