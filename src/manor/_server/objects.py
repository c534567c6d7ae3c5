"""The table of hosted objects, and who keeps each of them alive.

An object lives as long as a client process holds a credit for it, or the server itself refers to it (a proxy in
one of its containers), or a lease runs. The last of these to end frees it; its finalizer runs outside the table's
lock, and may itself let go of other objects. Whoever cannot take the lock, which can only be a finalizer that
interrupted its holder, leaves a note that the holder reads before it goes.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from manor._server.processes import Process

if TYPE_CHECKING:
    from manor._server.adapters import Adapter
    from manor._server.watches import Changes
    from manor._server.whole.carrier import Carrier

__all__ = ["Hosted", "ObjectTable"]

Holder = Process | bytes
"""A client process, or the token of a child that is being forked."""


class Hosted:
    """One hosted object.

    Attributes:
        ident: Its number, never used again.
        obj: The object itself.
        typeid: The name under which it was created.
        exposed: The methods that clients may call.
        method_to_typeid: Which of them answer with a proxy, and of what type.
        adapter: What replaces its blocking methods, or None.
        holders: Credits by holder.
        local: How often the server itself refers to it.
        leased_until: Until when (monotonic, in seconds) a pickle may still arrive.
        changes: Where changes are noted for those who watch it, or None.
        lock: Of those who change one of its values in one step; made for the first of them.
        whole: What carries out its calls if all of its attributes are open to clients, else None.
    """

    __slots__ = (
        "adapter", "changes", "exposed", "holders", "ident", "leased_until", "local", "lock", "method_to_typeid", "obj",
        "typeid", "whole",
    )  # fmt: skip

    def __init__(self, ident: int, obj: Any, typeid: str, adapter: Adapter | None) -> None:
        self.ident: int = ident
        self.obj: Any = obj
        self.typeid: str = typeid
        self.adapter: Adapter | None = adapter
        self.exposed: frozenset[str] = frozenset()
        self.method_to_typeid: Mapping[str, str] = {}
        self.holders: dict[Holder, int] = {}
        self.local: int = 0
        self.leased_until: float = 0.0
        self.lock: Any = None
        self.whole: Carrier | None = None
        self.changes: Callable[[], Changes | None] | None = None

    @property
    def is_held(self) -> bool:
        """Whether anybody or anything keeps the object alive."""
        return bool(self.holders) or self.local > 0 or self.leased_until > time.monotonic()

    def __repr__(self) -> str:
        holders = sum(self.holders.values())
        return f"<{self.typeid} {self.ident:x}: {holders} credits, {self.local} local, {type(self.obj).__name__}>"


class ObjectTable:
    """Every hosted object of a server."""

    def __init__(self, on_first_lease: Callable[[], None] = lambda: None) -> None:
        """Make an empty table.

        Args:
            on_first_lease: Called when there is a lease to wait for and was none before.
        """
        self._lock = threading.Lock()
        self._idents = itertools.count(1)
        self._hosted: dict[int, Hosted] = {}
        self._by_identity: dict[int, Hosted] = {}
        self._announced: set[bytes] = set()
        self._claimed: set[bytes] = set()
        self._dropped: deque[int] = deque()
        self._leases: list[tuple[float, int]] = []
        self._on_first_lease = on_first_lease

    def __len__(self) -> int:
        self._settle()
        return len(self._hosted)

    def host(
        self,
        obj: Any,
        typeid: str,
        exposed: Iterable[str],
        method_to_typeid: Mapping[str, str],
        adapter: Adapter | None,
        holder: Holder | None = None,
    ) -> Hosted:
        """Host *obj*, or host it anew under this type if it is hosted already.

        *holder* is credited with it; without one, a reference of the server's own is taken.
        """
        with self._lock:
            hosted = self._by_identity.get(id(obj))
            if hosted is None:
                hosted = Hosted(next(self._idents), obj, typeid, adapter)
                self._hosted[hosted.ident] = self._by_identity[id(obj)] = hosted
            hosted.exposed = frozenset(exposed)
            hosted.method_to_typeid = method_to_typeid
            if holder is None:
                hosted.local += 1
            else:
                hosted.holders[holder] = hosted.holders.get(holder, 0) + 1
        self._settle()
        return hosted

    def find(self, ident: int) -> Hosted | None:
        """Return a hosted object."""
        return self._hosted.get(ident)

    def is_held_once(self, ident: int) -> bool:
        """Whether nothing but one reference of the server's own keeps an object."""
        hosted = self._hosted.get(ident)
        return (
            hosted is not None and hosted.local == 1 and not hosted.holders and hosted.leased_until <= time.monotonic()
        )

    def all(self) -> list[Hosted]:
        """Return every hosted object, oldest first."""
        self._settle()
        with self._lock:
            return list(self._hosted.values())

    # Who holds it

    def credit(self, ident: int, holder: Holder, count: int = 1) -> bool:
        """Count *holder* as a holder; False when the object is gone."""
        with self._lock:
            hosted = self._hosted.get(ident)
            if hosted is not None:
                hosted.holders[holder] = hosted.holders.get(holder, 0) + count
        self._settle()
        return hosted is not None

    def give_back(self, ident: int, holder: Holder, count: int = 1) -> None:
        """Take *count* credits from *holder*."""
        freed: Hosted | None = None
        with self._lock:
            hosted = self._hosted.get(ident)
            if hosted is not None and holder in hosted.holders:
                left = hosted.holders[holder] - count
                if left > 0:
                    hosted.holders[holder] = left
                else:
                    del hosted.holders[holder]
                freed = self._free(hosted)
        del hosted, freed  # the object's finalizer runs here
        self._settle()

    def forget(self, holder: Holder) -> None:
        """Take every credit from *holder*, which has ended."""
        with self._lock:
            held = [hosted for hosted in self._hosted.values() if hosted.holders.pop(holder, None) is not None]
            freed = [self._free(hosted) for hosted in held]
        del held
        freed.clear()  # finalizers run here
        self._settle()

    # Children that are being forked: parent and child tell of it on connections of their own, in any order

    def copy_credits(self, source: Holder, token: bytes) -> None:
        """Count a child that is being forked as a holder of all that *source* holds, unless it holds them itself."""
        with self._lock:
            if token in self._claimed:
                return
            self._announced.add(token)
            for hosted in self._hosted.values():
                if source in hosted.holders:
                    hosted.holders[token] = 1
        self._settle()

    def copy_local(self, token: bytes) -> None:
        """Count a child that this very server is about to fork as a holder of all that the server refers to."""
        with self._lock:
            self._announced.add(token)
            for hosted in self._hosted.values():
                if hosted.local:
                    hosted.holders[token] = 1
        self._settle()

    def claim(self, token: bytes) -> bool:
        """Note that a forked child holds on its own from now on; False if its parent has not announced it yet."""
        with self._lock:
            announced = token in self._announced
            self._claimed.add(token)
        if announced:
            self.forget_child(token)
        return announced

    def forget_child(self, token: bytes) -> None:
        """Take every credit from a child that has claimed them, or never came."""
        with self._lock:
            self._announced.discard(token)
            self._claimed.discard(token)
        self.forget(token)

    def drop_local(self, ident: int) -> None:
        """Give back one of the server's own references; callable from any finalizer."""
        self._dropped.append(ident)
        self._settle()

    def add_local(self, ident: int) -> Hosted | None:
        """Take a local reference; None when the object is gone."""
        with self._lock:
            hosted = self._hosted.get(ident)
            if hosted is not None:
                hosted.local += 1
        self._settle()
        return hosted

    def _settle(self) -> None:
        while self._dropped and self._lock.acquire(blocking=False):
            freed = []
            try:
                while self._dropped:
                    hosted = self._hosted.get(self._dropped.popleft())
                    if hosted is not None:
                        hosted.local -= 1
                        freed.append(self._free(hosted))
                hosted = None
            finally:
                self._lock.release()
            freed.clear()

    def _free(self, hosted: Hosted) -> Hosted | None:
        """Take an object that nothing keeps alive out of the table; the caller drops it after the lock."""
        if hosted.is_held:
            return None
        self._hosted.pop(hosted.ident, None)
        self._by_identity.pop(id(hosted.obj), None)
        return hosted

    # Leases

    def lease(self, ident: int, seconds: float) -> None:
        """Keep an object alive for at least *seconds* from now."""
        until = time.monotonic() + seconds
        first = False
        with self._lock:
            hosted = self._hosted.get(ident)
            if hosted is not None and hosted.leased_until < until:
                hosted.leased_until = until
                first = not self._leases
                heapq.heappush(self._leases, (until, ident))
        self._settle()
        if first:
            self._on_first_lease()

    def next_expiry(self) -> float | None:
        """Return when (monotonic, in seconds) the next lease ends."""
        leases = self._leases
        return leases[0][0] if leases else None

    def expire(self) -> list[Hosted]:
        """Free what only a lease that has ended kept alive; the caller drops what is returned."""
        freed = []
        now = time.monotonic()
        with self._lock:
            while self._leases and self._leases[0][0] <= now:
                hosted = self._hosted.get(heapq.heappop(self._leases)[1])
                if hosted is not None:
                    freed.append(self._free(hosted))
        self._settle()
        return [hosted for hosted in freed if hosted is not None]
