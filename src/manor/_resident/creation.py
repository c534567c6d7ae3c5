"""Making the arena of a server, as large as the system allows."""

from __future__ import annotations

import warnings
from typing import Final

from manor._resident import attachment
from manor.errors import ArenaCorrupt, ManorWarning

__all__ = ["create"]

_BYTES_MIN: Final = 2**22


def create(where: attachment.Where, bytes_max: int, lease_s: float, *, debug: bool = False) -> attachment.Arena | None:
    """Return a new arena, or None, with a warning, where the system has no memory to reserve.

    A limit on address space (``ulimit -v``) may leave room for a smaller one.

    Args:
        where: The server.
        bytes_max: How large it may grow; 0 for none.
        lease_s: How long a pickle keeps its object, in seconds.
        debug: Whether to note from where threads acquire and wait.
    """
    size = bytes_max
    failure: Exception | None = None
    while size >= _BYTES_MIN:
        try:
            return attachment.create(where, size, lease_s, debug=debug)
        except (OSError, ArenaCorrupt) as error:  # the latter where /proc or the C library's robust list is missing
            failure = error
            size //= 8
    if bytes_max:
        warnings.warn(f"no shared memory: {failure}; standard types are served instead", ManorWarning, stacklevel=2)
    return None
