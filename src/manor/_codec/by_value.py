"""Classes and functions as they travel to a new process: by name where it can find them there, otherwise by value.

By name means that the process imports their module, ``__main__`` included where that is a file or a module. What has
no name that leads to it (a lambda, a class in a function), or is of a ``__main__`` that nobody can import (of a
console, a notebook, ``python -c``), travels by value if the package ``cloudpickle`` is there, and all parts together:
functions that share globals go on sharing them.
"""

from __future__ import annotations

import collections
import importlib
import io
import os
import sys
from collections.abc import Iterator, Sequence
from multiprocessing.reduction import ForkingPickler
from types import FunctionType
from typing import Any, Final

from manor._codec import pickles
from manor.errors import NotPicklable

__all__ = ["dumps_parts", "is_main_importable"]

_MAIN: Final = "__main__"
_ADVICE: Final = (
    "a process that is spawned imports what it needs: define it at the top of a module, or install the package "
    "cloudpickle, which sends it along, or start the manager by the start method fork"
)


def is_main_importable() -> bool:
    """Whether ``multiprocessing`` has a new process import what is ``__main__`` here: not that of a package."""
    main = sys.modules[_MAIN]
    name = getattr(getattr(main, "__spec__", None), "name", None)
    if name is not None:
        return str(name).rpartition(".")[2] != _MAIN
    path = getattr(main, "__file__", None)
    return path is not None and os.path.exists(path)


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
        if _MAIN.encode() in data and not is_main_importable():
            break
        found.append(data)
    else:
        return found
    try:
        return [_dumps_by_value([part for _, part in parts])]
    except ImportError:
        why = f"{type(error).__name__}: {error}" if error else "it is of a __main__ that no other process can import"
        raise NotPicklable(f"{name} cannot be sent to the manager's server: {why}; {_ADVICE}") from error
    except (*pickles.REFUSALS, RecursionError) as refusal:
        raise NotPicklable(f"{name} cannot be sent to the manager's server: {refusal}; {_ADVICE}") from refusal


def _dumps_by_value(parts: list[Any]) -> bytes:
    import cloudpickle  # optional: a program whose classes are in modules does without it

    importable = is_main_importable()

    class ByValue(cloudpickle.CloudPickler):  # type: ignore[misc]  # it has no types
        def reducer_override(self, obj: Any) -> Any:
            if importable and isinstance(obj, type | FunctionType) and _is_found(obj):
                return NotImplemented  # by name
            reduced = super().reducer_override(obj)
            return _with_own_globals(obj, reduced) if isinstance(obj, FunctionType) else reduced

    out = io.BytesIO()
    pickler = ByValue(out, 5)
    own: dict[type, Any] = ForkingPickler._extra_reducers  # type: ignore[attr-defined]
    pickler.dispatch_table = collections.ChainMap(own, cloudpickle.CloudPickler.dispatch_table)
    pickler.dump(_Parts(parts))
    return out.getvalue()


def _is_found(thing: type | FunctionType) -> bool:
    """Whether *thing* is of ``__main__``, and its name leads to it."""
    return thing.__module__ == _MAIN and getattr(sys.modules[_MAIN], thing.__qualname__, None) is thing


def _with_own_globals(function: FunctionType, reduced: Any) -> Any:
    """Return *reduced*, what cloudpickle makes of a function, with the globals of its module instead of copies.

    So a function by value and those by name go on sharing them, where the process can import the module.
    """
    name = function.__globals__.get("__name__")
    module = sys.modules.get(name) if isinstance(name, str) else None
    if module is None or vars(module) is not function.__globals__ or (name == _MAIN and not is_main_importable()):
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
    """Return *parts*; enter what came by value in ``__main__``, where pickles of its instances look for it."""
    names = vars(sys.modules[_MAIN])
    for thing in _things(parts):
        if thing.__module__ == _MAIN and "." not in thing.__qualname__:
            names.setdefault(thing.__qualname__, thing)
        for function in vars(thing).values() if isinstance(thing, type) else (thing,):
            for name, value in getattr(function, "__globals__", {}).items():
                if getattr(value, "__module__", None) == _MAIN:
                    names.setdefault(name, value)
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
