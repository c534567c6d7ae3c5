"""What a proxy is when this process is attached to the arena: the object's methods work on shared memory.

``isinstance(proxy, DictProxy)`` holds as for a proxy that calls the server; which class it is, is private.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Mapping
from multiprocessing import context
from typing import TYPE_CHECKING, Any, ClassVar, Final

from manor._codec.context import travel
from manor._proxy.base import BaseProxy
from manor._proxy.containers.base import ContainerProxy
from manor._proxy.containers.dicts import DictProxy
from manor._proxy.containers.lists import ListProxy
from manor._proxy.containers.sets import SetProxy
from manor._proxy.links import find_link
from manor._proxy.values import ArrayProxy, NamespaceProxy, ValueProxy
from manor._resident import boxes
from manor._resident.arrays import Array
from manor._resident.attachment import find
from manor._resident.dicts import Dict
from manor._resident.lists import List
from manor._resident.sets import Set
from manor._resident.values import Namespace, Value
from manor._wire.references import Reference
from manor._wire.tokens import Token
from manor.errors import ManorError, NotExposed

if TYPE_CHECKING:
    from manor._proxy.link import Link
    from manor._resident.attachment import Attachment

_STORE: Final = Reference("manor._proxy.resident.stand_ins", "store_foreign")
_REBUILD: Final = Reference("manor._proxy.resident.opening", "rebuild")
_VALUE: Final = Reference("manor._server.types", "Value")
_NAMESPACE: Final = Reference("manor._server.types", "Namespace")
"""Copies are what the server would host."""

__all__ = [
    "CLASSES",
    "ResidentArray",
    "ResidentDict",
    "ResidentList",
    "ResidentNamespace",
    "ResidentProxy",
    "ResidentSet",
    "ResidentValue",
]


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
        record: tuple[Any, ...] = (
            attachment.server, self._typeid, *self._handle, attachment.pickled_where(), ident or 0,
        )  # fmt: skip
        if context.get_spawning_popen() is not None:
            record = (*record, bytes(self._authkey))
        return _rebuild, record

    def __repr__(self) -> str:
        where = self._attachment.where
        measure = getattr(type(self), "__len__", None)
        try:
            length = "" if measure is None else f", {measure(self)} items"
        except ManorError:
            length = ", gone"
        return (
            f"<{type(self).__name__} object, typeid {self._typeid!r}, id {self._id}{length}, "
            f"of the manager at {where.public_address!r}, at {id(self):#x}>"
        )

    def __str__(self) -> str:
        try:
            return self._repr_of_value()
        except Exception:  # the standard library's promise: str() of a proxy does not fail
            return repr(self)[:-1] + "; '__str__()' failed>"

    def _repr_of_value(self) -> str:
        return super().__repr__()  # of the face, which comes next


def _rebuild(
    server: bytes, typeid: str, at: int, generation: int, where: bytes, ident: int, key: bytes | None = None
) -> Any:
    arena = None if ident else find(server)
    if arena is not None:  # the usual way, and the shortest
        return CLASSES[typeid](arena, (at, generation))
    return _REBUILD(server, typeid, (at, generation), where, ident, key)


class _ResidentContainer(ResidentProxy, ContainerProxy):
    def _is_same(self, other: object) -> bool:
        return isinstance(other, ResidentProxy) and other._handle == self._handle and other._arena is self._arena

    __eq__ = ContainerProxy.__eq__

    def __hash__(self) -> int:
        return hash(self._handle)


class ResidentDict(_ResidentContainer, Dict, DictProxy[Any, Any]):
    """A dict in shared memory."""

    _typeid = "dict"


class ResidentList(_ResidentContainer, List, ListProxy[Any]):
    """A list in shared memory."""

    _typeid = "list"


class ResidentSet(_ResidentContainer, Set, SetProxy[Any]):
    """A set in shared memory."""

    _typeid = "set"


class ResidentValue(ResidentProxy, Value, ValueProxy[Any]):
    """One value in shared memory."""

    _typeid = "Value"

    def _getvalue(self) -> Any:
        return _VALUE(chr(self._tag), self.get())


class ResidentArray(ResidentProxy, Array, ArrayProxy):
    """An array in shared memory."""

    _typeid = "Array"


class ResidentNamespace(ResidentProxy, Namespace, NamespaceProxy):
    """A namespace in shared memory."""

    _typeid = "Namespace"

    def _getvalue(self) -> Any:
        return _NAMESPACE(**self._attributes())


CLASSES: Final[dict[str, Any]] = {
    cls._typeid: cls
    for cls in (ResidentArray, ResidentDict, ResidentList, ResidentNamespace, ResidentSet, ResidentValue)
}
"""The class of each type of object, whose instances are made of an arena and a handle."""
