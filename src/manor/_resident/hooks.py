"""What the native code asks Python for, about values and about the manager of an arena."""

from __future__ import annotations

import reprlib
import weakref
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from manor import _native
from manor._codec import pickles
from manor._codec.codec import codec_for
from manor._codec.context import travel
from manor._codec.refusals import advice, advised
from manor._resident import boxes, keys
from manor._wire import sites
from manor._wire.references import Reference
from manor._wire.tokens import Route
from manor.errors import CallTimeout, ManagerDied, NotPicklable

__all__ = ["Attachment", "Where"]

Arena = _native.Arena

_OPEN: Final = Reference("manor._proxy.resident.opening", "open_object")
"""It knows the proxies, which are above this package."""

_MAKE_DEEP: Final = Reference("manor._proxy.resident.opening", "make_deep")

_SHARING: Final = Reference("manor._resident.sharing", "Sharing")
_CURRENT_END: Final = Reference("manor._proxy.deadlines", "current_end")

_OPENED_MAX: Final = 256
_opened: dict[tuple[int, int], Any] = {}
"""The classes of what was found in containers, by kind and tag: the quick way to open the next one."""


class _Container:
    """As a recipient of pickles: holds the objects of proxies by itself."""

    def grant(self, server: bytes, ident: int) -> bool:
        return False

    def grant_resident(self, server: bytes, typeid: str, handle: tuple[int, int]) -> int | None:
        return 0


_CONTAINER: Final = _Container()


class Where(Protocol):
    """Tells where the server of an arena is."""

    route: Route

    @property
    def public_address(self) -> Any:
        """The address that tokens name."""

    @property
    def ended(self) -> str | None:
        """How the server ended, or None while it is taken for alive."""

    def await_started(self) -> None:
        """Return when the server runs, so that other processes may be told of it."""

    @property
    def link(self) -> Any:
        """How this process calls the server, or None when it no longer can."""


class Attachment:
    """What the native code asks for (see ``_native.Arena``), and what proxies have to know of their arena.

    Attributes:
        server: 16 bytes that name the server.
        lease_s: How long a pickle keeps its object, in seconds.
        where: Tells where the server is.
        is_detached: In a forked child that has no place in the arena: the server was asked for an object.
    """

    __slots__ = ("__weakref__", "_arena", "_pickled_where", "is_detached", "lease_s", "server", "where")

    canonical = staticmethod(keys.canonical)
    unshow = staticmethod(keys.unshow)
    site = staticmethod(sites.site)
    decode = staticmethod(codec_for("pickle").decode)
    pickle = staticmethod(pickles.dumps_builtins)
    unpickle = staticmethod(pickles.loads_whole)

    def __init__(self, where: Where, lease_s: float) -> None:
        self.where = where
        self.server = where.route.server
        self.lease_s = lease_s
        self.is_detached = False
        self._arena: Callable[[], Arena | None] = lambda: None
        self._pickled_where: tuple[Any, bytes] | None = None

    @property
    def arena(self) -> Arena:
        """The arena itself; raise ``ManagerDied`` when this process has let go of it."""
        arena = self._arena()
        if arena is None:
            raise self.ended()
        return arena

    def use(self, arena: Arena) -> None:
        """Be the attachment of *arena*."""
        self._arena = weakref.ref(arena)

    def show(self, key: Any) -> bytes:
        """Return the pickle of a key; a proxy in it needs no lease where its container holds the object."""
        travel.recipient, outer = _CONTAINER, travel.recipient
        try:
            return keys.show(key)
        finally:
            travel.recipient = outer

    def encode_keyed(self, value: Any, key: Any, place: str) -> Any:
        """Return the box of a value whose *key* is a proxy, and of the object that this stands for."""
        storing = boxes.Storing(self.arena)
        parts = self._pickled(storing, value, place)
        storing.add(key)
        return storing.box(parts)

    def encode(self, value: Any, place: str) -> Any:
        """Return the parts of a pickle, or the box that stands for a value with proxies in it.

        Raises:
            NotPicklable: The value cannot be stored at *place*.
        """
        storing = boxes.Storing(self.arena)
        parts = self._pickled(storing, value, place)
        return storing.box(parts) if storing.references else parts

    def _pickled(self, storing: boxes.Storing, value: Any, place: str) -> Sequence[pickles.Buffer]:
        travel.storing, outer = storing, travel.storing
        try:
            return pickles.dumps(value)
        except pickles.REFUSALS as error:
            why = f"{reprlib.repr(value)} ({type(error).__name__}: {error}){advice(error)}"
            text = f"{place} cannot be stored: {why}"
            raise NotPicklable(text) from error
        except RuntimeError as error:  # multiprocessing's own locks and queues
            advised(error)
            raise
        finally:
            travel.storing = outer

    def make(self, typeid: str | type) -> Any:
        """Return a new, empty container of a type, in which plain ones become shared ones."""
        return _MAKE_DEEP(self.arena, typeid if isinstance(typeid, str) else typeid.__name__)

    def share(self, value: Any) -> Any:
        """Return what a deep container stores for a value."""
        return _SHARING(self.make).one(value)

    def share_all(self, values: list[Any]) -> list[Any]:
        """Return what it stores for several values."""
        shared: list[Any] = _SHARING(self.make).all(values)
        return shared

    def open(self, kind: int, tag: int, at: int, generation: int) -> Any:
        """Return what stands for an object of the arena in this process."""
        arena = self.arena
        known = _opened.get((kind, tag))
        if known is not None:
            return known(arena, (at, generation))
        if tag == boxes.BOX_TAG:
            return boxes.unbox(arena, (at, generation))
        found = _OPEN(arena, kind, tag, (at, generation))
        if tag != boxes.STAND_IN_TAG and len(_opened) < _OPENED_MAX:
            _opened[kind, tag] = type(found)
        return found

    def ended(self) -> BaseException:
        """Return the exception for whoever uses an object after the manager's end."""
        how = self.where.ended or "was shut down, or its owner ended"
        return ManagerDied.of(f"the manager at {self.where.public_address!r} (pid {self.where.route.pid})", how)

    def deadline(self) -> float | None:
        """Until when (monotonic, in seconds) the caller waits at most where it names no limit itself, or None."""
        end: float | None = _CURRENT_END.resolve()()
        return end

    def timed_out(self) -> BaseException:
        """Return the exception for a wait that took longer than that."""
        return CallTimeout(
            f"what was waited for did not happen within the deadline (manager at {self.where.public_address!r})"
        )

    def pickled_where(self) -> bytes:
        """Return address and route, as bytes that a process which is attached already need not look into."""
        self.where.await_started()
        address = self.where.public_address
        found = self._pickled_where
        if found is None or found[0] != address:
            packed = b"".join(pickles.dumps((address, tuple(self.where.route))))
            found = self._pickled_where = (address, packed)
        return found[1]
