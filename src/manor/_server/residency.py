"""The server's part in shared memory: it cleans up behind the dead, and ends it.

It also hosts objects of the arena for clients that cannot map it, and keeps served objects that are stored in
containers of the arena.
"""

from __future__ import annotations

import contextlib
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from manor import _log
from manor._resident import attachment, handles, stand_ins
from manor._resident.boxes import BOX_TAG, STAND_IN_TAG
from manor._transport.endings import ProcessWatch
from manor._wire.references import Reference
from manor.errors import ObjectGone

if TYPE_CHECKING:
    from manor._server.objects import ObjectTable
    from manor._server.reactor import Reactor

__all__ = ["Residency"]

_MAKE: Final = Reference("manor._proxy.resident.opening", "make")
_OPEN: Final = Reference("manor._proxy.resident.opening", "open_resident")
_CREATE: Final = Reference("manor._resident.creation", "create")
_STATS_OF: Final = Reference("manor._resident.statistics", "stats_of")
_STAND_INS_S: Final = 0.2
_TICK_S: Final = (0.05, 15.0)
_LATE_S: Final = 0.001
"""So much after the end of a lease, it is surely over by any clock."""
_REAPING_SHARE: Final = 20
"""Where leases end all the time, looking for them takes at most this part of the time."""
_LONG_S: Final = 3600.0
_QUIET_S: Final = 0.2
_BUSY_S: Final = 0.5
"""Memory is returned when none was freed for a while, or it goes on for long."""
_TRIM_AFTER_S: Final = 0.05
"""A manager that is used for a moment does without the thread for that."""
_KEPT_UNITS: Final = 256
"""16 MB stay: what large values come and go in."""


