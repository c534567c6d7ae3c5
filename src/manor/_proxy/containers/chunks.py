"""Iterating over a container in another process, one round trip a chunk.

A list goes on by index, as the built-in iterator does: what is appended meanwhile is seen, and the end is the
length at that moment. A mapping or a set is iterated by an iterator on the server, so that a change of its size
raises ``RuntimeError`` there. A chunk already here is thrown away when a proxy of this process changed the
container in between (``Hold.changes``); another process's change is seen at the next chunk.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from manor._codec.refusals import advised
from manor._proxy.base import BaseProxy

__all__ = ["iterate_keys", "iterate_sequence", "iterate_sequence_backwards"]

_FIRST_CHUNK: Final = 256
_GROWTH: Final = 4


def _grow(count: int, limit: int) -> int:
    return min(count * _GROWTH, limit)


def iterate_sequence(proxy: BaseProxy) -> Iterator[Any]:
    """Yield the items of a hosted sequence by index."""
    limit = proxy._link.limits.chunk_items_max
    hold = proxy._hold
    at, count = 0, min(_FIRST_CHUNK, limit)
    while True:
        changes = hold.changes
        chunk = proxy._callmethod("#CHUNK", (at, count))
        if not chunk:
            return
        for item in chunk:
            at += 1
            yield item
            if hold.changes != changes:
                break
        count = _grow(count, limit)


def iterate_sequence_backwards(proxy: BaseProxy) -> Iterator[Any]:
    """Yield the items of a hosted sequence from its end, as ``reversed`` does."""
    limit = proxy._link.limits.chunk_items_max
    hold = proxy._hold
    at, count = proxy._callmethod("__len__"), min(_FIRST_CHUNK, limit)
    while at > 0:
        changes = hold.changes
        low = max(0, at - count)
        chunk = proxy._callmethod("#CHUNK", (low, at - low))
        if len(chunk) < at - low:
            return  # the list has shrunk below our place, which ends the built-in's iterator too
        for item in reversed(chunk):
            at -= 1
            yield item
            if hold.changes != changes:
                break
        count = _grow(count, limit)


def iterate_keys(proxy: BaseProxy, *, backwards: bool = False) -> Iterator[Any]:
    """Return an iterator over the keys of a hosted mapping, or the members of a hosted set, as it is now.

    Its ``next`` raises ``RuntimeError`` when the container's size has changed since.
    """
    limit = proxy._link.limits.chunk_items_max
    changes = proxy._hold.changes
    size, chunk, rest = proxy._callmethod("#ITER", (min(_FIRST_CHUNK, limit), backwards))
    hold = None if rest is None else proxy._link.hold(int(rest, 16), credited=True)
    return _keys(proxy, changes, size, chunk, hold)


def _keys(proxy: BaseProxy, changes: int, size: int, chunk: list[Any], rest: Any) -> Iterator[Any]:
    hold, link = proxy._hold, proxy._link
    while True:
        for key in chunk:
            if hold.changes != changes:
                changes = hold.changes
                _refuse_change(proxy, size)
            yield key
        if hold.changes != changes:
            _refuse_change(proxy, size)
        if rest is None:
            return
        chunk, done = link.call(rest.ident, "#NEXT", (link.limits.chunk_items_max,))
        if done:
            rest = None


def _refuse_change(proxy: BaseProxy, size: int) -> None:
    if proxy._callmethod("__len__") != size:
        raise advised(RuntimeError(getattr(proxy, "_when_changed_", "dictionary changed size during iteration")))
