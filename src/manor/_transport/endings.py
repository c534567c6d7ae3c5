"""How a process ended, as far as another process can learn it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import struct
from typing import Final

__all__ = ["ProcessWatch", "describe_exitcode", "describe_status", "start_time"]

# ioctl PIDFD_GET_INFO of linux/pidfd.h with struct pidfd_info of 64 bytes; PIDFD_INFO_EXIT since Linux 6.15.
_GET_INFO: Final = 0xC040FF0B
_INFO: Final = struct.Struct("<QQ11Ii")
_INFO_EXIT: Final = 1 << 3
_STAT_START_TIME: Final = 19
_STAT_EXIT_CODE: Final = 49
"""Indexes of ``starttime`` and ``exit_code`` among the fields after the name in /proc/PID/stat (proc(5): 22, 52)."""


def describe_exitcode(code: int) -> str:
    """Return an exit code, negative for a signal, in words."""
    if code >= 0:
        return f"ended with exit code {code}"
    with contextlib.suppress(ValueError):
        return f"was killed by {signal.Signals(-code).name}"
    return f"was killed by signal {-code}"


def describe_status(status: int) -> str:
    """Return a wait status (as of waitpid(2)) in words."""
    return describe_exitcode(os.waitstatus_to_exitcode(status))


def start_time(pid: int) -> int | None:
    """Return when a process started, in the system's ticks since it booted; None for one that has ended."""
    fields = _stat_fields(pid)
    return None if fields is None or fields[0] in "ZX" else int(fields[_STAT_START_TIME])


def _stat_fields(pid: int) -> list[str] | None:
    """Return what /proc/PID/stat says after the name, which may contain anything; None if there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return None


class _Descriptor:
    """A descriptor that is closed when the last who uses it has let go of it: no other gets its number before."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number

    def __del__(self) -> None:
        os.close(self.number)


class ProcessWatch:
    """Watches one process of this machine through a pidfd, which no other process can be mistaken for."""

    def __init__(self, pid: int) -> None:
        """Watch *pid*; raise ``ProcessLookupError`` when there is none, ``OSError`` where pidfds are missing."""
        self.pid = pid
        self._pidfd: _Descriptor | None = _Descriptor(os.pidfd_open(pid))

    def fileno(self) -> int:
        """Return the pidfd, which becomes readable when the process has ended; -1 once closed."""
        pidfd = self._pidfd
        return -1 if pidfd is None else pidfd.number

    def wait(self, timeout: float) -> bool:
        """Return whether the process has ended within *timeout* seconds; False once closed, also by another thread."""
        pidfd = self._pidfd
        if pidfd is None:
            return False
        poller = select.poll()
        poller.register(pidfd.number, select.POLLIN)
        return bool(poller.poll(timeout * 1000))

    def how_it_ended(self) -> str | None:
        """Return in words how the process ended, or None when it lives or nobody can tell any more."""
        pidfd = self._pidfd
        if pidfd is None or not self.wait(0):
            return None
        status = self._status_of_zombie()
        if status is None:
            status = self._status_kept_by_kernel(pidfd.number)
        return None if status is None else describe_status(status)

    def _status_of_zombie(self) -> int | None:
        fields = _stat_fields(self.pid)
        if fields is None or fields[0] not in "ZX" or len(fields) <= _STAT_EXIT_CODE:
            return None
        return int(fields[_STAT_EXIT_CODE])

    def _status_kept_by_kernel(self, pidfd: int) -> int | None:
        info = bytearray(_INFO.pack(_INFO_EXIT, *(0,) * 13))
        try:
            fcntl.ioctl(pidfd, _GET_INFO, info)
        except OSError:
            return None
        mask, *_, status = _INFO.unpack(info)
        return status if mask & _INFO_EXIT else None

    def close(self) -> None:
        """Stop watching; may be called again."""
        self._pidfd = None
