"""Exceptions travel as themselves: class, arguments, attributes, notes, and the chain behind them.

Pickling an exception loses its traceback and its chain, and calls the class again with ``args``, which fails for
classes whose constructor takes something else. So each link of the chain is packed for itself; one that does not
survive pickling is packed in parts and rebuilt without its constructor, a group member by member. At the end of the
chain the receiver finds a ``ServerTraceback`` with the text that the server would have printed.
"""

from __future__ import annotations

import contextlib
import pickle
from collections.abc import Iterable
from types import ModuleType
from typing import Any, Final

from manor._codec.exception_parts import fields_of, rebuild
from manor._codec.pickles import dumps, loads
from manor.errors import RemoteError, ServerTraceback

__all__ = ["pack_exception", "pack_one", "text_of", "unpack_exception", "unpack_one"]

_LINKS_MAX: Final = 32
_WHY_TEXT: Final = (
    "This is only text, since the exception, or what it was made with, cannot be pickled: "
    "define its class at the top of a module, and make it with plain values."
)
_Packed = tuple[str, Any]


def _traceback() -> ModuleType:
    import traceback  # slow to import, and not needed before something goes wrong

    return traceback


def _chain(error: BaseException) -> list[tuple[BaseException, bool]]:
    """Return the links from *error* to its origin, each with whether it is the ``__cause__`` of the one before."""
    links: list[tuple[BaseException, bool]] = [(error, True)]
    seen = {id(error)}
    while len(links) < _LINKS_MAX:
        last = links[-1][0]
        following = last.__cause__ or (None if last.__suppress_context__ else last.__context__)
        if following is None or id(following) in seen:
            break
        seen.add(id(following))
        links.append((following, last.__cause__ is not None))
    return links


def _join(parts: Iterable[Any]) -> bytes:
    return b"".join(bytes(part) for part in parts)


def _survives(error: BaseException, data: bytes) -> bool:
    copy = loads(data)
    return (
        type(copy) is type(error)
        and repr(copy.args) == repr(error.args)
        and set(vars(copy)) == set(vars(error))
        and set(fields_of(copy)) == set(fields_of(error))
    )


def pack_one(error: BaseException) -> _Packed:
    """Return what ``unpack_one`` takes: an exception without its chain."""
    with contextlib.suppress(Exception):  # whatever a class's own pickling raises: try without it
        data = _join(dumps(error))
        if _survives(error, data):
            return "pickle", data
    try:
        if isinstance(error, BaseExceptionGroup):
            members = [pack_one(member) for member in error.exceptions]
            return "group", (_join(dumps((type(error), error.message, vars(error)))), members)
        data = _join(dumps((type(error), error.args, vars(error), fields_of(error))))
        loads(data)
        return "parts", data
    except Exception:  # unpicklable class, argument or attribute: only text is left
        return "text", text_of(error)


def text_of(error: BaseException) -> str:
    """Return what the last lines of a traceback say."""
    return "".join(_traceback().format_exception_only(error)).strip()


def unpack_one(packed: _Packed, text: str) -> BaseException:
    """Return the exception, or a ``RemoteError`` with what is known of it, *text* included."""
    kind, data = packed
    if kind == "text":
        return RemoteError("\n\n".join(filter(None, (data, text))) + f"\n{_WHY_TEXT}")
    try:
        if kind == "pickle":
            found = loads(data)
        elif kind == "group":
            cls, message, attributes = loads(data[0])
            members = [unpack_one(member, text) for member in data[1]]
            found = rebuild(cls, (message, members), attributes, {})
        else:
            found = rebuild(*loads(data))
    except Exception:  # a class that this process cannot import or rebuild
        return RemoteError(text)
    return found if isinstance(found, BaseException) else RemoteError(text)


def pack_exception(error: BaseException) -> bytes:
    """Return *error* with its chain and its traceback as bytes."""
    text = "".join(_traceback().format_exception(error))
    links = [(pack_one(link), is_cause, link.__suppress_context__) for link, is_cause in _chain(error)]
    return pickle.dumps((text, links), 5)


def unpack_exception(data: Any) -> BaseException:
    """Return the exception that ``pack_exception`` packed, ready to be raised."""
    text, links = loads(data)
    errors = [unpack_one(packed, text) for packed, _, _ in links]
    for (_, is_cause, _), following, error in zip(links[1:], errors[1:], errors, strict=False):
        if is_cause:
            error.__cause__ = following
        else:
            error.__context__ = following
    errors[-1].__cause__ = ServerTraceback(text)
    return errors[0]
