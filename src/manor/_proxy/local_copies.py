"""``to_local``: plain copies of shared containers, with all that is in them."""

from __future__ import annotations

import collections
from collections.abc import Callable
from typing import Any, Final

from manor._proxy.base import BaseProxy
from manor._proxy.containers.base import ContainerProxy
from manor._proxy.values import ArrayProxy, NamespaceProxy, ValueProxy

__all__ = ["to_local"]


def to_local(value: Any) -> Any:
    """Return a plain copy of a shared container, and of the shared containers in it.

    A list becomes a ``list``, a deque a ``deque``, and so on; a ``Namespace`` and a ``Value`` become the plain
    objects of these names in ``manor.managers``. One shared object that is met twice becomes one plain object, so a
    cycle becomes a cycle. Proxies of other objects, locks for instance, stay what they are inside of a container.

    Each container is copied at one moment of its own: whoever changes several meanwhile may be seen half-way.

    Args:
        value: A proxy, or any value; what is in a plain list, dict, set or tuple is copied as well.
    """
    if isinstance(value, BaseProxy) and not isinstance(value, _COPIED):
        return value._getvalue()
    return _Copying().local(value)


class _Copying:
    def __init__(self) -> None:
        self._done: dict[Any, tuple[Any, Any]] = {}
        """By identity of the original, which is kept here so that its id stays its own."""

    def local(self, value: Any) -> Any:
        is_proxy = isinstance(value, _COPIED)
        if not is_proxy and type(value) not in _FILLED and type(value) is not tuple:
            return value
        key = value._canonical_key_ if is_proxy else id(value)
        known = self._done.get(key)
        if known is not None:
            return known[1]
        plain = value._getvalue() if is_proxy else value
        if type(plain) is tuple:
            items = tuple(map(self.local, plain))
            return plain if all(one is other for one, other in zip(items, plain, strict=True)) else items
        made = _empty(plain)
        self._done[key] = value, made
        fill = _FILLED.get(type(plain))
        if fill is None:
            if hasattr(plain, "__dict__"):  # a Namespace, a Value
                made.__dict__.update((name, self.local(item)) for name, item in vars(plain).items())
            return made
        fill(made, plain, self.local)
        return made


def _empty(plain: Any) -> Any:
    """Return what a copy is made in."""
    kind: Any = type(plain)
    if kind is collections.defaultdict:
        return kind(plain.default_factory)
    if kind is collections.deque:
        return kind(maxlen=plain.maxlen)
    if kind in _FILLED:
        return kind()
    return kind.__new__(kind) if hasattr(plain, "__dict__") else plain


def _fill_sequence(made: Any, plain: Any, local: Callable[[Any], Any]) -> None:
    made.extend(map(local, plain))


def _fill_mapping(made: Any, plain: Any, local: Callable[[Any], Any]) -> None:
    for key, value in plain.items():
        made[key] = local(value)


def _fill_set(made: Any, plain: Any, _: Callable[[Any], Any]) -> None:
    made.update(plain)


def _fill_chain(made: Any, plain: Any, local: Callable[[Any], Any]) -> None:
    made.maps[:] = map(local, plain.maps)


_COPIED: Final = (ContainerProxy, NamespaceProxy, ValueProxy, ArrayProxy)
_FILLED: Final[dict[type, Callable[[Any, Any, Callable[[Any], Any]], None]]] = {
    list: _fill_sequence,
    collections.deque: _fill_sequence,
    dict: _fill_mapping,
    collections.OrderedDict: _fill_mapping,
    collections.defaultdict: _fill_mapping,
    collections.Counter: _fill_mapping,
    collections.ChainMap: _fill_chain,
    set: _fill_set,
}
