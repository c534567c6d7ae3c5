"""What to write instead of what was refused: of a value that cannot be pickled, and where the text is Python's own."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["advice", "advised", "advised_of_missing"]

_HELD: Final = "A lock is released, and a condition used, by who has acquired it: `with lock:` does both."
_SIZE: Final = "Go through a copy: for key in list(proxy)."
_NOTES: Final = {
    "release unlocked lock": _HELD,
    "cannot release un-acquired lock": _HELD,
    "cannot notify on un-acquired lock": _HELD,
    "cannot wait on un-acquired lock": _HELD,
    "Semaphore released too many times": "One release() for each acquire(): `with semaphore:` does both.",
    "dictionary changed size during iteration": _SIZE,
    "Set changed size during iteration": _SIZE,
    "Queue objects should only be shared between processes through inheritance": "Take the manager's: manager.Queue().",
    "Lock objects should only be shared between processes through inheritance": "Take the manager's: manager.Lock().",
}
"""By the whole text of an exception, which is the same as without us: programs compare it."""
_PYTHONS: Final = (RuntimeError, ValueError, TypeError)
_UNHASHABLE: Final = "A key must be hashable: a tuple instead of a list, a frozenset instead of a set or dict."

_MISSING: Final = re.compile(r"Can't get attribute '([^']+)' on <module '([^']+)'")

_ADVICE: Final = (
    (r"AuthenticationString", "pass what the manager made, its proxies, or connect() to its address over there"),
    (
        r"<lambda>|<locals>|local (object|class)|not the same object",
        "write it with `def` or `class` at the top of a module, where the other process finds it by its name",
    ),
    (r"generator|coroutine", "make it where it is used, or send its items: list(...)"),
    (r"_thread\.|Lock|Condition|Semaphore", "take the manager's own, which serve all processes: manager.Lock(), ..."),
    (r"[qQ]ueue", "take the manager's own, which serve all processes: manager.Queue(), ..."),
    (
        r"_io\.|TextIO|Buffered|FileIO|file|socket|ssl\.|sqlite3\.|[cC]onnection|[cC]ursor",
        "send its name or address, and open it over there",
    ),
    (r"'module'", "import it over there"),
    (r"memoryview", "send bytes(...) of it"),
    (r"a manager is not shared", ""),
)
"""By what is named in pickle's own message, which tells what is to blame, however deep it lies in the value."""


def advised(error: BaseException) -> BaseException:
    """Return *error* itself, with a note where Python's text says only what is wrong."""
    if type(error) not in _PYTHONS:
        return error  # a class of the user's, whose __str__ may do anything
    text = str(error)
    note = _NOTES.get(text)
    if note is None and type(error) is TypeError and text.startswith("unhashable type"):
        note = _UNHASHABLE
    if note is not None and note not in getattr(error, "__notes__", ()):
        error.add_note(note)
    return error


def advised_of_missing(error: BaseException) -> BaseException:
    """Return *error*, which unpickling arguments raised, with a note where the server has not got their class."""
    missing = _MISSING.match(str(error)) if type(error) is AttributeError else None
    if missing is not None:
        error.add_note(
            f"An argument needs {missing[1]} of {missing[2]}, which the manager's server has not got. Write it in a "
            f"module that both import; or let it come with a class: what create() sends by value brings what it uses."
        )
    elif type(error) is ModuleNotFoundError:
        error.add_note(
            "An argument needs that module, which the manager's server cannot import: it looks where the program that "
            "started it does."
        )
    return error


def advice(reason: BaseException) -> str:
    """Return what to do about *reason*, which pickling a value raised, to be put behind its text."""
    text = str(reason)
    instead = "send the plain values that it is made of"
    for pattern, found in _ADVICE:
        if re.search(pattern, text):
            instead = found
            break
    return instead and f"; {instead}"
