"""How large an arena may grow."""

from __future__ import annotations

import contextlib
import os
from typing import Final

__all__ = ["arena_bytes"]

_BYTES_MIN: Final = 2**22
_CGROUP_LIMITS: Final = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def arena_bytes(bytes_max: int | None) -> int:
    """Return the size to reserve: what was asked for, or half of the memory that the machine or control group has.

    Raises:
        TypeError: *bytes_max* is no int.
        ValueError: It is less than 4 MiB.
    """
    if bytes_max is None:
        return _memory_bytes() // 2
    if isinstance(bytes_max, bool) or not isinstance(bytes_max, int):
        raise TypeError(f"arena_bytes_max must be an int, not {bytes_max!r}")
    if bytes_max < _BYTES_MIN:
        raise ValueError(f"arena_bytes_max must be at least {_BYTES_MIN} (4 MiB), not {bytes_max!r}")
    return bytes_max


def _memory_bytes() -> int:
    found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in _CGROUP_LIMITS:
        with contextlib.suppress(OSError, ValueError), open(path, encoding="ascii") as file:
            found = min(found, int(file.read()))  # "max" is no number: no limit
    return found
