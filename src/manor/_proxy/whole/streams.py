"""Iterators that stay in the server: their items arrive in chunks."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from typing import Any, Final

from manor._codec.raised import Raised
from manor._proxy.base import BaseProxy
from manor._wire.tokens import Token

__all__ = ["Stream", "open_stream"]

_FIRST: Final = 64
_GROWTH: Final = 4


class Stream(BaseProxy, Generator[Any, Any, Any]):
    """An iterator, or a generator, that a method of a hosted object returned.

    The first item comes alone, so that a generator can be driven by ``send`` from then on; whoever asks for the next
    one by ``next`` gets many at a time.
    """

    _here: deque[Any]
    _count = 1
    _ended: tuple[Any] | None = None

    def __init__(self, *args: Any, **kwds: Any) -> None:
        super().__init__(*args, **kwds)
        self._here = deque()

    def __iter__(self) -> Stream:
        return self

    def __next__(self) -> Any:
        here = self._here
        while not here:
            if self._ended is not None:
                self._stop()
            limit = self._link.limits.chunk_items_max
            count = min(self._count, limit)
            self._count = min(max(_FIRST, self._count * _GROWTH), limit)
            self._take(self._callmethod("fetch", (count,)))
        return here.popleft()

    def send(self, value: Any, /) -> Any:
        """Resume a generator with a value.

        Raises:
            RuntimeError: Items that nobody has taken yet were fetched already.
        """
        return self._step("send", value)

    def throw(self, *error: Any) -> Any:
        """Raise an exception inside a generator; as for ``send``."""
        value = next((each for each in error if isinstance(each, BaseException)), None)
        return self._step("throw", *(error if value is None else (Raised(value),)))

    def close(self) -> None:
        """End it."""
        self._here.clear()
        if self._ended is None:
            self._ended = (None,)
            self._callmethod("close")

    def _step(self, how: str, *args: Any) -> Any:
        if self._here:
            raise RuntimeError(f"{len(self._here)} more items were fetched already: use {how}() from the first item on")
        if self._ended is not None:
            self._stop()
        self._take(self._callmethod(how, args))
        if not self._here:
            self._stop()
        return self._here.popleft()

    def _take(self, answer: tuple[list[Any], bool, Any]) -> None:
        chunk, is_last, value = answer
        self._here.extend(chunk)
        if is_last:
            self._ended = (value,)

    def _stop(self) -> None:
        value, self._ended = (self._ended or (None,))[0], (None,)
        raise StopIteration(value)

    def _record(self) -> tuple[Any, Token, str, dict[str, Any]]:
        if self._here or self._ended is not None:
            raise TypeError("an iterator of which items were fetched cannot be pickled")
        return open_stream, self._token, self._serializer, {}


def open_stream(token: Token, serializer: str, exposed: Any = None, **kwds: Any) -> Stream:  # noqa: ARG001 - as all that make proxies
    """Return what stands for an iterator in the server."""
    return Stream(token, serializer, **kwds)
