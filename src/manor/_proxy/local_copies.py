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

    Examples:
        >>> import manor
        >>> with manor.Manager(deep=True) as manager:
        ...     groups = manager.dict(even=[2])
        ...     groups["even"].append(4)
        ...     manor.to_local(groups)
        {'even': [2, 4]}
    """
    if isinstance(value, BaseProxy) and not isinstance(value, _COPIED):
        return value._getvalue()
    return _Copying().copy(value)


class _Copying:
    """First an empty copy is made for each container that can be reached, then all are filled."""

    def __init__(self) -> None:
        self._made: dict[Any, tuple[Any, Any, Any]] = {}
        """Originals, which are kept here so that their ids stay theirs, their contents, and the copies."""
        self._tuples: dict[int, tuple[Any, Any]] = {}

    def copy(self, value: Any) -> Any:
        waiting = [value]
        while waiting:
            self._meet(waiting.pop(), waiting)
        for _, contents, made in self._made.values():
            fill = _FILLED.get(type(contents))
            if fill is not None:
                fill(made, contents, self._local)
            elif made is not contents:  # a Namespace, a Value
                made.__dict__.update((name, self._local(item)) for name, item in vars(contents).items())
        return self._local(value)

    def _meet(self, value: Any, waiting: list[Any]) -> None:
        """Make an empty copy of a container, unless there is one already, and have what is in it looked at."""
        if type(value) is tuple:
            if id(value) not in self._tuples:
                self._tuples[id(value)] = value, None
                waiting.extend(value)
            return
        is_proxy = isinstance(value, _COPIED)
        key = value._canonical_key_ if is_proxy else id(value)
        if key in self._made or not (is_proxy or type(value) in _FILLED):
            return
        contents = value._getvalue() if is_proxy else value
        self._made[key] = value, contents, _empty(contents)
        if isinstance(contents, collections.ChainMap):
            waiting.extend(contents.maps)
        elif isinstance(contents, dict):
            waiting.extend(contents.values())
        elif isinstance(contents, list | collections.deque):
            waiting.extend(contents)
        elif hasattr(contents, "__dict__"):
            waiting.extend(vars(contents).values())

    def _local(self, value: Any) -> Any:
        """Return what stands for a value that has been met."""
        if type(value) is tuple:
            done = self._tuples[id(value)][1]
            if done is None:
                items = tuple(map(self._local, value))
                done = value if all(one is other for one, other in zip(items, value, strict=True)) else items
                self._tuples[id(value)] = value, done
            return done
        known = self._made.get(value._canonical_key_ if isinstance(value, _COPIED) else id(value))
        return value if known is None else known[2]


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
