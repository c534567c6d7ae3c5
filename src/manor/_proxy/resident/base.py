"""What the proxies of all objects in shared memory have in common."""

from __future__ import annotations

import multiprocessing
from collections.abc import Mapping
from multiprocessing import context
from typing import TYPE_CHECKING, Any, ClassVar, Final

from manor._codec.context import travel
from manor._proxy.base import BaseProxy
from manor._proxy.links import find_link
from manor._resident import boxes
from manor._resident.pickled import NUMBERS, R, parts_of, rebuild_by, rebuild_resident
from manor._resident.watching import Watch
from manor._wire.references import Reference
from manor._wire.tokens import Token
from manor.errors import ManorError, NotExposed

if TYPE_CHECKING:
    from manor._proxy.link import Link
    from manor._resident.attachment import Attachment

_STORE: Final = Reference("manor._proxy.resident.stand_ins", "store_foreign")
_SERVED_CLASS: Final = Reference("manor._proxy.resident.opening", "served_class")
_REBUILD: Final = Reference("manor._proxy.resident.opening", "rebuild")
CLASSES: Final[dict[str, Any]] = {}
"""The class of each type of object, whose instances are made of an arena and a handle."""

__all__ = ["CLASSES", "R", "ResidentProxy"]


class ResidentProxy(BaseProxy):
    """What is the same for all: the private interface of proxies, as far as existing code uses it."""

    _typeid: ClassVar[str]
    _manager: Any = None
    _serializer = "pickle"
    _given_authkey: bytes | None = None
    _pickled: tuple[Any, ...] | None = None
    if TYPE_CHECKING:
        _arena: Any
        _handle: tuple[int, int]
        _tag: int

        def _lease(self, seconds: float) -> None: ...
        def _record_of_pickle(self, server: bytes, number: int, place: bytes, /) -> bytes: ...

    __init__ = object.__init__

    @property
    def _attachment(self) -> Attachment:
        return self._arena.hooks

    @property
    def _token(self) -> Token:  # type: ignore[override]  # made when it is asked for
        where = self._attachment.where
        return Token(self._typeid, where.public_address, Token.id_of(self._handle), where.route)

    @property
    def _id(self) -> str:  # type: ignore[override]
        return Token.id_of(self._handle)

    @property
    def _ident(self) -> Any:  # type: ignore[override]
        return self._handle

    @property
    def _link(self) -> Link:  # type: ignore[override]
        return find_link(self._token, self._serializer, None)

    @property
    def _authkey(self) -> bytes:
        own = getattr(self._manager, "_authkey", None)
        return own if own is not None else multiprocessing.current_process().authkey

    def _callmethod(self, methodname: str, args: tuple[Any, ...] = (), kwds: Mapping[str, Any] = {}) -> Any:
        if methodname == "#GETVALUE":
            return self._getvalue()
        if methodname in ("__repr__", "__str__"):
            return self._repr_of_value()
        exposed = self._exposed_ or ()
        if methodname not in exposed:
            raise NotExposed(
                f"{self._typeid!r} does not expose {methodname!r}; it exposes {', '.join(sorted(exposed))}"
            )
        return getattr(self, methodname)(*args, **kwds)

    @property
    def _canonical_key_(self) -> tuple[bytes, str]:
        return self._attachment.server, self._id

    def _begin_watch(self) -> Watch:
        return Watch(self)

    def _incref(self) -> None:
        """Do nothing: the object is held for as long as the proxy lives."""

    def __reduce__(self) -> tuple[Any, ...]:
        storing = travel.storing
        if storing is not None:
            if storing.arena is self._arena:
                return boxes.boxed, (storing.add(self),)
            return _STORE(storing, self)
        attachment = self._attachment
        recipient = travel.recipient
        ident = None if recipient is None else recipient.grant_resident(attachment.server, self._typeid, self._handle)
        if ident is None:
            self._lease(attachment.lease_s)
        record = self._record_of_pickle(attachment.server, NUMBERS[self._typeid], attachment.pickled_where())
        if context.get_spawning_popen() is not None:
            return rebuild_resident, (record, ident or None, bytes(self._authkey))
        return rebuild_resident, (record, ident) if ident else (record,)

    def __repr__(self) -> str:
        where = self._attachment.where
        measure = getattr(type(self), "__len__", None)
        try:
            length = "" if measure is None else f", {measure(self)} items"
        except ManorError:
            length = ", gone"
        return (
            f"<{_SERVED_CLASS.resolve()(self._typeid).__name__} object, typeid {self._typeid!r} at {id(self):#x}, "
            f"id {self._id}{length}, of the manager at {where.public_address!r}>"
        )

    def __str__(self) -> str:
        try:
            return self._repr_of_value()
        except Exception:  # the standard library's promise: str() of a proxy does not fail
            return repr(self)[:-1] + "; '__str__()' failed>"

    def _repr_of_value(self) -> str:
        return super().__repr__()  # of the face, which comes next


def _rebuild(record: bytes, ident: int | None, key: bytes | None) -> Any:
    return _REBUILD(*parts_of(record), ident or 0, key)


rebuild_by(CLASSES, _rebuild)
