"""What every proxy is: a token, a hold, and calls by name."""

from __future__ import annotations

import multiprocessing
import threading
import warnings
from collections.abc import Mapping
from functools import cached_property
from multiprocessing import context
from typing import TYPE_CHECKING, Any, ClassVar, Final

from manor._codec.context import travel
from manor._proxy.deadlines import Waits
from manor._proxy.links import find_link
from manor._wire.granted import Granted
from manor._wire.notes import Noted
from manor._wire.references import Reference
from manor._wire.tokens import Token
from manor.errors import AuthenticationError, OwnerDied, OwnerDiedWarning

if TYPE_CHECKING:
    from manor._proxy.link import Link

__all__ = ["BaseProxy", "RebuildProxy", "linked_proxy", "resident_proxy"]

_STORE: Final = Reference("manor._proxy.resident.stand_ins", "store")
_OPEN_RESIDENT: Final = Reference("manor._proxy.resident.opening", "open_resident")
_AUTO_PROXY: Final = Reference("manor._proxy.auto", "AutoProxy")
_REBUILD_AUTO: Final = Reference("manor._proxy.auto", "rebuild_auto")
"""That module makes subclasses of this module's class."""


class BaseProxy:
    """Stands for an object that a manager's server hosts.

    Every attribute that is ours begins with an underscore; all else belongs to the hosted object's class.
    """

    _exposed_: tuple[str, ...] | None = None
    _method_to_typeid_: ClassVar[Mapping[str, str]] = {}
    _waits_: ClassVar[Mapping[str, Waits]] = {}
    _changing_: ClassVar[frozenset[str]] = frozenset()
    """Methods after which what an iterator has fetched ahead may be wrong."""
    _isauto = False

    def __init__(
        self,
        token: Token,
        serializer: str,
        manager: Any = None,
        authkey: bytes | None = None,
        exposed: tuple[str, ...] | None = None,
        incref: bool = True,
        manager_owned: bool = False,
    ) -> None:
        """Make a proxy for *token*'s object, as ``multiprocessing.managers.BaseProxy`` does.

        Args:
            token: Names the object.
            serializer: ``"pickle"`` or ``"xmlrpclib"``.
            manager: The manager that made the object; the proxy keeps it alive.
            authkey: A key to prove to the server; by default a server of this machine and user needs none.
            exposed: Not used here; see ``AutoProxy``.
            incref: Whether the proxy keeps the object alive.
            manager_owned: Not used: a proxy inside its own server always reaches the object directly.

        Raises:
            ManagerDied: The server is gone.
        """
        self._token = token
        self._id = token.id
        self._serializer = serializer
        self._manager = manager
        link = None if manager is None else getattr(manager, "_link", None)
        if link is None or (token.route is not None and link.server != token.route.server):
            link = find_link(token, serializer, authkey)
        self._link = link
        ident_and_hold: tuple[int, Any] = link.ident_of(token)  # that keeps the object until we hold it
        self._ident = ident_and_hold[0]
        self._given_authkey = authkey
        self._hold = link.hold(self._ident, credited=False) if incref else link.unheld(self._ident)
        del ident_and_hold

    # multiprocessing's private interface, which existing code uses

    @cached_property
    def _authkey(self) -> bytes:
        given = self._given_authkey
        return given if given is not None else _default_authkey(self._manager)

    def _callmethod(self, methodname: str, args: tuple[Any, ...] = (), kwds: Mapping[str, Any] = {}) -> Any:
        """Call a method of the hosted object and return a copy of its result, or a proxy for it.

        Raises:
            NotExposed: The object does not expose the method.
            BaseException: Whatever the method raised, with the server's traceback in its chain.
        """
        if methodname in self._changing_:
            self._hold.changes += 1
        result = self._link.call(self._ident, methodname, args, kwds, self)
        kind = type(result)
        return self._answered(result) if kind is Granted or kind is Noted else result

    def _answered(self, result: Any) -> Any:
        """Return what a method returned: a copy, or a proxy."""
        kind = type(result)
        if kind is Granted:
            return self._proxy_for(result)
        if kind is Noted:
            if result.raises:
                raise OwnerDied(str(result))
            warnings.warn(str(result), OwnerDiedWarning, stacklevel=3)
            return result.result
        return result

    def _proxy_for(self, granted: Granted) -> Any:
        """Return a proxy for an object that a method answered with."""
        resident = resident_proxy(granted.token, self._link)
        if resident is not None:
            return resident
        registry = getattr(self._manager, "_registry", {})
        entry = registry.get(granted.token.typeid)
        proxytype = (entry and entry[-1]) or (granted.proxytype or _AUTO_PROXY).resolve()
        return proxytype(
            granted.token,
            self._serializer,
            manager=self._manager,
            authkey=self._given_authkey if self._manager is None else None,
            exposed=granted.exposed,
        )

    @property
    def _canonical_key_(self) -> tuple[bytes, str]:
        """What makes two proxies the same key in containers in shared memory."""
        return self._link.server, self._token.id

    def _getvalue(self) -> Any:
        """Return a copy of the hosted object."""
        return self._callmethod("#GETVALUE")

    def _connect(self) -> None:
        """Do nothing: connections are opened when they are needed. Code written for forks calls this."""

    def _incref(self) -> None:
        """Hold the object from now on."""
        self._hold = self._link.hold(self._ident, credited=False)

    @property
    def _tls(self) -> threading.local:
        return threading.local()

    def __reduce__(self) -> tuple[Any, ...]:
        link = self._link
        storing = travel.storing
        if storing is not None:
            return _STORE(storing, self)
        recipient = travel.recipient
        if recipient is None or not recipient.grant(link.server, self._ident):
            link.lease(self._hold)
        func, token, serializer, kwds = self._record()
        if context.get_spawning_popen() is not None:
            kwds["authkey"] = self._authkey
        if self._isauto:
            route = token.route and tuple(token.route)
            return _REBUILD_AUTO.resolve(), (token.typeid, token.address, token.id, route, serializer, kwds)
        return RebuildProxy, (func, token, serializer, kwds)

    def _record(self) -> tuple[Any, Token, str, dict[str, Any]]:
        """Return what ``RebuildProxy`` takes."""
        if self._isauto:
            return _AUTO_PROXY.resolve(), self._token, self._serializer, {"exposed": self._exposed_}
        return type(self), self._token, self._serializer, {}

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self._getvalue()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} object, typeid {self._token.typeid!r} at {id(self):#x}>"

    def __str__(self) -> str:
        try:
            return str(self._callmethod("__repr__"))
        except Exception:  # the standard library's promise: str() of a proxy does not fail
            return repr(self)[:-1] + "; '__str__()' failed>"


def linked_proxy(proxytype: type[BaseProxy], token: Token, serializer: str, link: Link) -> BaseProxy:
    """Return a proxy for an object that only the server of *link* has, as ``proxytype`` itself would in longer."""
    proxy = object.__new__(proxytype)
    proxy._token = token
    proxy._id = token.id
    proxy._serializer = serializer
    proxy._manager = None
    proxy._link = link
    ident = proxy._ident = token.ident
    proxy._given_authkey = None
    proxy._hold = link.hold(ident, credited=False)
    return proxy


def resident_proxy(token: Token, link: Any) -> Any:
    """Return a proxy that works on shared memory, or None where the object is to be reached through its server."""
    handle = token.handle
    if handle is None:
        return None
    arena = link.arena
    return None if arena is None else _OPEN_RESIDENT(arena, token.typeid, handle)


def _default_authkey(manager: Any) -> bytes:
    own = getattr(manager, "_authkey", None)
    return own if own is not None else multiprocessing.current_process().authkey


def RebuildProxy(func: Any, token: Token, serializer: str, kwds: dict[str, Any]) -> Any:  # noqa: N802 - the standard library's name
    """Return the proxy that was pickled, or what stands for it in this process.

    Raises:
        ObjectGone: Nobody held the object for longer than the pickle's lease.
        ManagerDied: The server is gone.
    """
    key = kwds.pop("authkey", None)
    try:
        link = find_link(token, serializer, None)
    except (ConnectionError, AuthenticationError):
        if key is None:
            raise
        link = find_link(token, serializer, key)
    if token.handle is not None:
        return _rebuild_resident(func, token, serializer, kwds, link)
    sender = travel.sender
    if sender is None or token.route is None or not sender.granted(token.route.server, token.ident):
        return func(token, serializer, **kwds)
    hold = link.hold(token.ident, credited=True)
    proxy = func(token, serializer, **kwds)
    del hold
    return proxy


def _rebuild_resident(func: Any, token: Token, serializer: str, kwds: dict[str, Any], link: Link) -> Any:
    resident = resident_proxy(token, link)
    if resident is not None:
        return resident
    _, hosted = link.ident_of(token)  # keeps the object until the proxy does
    proxy = func(token, serializer, **kwds)
    del hosted
    return proxy
