"""An exception out of a constructor in the server, as itself and as a ``RemoteError`` at once.

``multiprocessing`` raises ``RemoteError`` when creating an object fails; what a user wants is the exception itself.
"""

from __future__ import annotations

import functools
from typing import Any

from manor._codec.exception_parts import fields_of, rebuild
from manor.errors import RemoteError

__all__ = ["creation_error"]


@functools.lru_cache(maxsize=1024)
def _creation_class(kind: type[BaseException]) -> type[BaseException]:
    def text(self: BaseException) -> str:
        return kind.__str__(self)

    def reduce(self: BaseException) -> tuple[Any, ...]:
        return _rebuild, (kind, self.args, dict(vars(self)), fields_of(self))

    attributes = {"__str__": text, "__reduce__": reduce, "__module__": kind.__module__, "__doc__": kind.__doc__}
    return type(kind.__name__, (kind, RemoteError), attributes)


def _rebuild(
    kind: type[BaseException], args: tuple[Any, ...], attributes: dict[str, Any], fields: dict[str, Any]
) -> BaseException:
    cls = _creation_class(kind)  # type: ignore[arg-type]  # a class is hashable, whatever its instances are
    return rebuild(cls, args, attributes, fields)


def creation_error(error: BaseException) -> BaseException:
    """Return *error*, which a constructor raised in the server, as an instance of its own class and ``RemoteError``."""
    if isinstance(error, RemoteError) or not isinstance(error, Exception):
        return error
    try:
        found = _rebuild(type(error), error.args, vars(error), fields_of(error))
    except TypeError:  # a class that cannot be combined with another
        return error
    found.__cause__, found.__context__ = error.__cause__, error.__context__
    found.__suppress_context__ = error.__suppress_context__
    return found
