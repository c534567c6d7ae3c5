"""Making objects in shared memory, for managers: the errors are those of a constructor in the server."""

from __future__ import annotations

from typing import Any

from manor._proxy.creation import creation_error
from manor._proxy.resident.opening import make
from manor._resident.attachment import Arena

__all__ = ["make_resident"]


def make_resident(arena: Arena, typeid: str, args: tuple[Any, ...], kwds: dict[str, Any], *, deep: bool) -> Any:
    """Make an object of a standard type.

    Raises:
        RemoteError: The type refuses the arguments; the error is also what the type itself raises.
    """
    try:
        return make(arena, typeid, args, kwds, deep=deep)
    except Exception as error:
        found = creation_error(error)
        if found is error:
            raise
        raise found from error.__cause__