class Residency:
    """One server's arena.

    Attributes:
        arena: The arena itself.
        fd: Its memory file, for clients.
    """

    def __init__(self, arena: attachment.Arena, fd: int, lease_s: float, table: ObjectTable) -> None:
        """Look after *arena*."""
        self.arena = arena
        self.fd = fd
        self._table = table
        self._lease_s = lease_s
        self._hosted: weakref.WeakValueDictionary[tuple[int, int], Any] = weakref.WeakValueDictionary()
        self._stand_ins = stand_ins.StandIns(self.arena)
        self._watched: set[int] = set()
        self._lock = threading.Lock()

    # Objects

    def make(self, typeid: str, args: tuple[Any, ...], kwds: Mapping[str, Any], deep: bool) -> Any:
        """Make an object of a standard type, for a client that cannot."""
        made = _MAKE(self.arena, typeid, args, dict(kwds), deep=deep)
        with self._lock:
            self._hosted[made._handle] = made
        return made

    def open(self, typeid: str, handle: tuple[int, int]) -> Any:
        """Return what stands for an object here: always the same while it is hosted.

        Raises:
            ObjectGone: Nobody holds it any more.
        """
        with self._lock:
            found = self._hosted.get(handle)
            if found is None:
                found = self._hosted[handle] = _OPEN(self.arena, typeid, handle)
            return found

    def count(self) -> int:
        """How many objects users have here, but for those that the table counts."""
        hosted = sum(handles.id_of(hosted.obj) is not None for hosted in self._table.all())
        tags = [tag for _, tag, _, _ in self.arena.objects()]
        going = sum(self._table.is_held_once(ident) for ident in self._stand_ins.unused())
        return len(tags) - tags.count(BOX_TAG) - tags.count(STAND_IN_TAG) - hosted - going

    def stats(self) -> dict[str, Any]:
        """What the arena is used for: bytes and slots, and how many objects there are of each type."""
        found: dict[str, Any] = _STATS_OF(self.arena)
        return found

    def keep(self, proxy: Any) -> tuple[int, int]:
        """Keep a proxy of another manager's object; return the handle of what stands for it in containers."""
        hosted = self._table.host(proxy, "proxy of another manager", (), {}, None)
        return self._stand_ins.add(hosted.ident)

    def stand_in(self, ident: int) -> tuple[int, int]:
        """Return the handle of what stands for a served object in containers of the arena."""
        found = self._stand_ins.find(ident)
        if found is None:
            if self._table.add_local(ident) is None:
                raise ObjectGone(f"object {ident:x} is gone from the manager's server")
            found = self._stand_ins.add(ident)
        return found

    def standing_for(self, ident: int, record: Callable[[], Any]) -> stand_ins.StandIn:
        """Return what stands for a served object; *record* says how to make a proxy."""
        while True:
            try:
                found = stand_ins.StandIn(self.arena, self.stand_in(ident))
            except ObjectGone:  # nobody held it for a moment
                if self._table.find(ident) is None:
                    raise
                continue
            if found.get() is None:
                found.set(record())
            return found

    # Cleaning up

    def run_in(self, reactor: Reactor) -> None:
        """Have the reactor clean up from time to time: objects whose leases have ended, and stand-ins."""
        least, most = _TICK_S
        # Short enough to see each lease before it ends; from then on its end is known.
        period = min(max(self._lease_s / 4, least), most)

        def reap() -> None:
            began, left = time.monotonic(), None
            try:
                left = self.arena.reap()
            finally:
                pause = max(least, _REAPING_SHARE * (time.monotonic() - began))
                reactor.after(period if left is None else min(period, max(left + _LATE_S, pause)), tick)

        def tick() -> None:
            self._in_background(reap)

        def look() -> None:
            self._drop_unused_stand_ins()
            if len(self._stand_ins):
                reactor.after(_STAND_INS_S, look)

        def trim() -> None:
            threading.Thread(target=self._return_memory, name="manor-trim", daemon=True).start()

        reactor.after(_TRIM_AFTER_S, trim)
        self._stand_ins.on_first = lambda: reactor.after(_STAND_INS_S, look)
        reactor.after(period, tick)

    def sweep_when_gone(self, reactor: Reactor, pid: int) -> None:
        """Release what process *pid* holds in the arena once it has ended; its connection has."""

        def sweep() -> None:
            self._in_background(self.arena.sweep_dead)

        if pid in self._watched or all(attached != pid for _, attached, _ in self.arena.processes()):
            return  # a stranger may say any number
        try:
            watch = ProcessWatch(pid)
        except (ProcessLookupError, OSError):
            sweep()
            return

        self._watched.add(pid)

        def gone() -> None:
            self._watched.discard(pid)
            reactor.forget(watch.fileno())
            watch.close()
            sweep()

        reactor.when_readable(watch.fileno(), gone)

    def _return_memory(self) -> None:
        """Wait until much is freed; then return what nobody uses within a moment to the system, for good."""
        arena = self.arena
        seen = 0  # as in a new arena: its owner may have freed much before this thread ran
        while not arena.ended:
            now = arena.await_chores(seen, _LONG_S)
            if now == seen:
                continue
            end = time.monotonic() + _BUSY_S
            while now != seen and time.monotonic() < end:
                seen, now = now, arena.await_chores(now, _QUIET_S)
            if not arena.ended:
                arena.trim(_KEPT_UNITS)

    def _drop_unused_stand_ins(self) -> None:
        for ident in self._stand_ins.drop_unused():
            self._table.drop_local(ident)

    def _in_background(self, job: Callable[[], object]) -> None:
        """Run *job* in a thread: freeing takes long where there is much, and the reactor has others to serve."""

        def run() -> None:
            try:
                job()
            except Exception:  # whatever is wrong with the arena, its users are told by their own operations
                _log.warning("could not clean up the arena:\n%s", _log.current_error_text())

        with contextlib.suppress(RuntimeError):  # the interpreter is ending
            threading.Thread(target=run, name="manor-sweep", daemon=True).start()

    def end(self) -> None:
        """End the arena for every process."""
        self.arena.end()


def residency_of(server: Any, bytes_max: int, fd: int) -> Residency | None:
    """Return the arena of a new server, or None where it has none.

    Args:
        server: The server.
        bytes_max: How large a new one may grow; 0 for none.
        fd: The memory file of one that was made for the server; -1 for none.
    """
    lease_s = server.limits.pickle_lease_s
    arena = (
        attachment.take_over(server, fd, lease_s)
        if fd >= 0
        else _CREATE(server, bytes_max, lease_s, debug=server.debug)
    )
    if arena is None:
        return None
    return Residency(arena, fd if fd >= 0 else arena.fileno(), lease_s, server.table)
