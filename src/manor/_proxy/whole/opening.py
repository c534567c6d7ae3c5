"""From what a server or a pickle says of an object to a proxy for it."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import Any, Final

from manor._proxy.links import find_link
from manor._proxy.whole.base import WholeProxy
from manor._proxy.whole.classes import proxy_class, proxy_class_of_shape
from manor._wire.calls import SERVER
from manor._wire.shapes import Shape, module_of, shape_of
from manor._wire.tokens import Token

__all__ = ["learn_class", "open_whole"]

_classes: Final[dict[tuple[bytes, str], type[WholeProxy]]] = {}
"""By server, and the number of the class there."""


def open_whole(
    token: Token,
    serializer: str,
    manager: Any = None,
    authkey: bytes | None = None,
    exposed: Iterable[str] | None = None,
    incref: bool = True,
    manager_owned: bool = False,
) -> WholeProxy:
    """Return a proxy for an object that is hosted whole; *exposed* names its class, and the number of that."""
    record = tuple(exposed or ())
    route = token.route
    cls = None if route is None else _classes.get((route.server, record[-1]))
    if cls is None:
        link = getattr(manager, "_link", None) or find_link(token, serializer, authkey)
        cls = _classes[link.server, record[-1]] = _found(link, *record)
    proxy = cls(token, serializer, manager=manager, authkey=authkey, incref=incref, manager_owned=manager_owned)
    proxy._record_of_class = record
    return proxy


def learn_class(server: bytes, record: tuple[str, ...], cls: type) -> None:
    """Note what class it is that a server has under that number: the one by which this process had an object made."""
    if (module_of(cls), cls.__qualname__) == record[:2]:
        _classes.setdefault((server, record[-1]), proxy_class(cls))


def _found(link: Any, module: str, qualname: str, number: str) -> type[WholeProxy]:
    try:
        found: Any = importlib.import_module(module)
        for name in qualname.split("."):
            found = getattr(found, name)
    except (ImportError, AttributeError, ValueError):
        found = None
    if isinstance(found, type) and module != "__main__":
        return proxy_class(found)
    shape = Shape(*link.call(SERVER, "shape", (int(number),)))
    is_that = isinstance(found, type) and shape_of(found) == shape  # else it is of another program's __main__
    return proxy_class(found) if is_that else proxy_class_of_shape(shape)
