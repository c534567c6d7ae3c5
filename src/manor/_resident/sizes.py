"""How large an arena may grow."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed import StrPath

__all__ = ["arena_bytes"]

_BYTES_MIN: Final = 2**22
_BYTES_MAX: Final = 2**46
"""Half of what a process of 64 bits can address, on the processors that address least."""
_CGROUPS: Final = "/sys/fs/cgroup"
_MEMBERSHIP: Final = "/proc/self/cgroup"
_FILE_BYTES_MAX: Final = 2**16


def arena_bytes(bytes_max: int | None) -> int:
    """Return the size to reserve: what was asked for, or half of the memory that the machine or control group has.

    Raises:
        TypeError: *bytes_max* is no int.
        ValueError: It is less than 4 MiB, or more than 64 TiB.
    """
    if bytes_max is None:
        return _memory_bytes() // 2
    if isinstance(bytes_max, bool) or not isinstance(bytes_max, int):
        raise TypeError(f"arena_bytes_max must be an int, not {bytes_max!r}")
    if not _BYTES_MIN <= bytes_max <= _BYTES_MAX:
        raise ValueError(
            f"arena_bytes_max must be at least {_BYTES_MIN} (4 MiB), and at most {_BYTES_MAX} (64 TiB), "
            f"not {bytes_max!r}"
        )
    return bytes_max


def _memory_bytes(cgroups: StrPath = _CGROUPS, membership: StrPath = _MEMBERSHIP) -> int:
    found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for file in _limits(os.fspath(cgroups), membership):
        with contextlib.suppress(OSError, ValueError):
            found = min(found, int(_read(file)))  # "max" is no number: no limit
    return found


def _read(file: StrPath) -> str:
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)  # a text file takes four times as long, for each of them
    try:
        return os.read(descriptor, _FILE_BYTES_MAX).decode()
    finally:
        os.close(descriptor)


def _limits(cgroups: str, membership: StrPath) -> Iterator[str]:
    """The files with the limits of this process's control group and of those that it is in, of both versions."""
    lines = ["0:memory:/", "0::/"]  # in a container its own group is the root
    with contextlib.suppress(OSError, ValueError):
        lines += _read(membership).splitlines()
    for line in (line for line in lines if line.count(":") >= 2):
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        root, name = (f"{cgroups}/memory", "memory.limit_in_bytes") if controllers else (cgroups, "memory.max")
        group = os.path.normpath(f"{root}/{path}")
        while group.startswith(root):
            yield f"{group}/{name}"
            group = os.path.dirname(group)
