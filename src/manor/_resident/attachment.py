"""The arenas that this process is attached to, and what Python does for them."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable
from multiprocessing import util
from typing import Final

from manor import _native
from manor._resident.hooks import Attachment, Where
from manor._wire.references import Reference

__all__ = [
    "Arena", "Attachment", "Where", "arenas", "attach", "create", "find", "give_up", "leave_in_order", "take_over",
]  # fmt: skip

Arena = _native.Arena

_DETACH: Final = Reference("manor._proxy.resident.detached", "detach")

arenas: Final[dict[bytes, Arena]] = {}
"""By the 16 bytes that name the server."""

find: Final = arenas.get
"""Returns the arena of a server that has those 16 bytes, or None if this process is not attached to it."""


def create(where: Where, bytes_max: int, lease_s: float, *, debug: bool) -> Arena:
    """Make an arena for the server in this process.

    Args:
        where: The server.
        bytes_max: How large it may grow.
        lease_s: How long a pickle keeps its object, in seconds.
        debug: Whether to note from where threads acquire and wait.

    Raises:
        OSError: The system does not provide such memory.
    """
    hooks = Attachment(where, lease_s)
    return _enter(hooks, Arena.create(bytes_max, _name(), hooks, debug))


def attach(where: Where, fd: int, lease_s: float) -> Arena:
    """Attach this process to the arena of a server.

    Args:
        where: The server.
        fd: The arena's memory file; it stays the caller's.
        lease_s: How long a pickle keeps its object, in seconds.

    Raises:
        ArenaUnavailable: There is no place for another process, or ours is in another pid namespace.
    """
    hooks = Attachment(where, lease_s)
    return _enter(hooks, Arena.attach(fd, _name(), hooks))


def take_over(where: Where, fd: int, lease_s: float) -> Arena:
    """Return the arena that another process made for the server in this one; a forked process has it already."""
    arena = arenas.get(where.route.server)
    if arena is None:
        return attach(where, fd, lease_s)
    arena.hooks.where = where
    return arena


def give_up(arena: Arena) -> None:
    """End an arena that was made for nothing."""
    arena.end()
    arenas.pop(arena.hooks.server, None)


def _enter(hooks: Attachment, arena: Arena) -> Arena:
    hooks.use(arena)
    arenas[hooks.server] = arena
    for server in [server for server, old in arenas.items() if old.ended]:
        del arenas[server]
    return arena


def _name() -> str:
    return multiprocessing.current_process().name


def _call_oneself(_: object = None) -> None:
    """In a child of ``multiprocessing``: it has a name of its own."""
    for arena in list(arenas.values()):
        if not arena.ended:
            arena.call_oneself(_name())


util.register_after_fork(_name, _call_oneself)


def leave_in_order() -> None:
    """Note that this process ends in good order: what its threads hold stays theirs."""
    for arena in list(arenas.values()):
        if not arena.ended:
            arena.leave_in_order()


_fork = threading.RLock()
"""Held from before a fork until after it: one at a time."""
_forking: list[Arena] = []
_detach: list[Callable[[Arena], None]] = []
"""Loaded before the fork."""


def _before_fork() -> None:
    _fork.acquire()
    _forking[:] = arenas.values()
    for arena in _forking:
        if not arena.before_fork(arena.hooks.lease_s) and not arena.ended:
            arena.lease_held(arena.hooks.lease_s)  # until the child holds what it needs through the server
            _detach[:] = [_DETACH.resolve()]


def _after_fork_in_parent() -> None:
    for arena in _forking:
        arena.after_fork_in_parent()
    _forking.clear()
    _fork.release()


def _after_fork_in_child() -> None:
    for arena in _forking:
        if not arena.after_fork_in_child() and _detach:
            del arenas[arena.hooks.server]
            _detach[0](arena)
    _forking.clear()
    _fork.release()


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
