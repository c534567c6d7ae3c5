"""From where users call: for managers that are being debugged.

A site is the file and line of a call, as ``"jobs.py:12"``. A client tells it behind the name of the method, and the
server's thread that serves the call keeps it until the next one.
"""

from __future__ import annotations

import sys
import threading
from types import FrameType
from typing import Final

__all__ = ["named", "served", "site", "told"]

_PACKAGE: Final = __file__.removesuffix("_wire/sites.py")
_SEPARATOR: Final = "\0"
_CHARACTERS_MAX: Final = 1000
"""What is longer loses its beginning."""


class _Told(threading.local):
    # Class attributes serve as defaults: reading them in a new thread costs nothing.
    serves: bool = False
    site: str | None = None


_told = _Told()


def site() -> str | None:
    """Return the file and line from where this package was called, or the client did whose call this thread serves."""
    if _told.serves:
        return _told.site
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    if frame is None:
        return None
    text = f"{frame.f_code.co_filename}:{frame.f_lineno}"[-_CHARACTERS_MAX:]
    # A file's name may be anything.
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def told() -> str | None:
    """Return from where the client called whose call this thread serves, if it has told."""
    return _told.site


def named(method: str) -> bytes:
    """Return the name of a method, as a call has it that tells from where it comes."""
    where = site()
    return (method if where is None else f"{method}{_SEPARATOR}{where}").encode()


def served(name: str) -> str:
    """Return the method of a call that this thread serves, by such a name; what is told beside it is kept."""
    method, _, where = name.partition(_SEPARATOR)
    _told.serves, _told.site = True, where or None
    return method
