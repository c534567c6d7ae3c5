"""Calls of a whole object that has a name, of a manager that has one: they look for the object anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from manor._wire.answers import ITSELF
from manor.errors import ManagerDied

__all__ = ["renewing_link"]


class _RenewingLink:
    """Stands for the link of a proxy, whose methods, attributes and operators call nothing else."""

    __slots__ = ("_link", "_look", "_proxy", "_renew")

    def __init__(self, proxy: Any, look: Callable[[Any], None], renew: Callable[[Any], Any]) -> None:
        self._proxy = proxy
        self._link = proxy.__dict__["_link"]
        self._look = look
        self._renew = renew

    def call(
        self,
        ident: int,
        method: str,
        args: tuple[Any, ...] = (),
        kwds: Mapping[str, Any] | None = None,
        proxy: Any = None,
    ) -> Any:
        try:
            self._look(self._proxy)
            return self._link.call(ident, method, args, kwds, proxy)
        except ManagerDied:
            found = self._renew(self._proxy)
            if found is None:
                raise
        result = found._callmethod(method, args, kwds or {})
        return ITSELF if result is found else result

    def __getattr__(self, name: str) -> Any:
        return getattr(self._link, name)


def renewing_link(look: Callable[[Any], None], renew: Callable[[Any], Any]) -> property:
    """Return the ``_link`` of a class of proxies.

    Args:
        look: Gets the proxy before each call; raises ``ManagerDied`` where memory without a server is to be left.
        renew: Gets a proxy whose manager is dead, and returns one for the object that has its name now, or None.
    """
    return property(lambda proxy: _RenewingLink(proxy, look, renew))
