"""``__main__``, which is another module in each program, and in a process that a program starts may be the same."""

from __future__ import annotations

import os
import sys
from types import FunctionType
from typing import Any, Final

from manor.errors import NotImportable

__all__ = ["MAIN", "enter", "is_found", "is_main_importable", "main_file", "of_main"]

MAIN: Final = "__main__"
_NAMES: Final = frozenset((MAIN, "__mp_main__"))
"""In a process that ``multiprocessing`` started it has the other name, too."""


def main_file() -> str | None:
    """Return the file that ``__main__`` is of, maybe in an archive, or None without one: it tells programs apart."""
    path = getattr(sys.modules[MAIN], "__file__", None)
    return None if path is None or path.startswith("<") else os.path.abspath(path)


def is_main_importable() -> bool:
    """Whether ``multiprocessing`` has a new process import what is ``__main__`` here: not that of a package."""
    name = getattr(getattr(sys.modules[MAIN], "__spec__", None), "name", None)
    if name is not None:
        return str(name).rpartition(".")[2] != MAIN
    path = main_file()
    return path is not None and os.path.exists(path)


def of_main(file: str, qualname: str) -> Any:
    """Return what has that name in ``__main__``.

    Raises:
        NotImportable: There is nothing, or ``__main__`` is of another file: another program's, which may have
            something of the same name.
    """
    if file != main_file():
        raise NotImportable(f"the manager's server cannot import {qualname} of {file}: its __main__ is another one")
    found: Any = sys.modules[MAIN]
    for name in qualname.split("."):
        found = getattr(found, name, None)
        if found is None:
            raise NotImportable(f"the manager's server cannot import {qualname}: its {file} has none")
    return found


def is_found(thing: Any) -> bool:
    """Whether a class or function is of ``__main__``, and its name leads to it."""
    return thing.__module__ in _NAMES and getattr(sys.modules[MAIN], thing.__qualname__, None) is thing


def enter(things: list[Any]) -> None:
    """Enter what came by value in ``__main__``, where pickles of its instances look for it.

    So, too, what it refers to. What has come before is replaced: in a session it was defined anew.

    Args:
        things: Classes and functions.
    """
    main = sys.modules[MAIN]
    has_own = main_file() is not None
    found: dict[str, Any] = {}
    for thing in things:
        for function in vars(thing).values() if isinstance(thing, type) else (thing,):
            found.update(getattr(function, "__globals__", {}))
    found.update((thing.__qualname__, thing) for thing in things)
    for name, value in found.items():
        if getattr(value, "__module__", None) in _NAMES and isinstance(value, type | FunctionType) and "." not in name:
            if has_own and hasattr(main, name):
                continue
            setattr(main, name, value)
