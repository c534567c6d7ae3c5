"""Child processes that stop where a test wants them, and end the way that it wants."""

import multiprocessing
import os
import select
import signal
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

from tests.conformance.subjects import LIMIT_S

__all__ = ["Child", "Ending", "forked"]


class Child:
    """A process that runs a function of a module, whose first argument is its end of a pipe to the test.

    As a context manager it kills the process, if need be, at the end.
    """

    def __init__(self, context: Any, function: Callable[..., object], *args: Any, daemon: bool = False) -> None:
        """Start it by the start method of *context*."""
        self._pipe, there = context.Pipe()
        self.process = context.Process(target=function, args=(there, *args), daemon=daemon)
        self.process.start()
        self.pid: int = self.process.pid
        there.close()

    def hear(self) -> Any:
        """Return what the child sends next."""
        assert self._pipe.poll(LIMIT_S), f"process {self.pid} says nothing"
        try:
            return self._pipe.recv()
        except EOFError:
            self.process.join(LIMIT_S)
            raise AssertionError(f"process {self.pid} ended with exit code {self.process.exitcode}") from None

    def tell(self, message: object = None) -> None:
        """Have the child's `recv` return *message*."""
        self._pipe.send(message)

    def kill(self, number: int = signal.SIGKILL) -> int:
        """End it by a signal; return its pid when it is gone."""
        os.kill(self.pid, number)
        self.join()
        return self.pid

    def join(self) -> int:
        """Wait for its end; return the exit code."""
        self.process.join(LIMIT_S)
        assert self.process.exitcode is not None, f"process {self.pid} does not end"
        return int(self.process.exitcode)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._pipe.close()
        if self.process.exitcode is None:
            self.process.kill()
        self.process.join()
        self.process.close()


class Ending:
    """Watches for the end of any process, of this one's children or not; made while the process lives."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._pidfd = os.pidfd_open(pid)

    def within(self, seconds: float) -> bool:
        """Whether the process ends in *seconds* from now."""
        return bool(select.select([self._pidfd], [], [], seconds)[0])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if not self.within(0):
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        os.close(self._pidfd)


class forked:  # noqa: N801 - reads as a word in a with statement
    """A child by a bare `os.fork()` that runs a function with its end of a pipe, and ends by `os._exit`."""

    def __init__(self, function: Callable[[Connection], object]) -> None:
        self._pipe, there = multiprocessing.Pipe()
        self.pid = os.fork()
        if self.pid == 0:
            code = 1
            try:
                there.send(function(there))
                code = 0
            except BaseException as error:
                there.send(error)
            finally:
                os._exit(code)
        there.close()

    def hear(self) -> Any:
        """Return what the child sends next, its result at last; raise its exception."""
        assert self._pipe.poll(LIMIT_S), f"forked process {self.pid} says nothing"
        said = self._pipe.recv()
        if isinstance(said, BaseException):
            raise said
        return said

    def tell(self, message: object = None) -> None:
        """Have the child's `recv` return *message*."""
        self._pipe.send(message)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._pipe.close()
        if kind is not None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)
