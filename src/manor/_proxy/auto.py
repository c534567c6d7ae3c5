"""Proxy classes made from a list of method names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from manor._codec.context import travel
from manor._proxy.base import BaseProxy, RebuildProxy, linked_proxy
from manor._proxy.deadlines import LOCK_WAITS, QUEUE_WAITS, Waits
from manor._proxy.links import find_link, linked
from manor._proxy.mistaken import refuse_attribute
from manor._wire.calls import SERVER
from manor._wire.tokens import Route, Token

__all__ = ["AutoProxy", "MakeProxyType", "rebuild_auto", "remote_method"]

_WAITING_TYPES: Final = (
    ({"get", "put", "task_done"}, QUEUE_WAITS),
    ({"get", "put", "empty"}, QUEUE_WAITS),
    ({"acquire", "release"}, LOCK_WAITS),
    ({"get", "wait", "ready"}, {"get": Waits(0), "wait": Waits(0)}),
    ({"wait"}, {"wait": Waits(0)}),
)


_rebuilt: dict[tuple[str, tuple[str, ...]], type[BaseProxy]] = {}
"""The types of unpickled proxies, by typeid and what is exposed."""

TAKING: Final = frozenset(("acquire", "get", "get_nowait"))


def waits_of(exposed: Iterable[str]) -> Mapping[str, Waits]:
    """Return which of these methods wait, judged by the company that their names keep."""
    names = set(exposed)
    for needed, waits in _WAITING_TYPES:
        if needed <= names:
            return waits
    return {}


def remote_method(name: str) -> Callable[..., Any]:
    """Return a method that calls the hosted object's method of that name."""

    def call(self: BaseProxy, /, *args: Any, **kwds: Any) -> Any:
        return self._callmethod(name, args, kwds)

    call.__name__ = name
    call.__qualname__ = f"BaseProxy.{name}"
    return call


def taking_method(name: str) -> Callable[..., Any]:
    """Return a method as ``remote_method`` does, for one that takes something from the hosted object.

    An exception that a signal handler raises on the way back from the call would lose what it took: it is given back.
    That is why everything happens in this one frame.
    """

    def call(self: BaseProxy, /, *args: Any, **kwds: Any) -> Any:
        link = self._link
        mark = link.mark()
        try:
            return self._callmethod(name, args, kwds)
        except BaseException:
            link.give_back_since(mark)
            raise

    call.__name__ = name
    call.__qualname__ = f"BaseProxy.{name}"
    return call


def _method(name: str, waits: Mapping[str, Waits]) -> Callable[..., Any]:
    return taking_method(name) if name in TAKING and waits else remote_method(name)


def MakeProxyType(  # noqa: N802 - the standard library's name
    name: str,
    exposed: Iterable[str],
    _cache: dict[tuple[str, tuple[str, ...]], type[BaseProxy]] = {},  # noqa: B006 - a cache on purpose
) -> type[BaseProxy]:
    """Return a subclass of ``BaseProxy`` with the methods in *exposed*; made once for the same arguments."""
    exposed = tuple(exposed)
    found = _cache.get((name, exposed))
    if found is None:
        waits = waits_of(exposed)
        methods: dict[str, Any] = {"__getattr__": refuse_attribute}
        methods |= {method: _method(method, waits) for method in exposed}
        methods["_exposed_"] = exposed
        methods["_waits_"] = waits
        found = _cache[name, exposed] = type(name, (BaseProxy,), methods)
    return found


def AutoProxy(  # noqa: N802 - the standard library's name
    token: Token,
    serializer: str,
    manager: Any = None,
    authkey: bytes | None = None,
    exposed: Iterable[str] | None = None,
    incref: bool = True,
    manager_owned: bool = False,
) -> BaseProxy:
    """Return a proxy with the public methods of the hosted object; asks the server when *exposed* is None."""
    if exposed is None:
        link = getattr(manager, "_link", None) or find_link(token, serializer, authkey)
        ident, hold = link.ident_of(token)  # keeps the object for the length of the call
        exposed = link.call(SERVER, "get_methods", (f"{ident:x}",))
        del hold
    proxytype = MakeProxyType(f"AutoProxy[{token.typeid}]", exposed)
    proxy = proxytype(token, serializer, manager=manager, authkey=authkey, incref=incref, manager_owned=manager_owned)
    proxy._isauto = True
    return proxy


def rebuild_auto(
    typeid: str,
    address: Any,
    id_: str,
    route: tuple[bytes, bytes, str, int] | None,
    serializer: str,
    kwds: dict[str, Any],
) -> BaseProxy:
    """Return the proxy that was pickled, as ``RebuildProxy`` does.

    This function is all that its pickle names: to look up a class or function takes longer than to make the proxy.
    An object that only its server has, by a link that there is, takes the short way.
    """
    link = None if route is None or travel.sender is not None or "-" in id_ else linked(route[0])
    if route is None or link is None or len(kwds) > 1:
        token = Token(typeid, address, id_, None if route is None else Route(*route))
        rebuilt: BaseProxy = RebuildProxy(AutoProxy, token, serializer, kwds)
        return rebuilt
    exposed = kwds["exposed"]
    proxytype = _rebuilt.get((typeid, exposed))
    if proxytype is None:
        proxytype = _rebuilt[typeid, exposed] = MakeProxyType(f"AutoProxy[{typeid}]", exposed)
    known: Route = link.route
    token = Token(typeid, address, id_, Route(*route) if tuple(known) != route else known)
    proxy = linked_proxy(proxytype, token, serializer, link)
    proxy._isauto = True
    return proxy
