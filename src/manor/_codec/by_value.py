"""Classes and functions as they travel to another process: by name where it can find them there, otherwise by value.

By name means that the process imports their module, ``__main__`` included where that is a file or a module. What has
no name that leads to it (a lambda, a class in a function), or is of a ``__main__`` that nobody can import (of a
console, a notebook, ``python -c``), travels by value if the package ``cloudpickle`` is there, and all parts together:
functions that share globals go on sharing them.

What travels to a new server goes as it begins (``dumps_parts``), what it is to host later on goes in calls
(``ByValue``).
"""

from __future__ import annotations

import collections
import contextlib
import importlib
import io
import sys
from collections.abc import Iterator, Sequence
from multiprocessing.reduction import ForkingPickler
from types import FunctionType
from typing import Any, Final

from manor._codec import pickles
from manor._codec.main_module import MAIN, enter, is_found, is_main_importable, main_file, of_main
from manor.errors import NotPicklable

__all__ = ["ByValue", "dumps_parts"]

_ADVICE: Final = (
    "a process that is spawned imports what it needs: define it at the top of a module, or install the package "
    "cloudpickle, which sends it along, or start the manager by the start method fork"
)


def dumps_parts(parts: Sequence[tuple[str, Any]]) -> list[bytes]:
    """Return the pickles of *parts*: one for each, or one for them all where that needs ``cloudpickle``.

    Args:
        parts: Values, and what to call them in messages.

    Raises:
        NotPicklable: Some part cannot travel; says which and what to do.
    """
    found, error, name = [], None, ""
    for name, part in parts:  # noqa: B007 - the last one is the one that failed
        try:
            data = b"".join(pickles.dumps(part))
        except pickles.REFUSALS as refusal:
            error = refusal
            break
        if MAIN.encode() in data and not is_main_importable():
            break
        found.append(data)
    else:
        return found
    try:
        main = main_file() if is_main_importable() else None
        return [_dumps(_Parts([part for _, part in parts]), main, shares_globals=True)]
    except ImportError:
        why = f"{type(error).__name__}: {error}" if error else "it is of a __main__ that no other process can import"
        raise NotPicklable(f"{name} cannot be sent to the manager's server: {why}; {_ADVICE}") from error
    except (*pickles.REFUSALS, RecursionError) as refusal:
        raise NotPicklable(f"{name} cannot be sent to the manager's server: {refusal}; {_ADVICE}") from refusal


class ByValue:
    """Stands for a class or function in a call, and arrives as that.

    Args:
        thing: What is to travel.
        hint: What its owner could do instead, for the error when it cannot.
        main: The file of ``__main__`` if what *thing* uses of that is to be found there, else None.
    """

    def __init__(self, thing: Any, hint: str, main: str | None) -> None:
        self._thing = thing
        self._hint = hint
        self._main = main

    def __reduce__(self) -> tuple[Any, ...]:
        thing = self._thing
        if not isinstance(thing, type | FunctionType):  # a partial function, say, whose parts can travel
            with contextlib.suppress(Exception):  # whatever the pickling of its parts raises
                return pickles.loads_whole, (pickles.dumps_builtins(thing, 5),)
        try:
            data = _dumps(thing, self._main, shares_globals=False)
        except ImportError:
            raise NotPicklable(f"{self._hint}, or install cloudpickle") from None
        return _arrived, (data, getattr(thing, "__qualname__", None))


def _arrived(data: bytes, qualname: str | None) -> Any:
    thing = pickles.loads_whole(data)
    if isinstance(thing, type) and qualname is not None:
        thing.__qualname__ = qualname  # which cloudpickle cuts short
    if isinstance(thing, type | FunctionType):
        enter([thing])
    return thing


def _dumps(value: Any, main: str | None, *, shares_globals: bool) -> bytes:
    """Return a pickle of *value* with all that it needs.

    Args:
        value: What is to travel.
        main: The file of ``__main__`` if its classes and functions are to be found there, else None.
        shares_globals: Whether functions get the globals of their modules over there, instead of copies.
    """
    import cloudpickle  # optional: a program whose classes are in modules does without it

    class Pickler(cloudpickle.CloudPickler):  # type: ignore[misc]  # it has no types
        def reducer_override(self, obj: Any) -> Any:
            is_definition = isinstance(obj, type | FunctionType)
            if main is not None and is_definition and obj is not value and is_found(obj):
                return of_main, (main, obj.__qualname__)
            reduced = super().reducer_override(obj)
            return _with_own_globals(obj, reduced) if shares_globals and isinstance(obj, FunctionType) else reduced

    out = io.BytesIO()
    pickler = Pickler(out, 5)
    own: dict[type, Any] = ForkingPickler._extra_reducers  # type: ignore[attr-defined]
    pickler.dispatch_table = collections.ChainMap(own, cloudpickle.CloudPickler.dispatch_table)
    pickler.dump(value)
    return out.getvalue()


def _with_own_globals(function: FunctionType, reduced: Any) -> Any:
    """Return *reduced*, what cloudpickle makes of a function, with the globals of its module instead of copies.

    So a function by value and those by name go on sharing them, where the process can import the module.
    """
    name = function.__globals__.get("__name__")
    module = sys.modules.get(name) if isinstance(name, str) else None
    if module is None or vars(module) is not function.__globals__ or (name == MAIN and not is_main_importable()):
        return reduced
    match reduced:
        case (make, (code, dict(), *others), (attributes, {"__globals__": dict()} as slots), *rest):
            return (make, (code, _Globals(module.__name__), *others), (attributes, {**slots, "__globals__": {}}), *rest)
        case _:  # by name, or another version's way
            return reduced


class _Globals:
    """The globals of a module of the process that unpickles it."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __reduce__(self) -> tuple[Any, ...]:
        return _globals_of, (self._module,)


def _globals_of(module: str) -> dict[str, Any]:
    return vars(importlib.import_module(module))


class _Parts:
    """A list that is unpickled with what belongs to it."""

    def __init__(self, parts: list[Any]) -> None:
        self._parts = parts

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpacked, (self._parts,)


def _unpacked(parts: list[Any]) -> list[Any]:
    enter(list(_things(parts)))
    return parts


def _things(value: Any) -> Iterator[Any]:
    """Yield every class and function in *value*."""
    if isinstance(value, type | FunctionType):
        yield value
    elif isinstance(value, dict):
        yield from _things(list(value.values()))
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _things(part)
