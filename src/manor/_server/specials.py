"""What proxies ask of any hosted object without the object exposing it.

Each name begins with ``#``, or is a dunder that every object has.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from manor._resident.deputies import is_waited_for
from manor._resident.handles import id_of
from manor._server.atomics import ATOMICS
from manor._server.told import TOLD
from manor._server.watches import WATCHES

if TYPE_CHECKING:
    from manor._server.dispatch import Grantee
    from manor._server.objects import Hosted

__all__ = ["SPECIALS", "Special", "hosted_iterator"]

Special = Callable[["Grantee", "Hosted", tuple[Any, ...]], Any]


def _value(grantee: Grantee, hosted: Hosted, args: tuple[Any, ...]) -> Any:
    return hosted.obj if id_of(hosted.obj) is None else hosted.obj._getvalue()


def _repr(grantee: Grantee, hosted: Hosted, args: tuple[Any, ...]) -> str:
    if is_waited_for(hosted.obj):  # has no value
        return str(hosted.obj._repr_of_value())
    return repr(_value(grantee, hosted, args))


def _str(grantee: Grantee, hosted: Hosted, args: tuple[Any, ...]) -> str:
    if is_waited_for(hosted.obj):
        return _repr(grantee, hosted, args)
    return str(_value(grantee, hosted, args))


def _chunk(grantee: Grantee, hosted: Hosted, args: tuple[Any, ...]) -> list[Any]:
    """Return at most *count* items of a sequence from index *at* on."""
    at, count = args
    obj = hosted.obj
    try:
        return list(obj[at : at + count])
    except TypeError:  # a sequence of the user's that takes no slices
        found = []
        for index in range(at, at + count):
            try:
                found.append(obj[index])
            except IndexError:
                break
        return found


def _iterate(grantee: Grantee, hosted: Hosted, args: tuple[Any, ...]) -> tuple[int, list[Any], Any]:
    """Return the size of a container, its first *count* keys, and the id of an iterator over the rest."""
    count, backwards = args
    size = len(hosted.obj)
    iterator = reversed(hosted.obj) if backwards else iter(hosted.obj)
    chunk = list(itertools.islice(iterator, count))
    if len(chunk) < count:
        return size, chunk, None
    return size, chunk, grantee.grant_new(iterator, "Iterator", ("__next__", "close"))


def hosted_iterator(hosted: Hosted, args: tuple[Any, ...]) -> tuple[list[Any], bool]:
    """Return the next *count* items of a hosted iterator, and whether those were the last."""
    (count,) = args
    iterator: Iterator[Any] = hosted.obj
    chunk = list(itertools.islice(iterator, count))
    return chunk, len(chunk) < count


def _next(grantee: Grantee, hosted: Hosted, args: tuple[Any, ...]) -> tuple[list[Any], bool]:
    return hosted_iterator(hosted, args)


def _enter(grantee: Grantee, hosted: Hosted, args: tuple[Any, ...]) -> Any:
    """Acquire a lock for a ``with`` block."""
    enter = getattr(hosted.obj, "enter", None)
    if enter is not None:
        died = enter()
        return True if died is None else grantee.noted(True, hosted, died)
    return _replaced(hosted, "__enter__", "acquire")()


def _leave(grantee: Grantee, hosted: Hosted, args: tuple[Any, ...]) -> None:
    """Release a lock at the end of a ``with`` block."""
    leave = getattr(hosted.obj, "leave", None)
    if leave is not None:
        leave()
    elif hosted.adapter is not None and (exit_block := hosted.adapter.method("__exit__")) is not None:
        exit_block(None, None, None)
    else:
        _replaced(hosted, "release")()


def _replaced(hosted: Hosted, *names: str) -> Any:
    """Return what the adapter has for one of *names*, or the object's own method of the last of them."""
    if hosted.adapter is not None:
        for name in names:
            replaced = hosted.adapter.method(name)
            if replaced is not None:
                return replaced
    return getattr(hosted.obj, names[-1])


SPECIALS: Final[dict[str, tuple[Special, tuple[str, ...]]]] = {
    "#GETVALUE": (_value, ()),
    "__repr__": (_repr, ()),
    "__str__": (_str, ()),
    "#CHUNK": (_chunk, ("__getitem__",)),
    "#ITER": (_iterate, ("__iter__",)),
    "#NEXT": (_next, ("__next__",)),
    "#ENTER": (_enter, ("acquire", "release")),
    "#LEAVE": (_leave, ("acquire", "release")),
    **ATOMICS,
    **TOLD,
    **WATCHES,
}
"""Each with the exposed methods without which it is refused."""
