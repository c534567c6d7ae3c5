"""The process in which a server runs, as its owner sees it: starting it, and ending it."""

import contextlib
import multiprocessing
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from multiprocessing import process as mp_process
from multiprocessing import util
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from typing import Any, Final

from manor._engines.first_connections import FirstConnections
from manor._engines.process import ServerConfig, Started
from manor._proxy.deadlines import deadline
from manor._proxy.link import Link
from manor._transport.addresses import Address
from manor._transport.endings import describe_exitcode
from manor._transport.listening import remove_private
from manor._transport.peers import machine_id
from manor._wire.calls import SERVER
from manor.errors import AddressInUse, ManagerStartError, ManorError
from manor.limits import Limits

__all__ = ["ServerProcess"]

_SHUTDOWN_CALL_S: Final = 1.0
_children = threading.Lock()


@contextlib.contextmanager
def _allow_children() -> Iterator[None]:
    """Let a daemonic process start the server: it watches its owner itself, so it cannot be left over."""
    config: dict[str, Any] = mp_process.current_process()._config  # type: ignore[attr-defined]
    with _children:
        daemonic = config.get("daemon")
        config["daemon"] = False
        try:
            yield
        finally:
            if daemonic is None:
                del config["daemon"]
            else:
                config["daemon"] = daemonic


class ServerProcess:
    """A server's process, from before it starts until after it has ended.

    Attributes:
        process: The process object of the start method.
        link: How this process reaches the server; there once it has started.
        address: Where the server listens; likewise.
    """

    link: Link
    address: Address

    def __init__(
        self,
        ctx: BaseContext,
        class_name: str,
        serializer: str,
        limits: Limits,
        *,
        exit_with_parent: bool,
        arena_bytes_max: int,
    ) -> None:
        """Prepare to start a server by the start method of *ctx*, in a process named for *class_name*."""
        self.process: Any = None
        self._ctx: Any = ctx
        self._class_name = class_name
        self._limits = limits
        self._arena_bytes_max = arena_bytes_max
        self._owner_pid = os.getpid() if exit_with_parent else None
        self._first = FirstConnections(serializer, limits)
        self._path = ""

    def start(
        self,
        target: Callable[..., None],
        server: tuple[Any, Address | None, bytes, str],
        initializer: Callable[..., object] | None,
        initargs: tuple[Any, ...],
    ) -> None:
        """Start the process, and return when the server listens.

        Args:
            target: What the process runs: ``BaseManager._run_server`` or the like.
            server: Registry, address, key and serializer.
            initializer: What the server calls first, or None.
            initargs: Its arguments.

        Raises:
            ManagerStartError: The server could not start; says why.
        """
        try:
            started = self._await(self._launch(target, server, initializer, initargs), server[1])
            self._path, self.address = started.path, started.address
            self.link = self._first.link(started.path)
        except BaseException:
            self._first.close()
            self._give_up()
            raise
        self.link.fate.exit_account = self._account

    def _launch(
        self,
        target: Callable[..., None],
        server: tuple[Any, Address | None, bytes, str],
        initializer: Callable[..., object] | None,
        initargs: tuple[Any, ...],
    ) -> Connection:
        """Start the process; return the pipe on which it reports."""
        tempfile.gettempdir(), machine_id()  # found out once here, not in every server that is forked
        reader, writer = multiprocessing.connection.Pipe(duplex=False)
        config = ServerConfig(self._limits, self._owner_pid, self._first.far_ends, self._arena_bytes_max)
        try:
            self.process = self._ctx.Process(target=target, args=(*server, writer, initializer, initargs, config))
            identity = ":".join(str(number) for number in self.process._identity)
            self.process.name = f"{self._class_name}-{identity}"
            with _allow_children():
                self.process.start()
        except BaseException:
            reader.close()
            raise
        finally:
            writer.close()
            self._first.close_far_ends()
        return reader

    def _await(self, reader: Connection, address: Address | None) -> Started:
        try:
            wait([reader, self.process.sentinel])
            answer = reader.recv() if reader.poll() else None
        except EOFError:
            answer = None
        finally:
            reader.close()
        if isinstance(answer, Started):
            return answer
        self.process.join()
        raise self._failure(answer, address)

    def _failure(self, answer: Any, address: Address | None) -> Exception:
        if answer is None:
            return ManagerStartError(
                f"the manager's server process (pid {self.process.pid}) {self._account()} "
                f"before it listened; what it printed on stderr may say why"
            )
        from manor._codec.exceptions import unpack_exception  # only when things went wrong

        cause = unpack_exception(answer)
        if isinstance(cause, AddressInUse):
            return cause
        where = f" at {address!r}" if address is not None else ""
        error = ManagerStartError(f"the manager's server could not start{where}: {type(cause).__name__}: {cause}")
        error.__cause__ = cause
        return error

    def _give_up(self) -> None:
        """End a process that runs, but with which nothing can be begun."""
        process = self.process
        if process is not None and process.pid is not None and process.is_alive():
            process.terminate()
            process.join()

    def _account(self) -> str | None:
        """Return how the process ended, or None while it runs."""
        code = self.process.exitcode
        return None if code is None else describe_exitcode(code)

    def stop(self, timeout: float) -> None:
        """End the server: ask, then terminate, then kill a process that has not ended within *timeout* seconds."""
        process = self.process
        if process.is_alive():
            try:
                with deadline(_SHUTDOWN_CALL_S):
                    self.link.call(SERVER, "shutdown")
            except (ManorError, OSError, EOFError):
                util.info("the manager's server did not take the call to shut down")
            process.join(timeout=timeout)
        if process.is_alive():
            util.info(f"manager still alive after {timeout:.1f} s: terminating it")
            process.terminate()
            process.join(timeout=timeout)
        if process.is_alive():
            util.info("manager still alive after SIGTERM: killing it")
            process.kill()
        process.join()
        remove_private(self._path)
        self.link.memory.end()
        orderly = process.exitcode == 0
        self.link.end(f"was shut down by process {os.getpid()}" if orderly else str(self._account()))
