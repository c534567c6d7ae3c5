"""Generators and other iterators that a method returns: they stay here, and their items travel in chunks.

A chunk is what the iterator gives within a moment, so a slow one is not made slower, nor the consumer of an endless one
kept waiting. Each chunk is taken in a turn of the object, and between two of them others may call it.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from manor._server.dispatch import ProxyResult
from manor._wire.items import take_items
from manor._wire.references import Reference
from manor.errors import NotExposed

if TYPE_CHECKING:
    from manor._server.dispatch import Dispatcher, Grantee
    from manor._server.objects import Hosted
    from manor._server.whole.turns import Turn

__all__ = ["Stream", "grant_stream"]

_OPEN: Final = Reference("manor._proxy.whole.streams", "open_stream")
_OPEN_ASYNC: Final = Reference("manor._proxy.whole.async_streams", "open_async_stream")
_CHUNK_S: Final = 0.002
_FROM: Final = frozenset(("builtins", "itertools"))


def grant_stream(dispatcher: Dispatcher, grantee: Grantee, owner: Hosted, name: str, result: Any) -> ProxyResult | None:
    """Host an iterator that a method of *owner* returned; return None for what is no iterator."""
    if isinstance(result, types.AsyncGeneratorType):
        from manor._server.whole.async_streams import AsyncStream  # imports asyncio

        stream: Any = AsyncStream(result, owner, name)
        opener = _OPEN_ASYNC
    elif isinstance(result, types.GeneratorType) or (type(result).__module__ in _FROM and isinstance(result, Iterator)):
        stream, opener = Stream(result, owner, name), _OPEN
    else:
        return None
    hosted = dispatcher.table.host(stream, stream.name, (), {}, None, grantee.holder)
    hosted.whole = stream
    grantee.note_hold(hosted)
    return ProxyResult((), f"{hosted.ident:x}", hosted.typeid, opener)


class Stream:
    """One iterator.

    Attributes:
        name: Of the method that returned it.
    """

    def __init__(self, iterator: Iterator[Any], owner: Hosted, method: str) -> None:
        self.name = f"{owner.typeid}.{method}"
        self._iterator: Any = iterator
        self._method = method
        self._owner = owner
        self._failed: list[BaseException] = []

    @property
    def _turn(self) -> Turn | None:
        return getattr(self._owner.whole, "turn", None)

    def call(
        self,
        dispatcher: Dispatcher,
        grantee: Grantee,
        hosted: Hosted,
        method: str,
        args: tuple[Any, ...],
        kwds: Mapping[str, Any],
    ) -> Any:
        """Carry out a call: ``fetch``, ``send``, ``throw`` or ``close``."""
        action = _ACTIONS.get(method)
        if action is None:
            raise NotExposed(f"an iterator does not expose {method!r}")
        turn = self._turn
        if turn is None:
            return grantee.encoded(action(self, *args), hosted, method)
        turn.enter(self._method)
        try:
            return grantee.encoded(action(self, *args), hosted, method)
        finally:
            turn.leave()

    def _fetch(self, count: int) -> tuple[list[Any], bool, Any]:
        """Return at most *count* items, whether those were the last, and what a generator returned at its end."""
        if self._failed:
            raise self._failed.pop()
        chunk: list[Any] = []
        try:
            ended = take_items(self._iterator, chunk, count, _CHUNK_S)
        except Exception as error:
            if not chunk:
                raise
            self._failed.append(error)  # after what came before it
            return chunk, False, None
        return (chunk, False, None) if ended is None else (chunk, True, *ended)

    def _send(self, value: Any) -> tuple[list[Any], bool, Any]:
        return self._step(self._iterator.send, value)

    def _throw(self, *error: Any) -> tuple[list[Any], bool, Any]:
        return self._step(self._iterator.throw, *error)

    def _step(self, step: Any, *args: Any) -> tuple[list[Any], bool, Any]:
        try:
            return [step(*args)], False, None
        except StopIteration as stop:
            return [], True, stop.value

    def _close(self) -> None:
        close = getattr(self._iterator, "close", None)
        if close is not None:
            close()


_ACTIONS: Final[dict[str, Callable[..., Any]]] = {
    "fetch": Stream._fetch,
    "send": Stream._send,
    "throw": Stream._throw,
    "close": Stream._close,
}
