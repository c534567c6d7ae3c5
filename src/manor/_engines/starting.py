"""The start of a server, as the process that starts it sees it: under way, over, or failed for a reason."""

from __future__ import annotations

import contextlib
import threading
from multiprocessing.connection import Connection, wait
from typing import Any

from manor._engines.handed import STARTED
from manor._transport.addresses import Address
from manor._transport.endings import ProcessWatch, describe_exitcode
from manor.errors import AddressInUse, ManagerStartError

__all__ = ["Starting", "exit_account", "start_error"]


def exit_account(process: Any) -> str | None:
    """Return how *process* ended, or None while it runs."""
    code = process.exitcode
    return None if code is None else describe_exitcode(code)


def start_error(cause: BaseException, address: Address | None) -> Exception:
    """Return the exception for a server that cannot start because of *cause*."""
    if isinstance(cause, AddressInUse):
        return cause
    where = f" at {address!r}" if address is not None else ""
    error = ManagerStartError(
        f"the manager's server could not start{where}: {type(cause).__name__}: {cause}{_advice_for(cause)}"
    )
    error.__cause__ = cause
    return error


def _advice(process: Any) -> str:
    """Return what is most often wrong when a server ends as soon as its process imports the main module."""
    method = getattr(process, "_start_method", None)
    if method not in ("spawn", "forkserver"):
        return ""
    return (
        f". Under the start method {method!r} it imports the main module first: "
        f"what starts a manager or a process belongs there under `if __name__ == '__main__':`"
    )


def _advice_for(cause: BaseException) -> str:
    if not isinstance(cause, ImportError | AttributeError):
        return ""
    return "; what is registered must be in a module that the server's process can import, too"


class Starting:
    """Waits for a server's report, in whichever thread needs the server first."""

    def __init__(self, process: Any, reader: Connection, address: Address | None) -> None:
        """Wait for *process*, which reports on *reader*, to listen on *address*."""
        self._process = process
        self._reader: Connection | None = reader
        self._address = address
        self._answer: bytes | None = None
        self._lock = threading.RLock()
        self._end: Any = process.sentinel  # of which a process that the server forks unbeknown to Python has a copy
        with contextlib.suppress(OSError):
            self._end = ProcessWatch(process.pid)

    @property
    def is_over(self) -> bool:
        """Whether the report is here."""
        return self._reader is None

    @property
    def failure(self) -> Exception | None:
        """Why the server could not start, once that is known."""
        if self._reader is not None or self._answer == STARTED:
            return None
        if self._answer is None:
            return ManagerStartError(
                f"the manager's server process (pid {self._process.pid}) {exit_account(self._process)} "
                f"before it listened; what it printed on stderr may say why{_advice(self._process)}"
            )
        from manor._codec.exceptions import unpack_exception  # only when things went wrong

        return start_error(unpack_exception(self._answer), self._address)

    def wait(self, timeout: float | None = None) -> bool:
        """Return whether the start is over, well or not, within *timeout* seconds."""
        if self.is_over:
            return True
        if not self._lock.acquire(timeout=-1 if timeout is None else timeout):
            return False
        try:
            if self._first_of([], timeout):
                self._hear()
            return self.is_over
        finally:
            self._lock.release()

    def wait_or_readable(self, descriptor: int, timeout: float | None) -> bool:
        """Return whether *descriptor*, of a socket to the server, has something to read before the start is over."""
        if self.is_over or not self._lock.acquire(timeout=-1 if timeout is None else timeout):
            return False
        try:
            return descriptor in self._first_of([descriptor], timeout)
        finally:
            self._lock.release()

    def _first_of(self, others: list[int], timeout: float | None) -> list[Any]:
        reader = self._reader
        return [] if reader is None else wait([*others, reader, self._end], timeout)

    def _hear(self) -> None:
        reader = self._reader
        if reader is None:
            return
        try:
            self._answer = reader.recv_bytes() if reader.poll() else None
        except EOFError:
            self._answer = None
        if self._answer != STARTED:
            self._process.join()
        self.forget()

    def forget(self) -> None:
        """Wait no longer."""
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()
            self._end = None
