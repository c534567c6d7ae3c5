"""The process in which a server runs, as its owner sees it: starting it, and ending it."""

import contextlib
import importlib
import os
import signal
import tempfile
import threading
import warnings
import weakref
from collections.abc import Callable, Iterator
from multiprocessing import process as mp_process
from multiprocessing import resource_tracker, util
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from typing import TYPE_CHECKING, Any, Final

from manor._engines.beginnings import Beginnings
from manor._engines.handed import HANDLED, File, ServerConfig
from manor._engines.importing import refuse_while_importing_main
from manor._engines.owned_link import OwnedLink
from manor._engines.program import PackedInitializer, PackedRegistry, Program, main_left_alone
from manor._engines.starting import Starting, exit_account, start_error
from manor._proxy.deadlines import deadline
from manor._transport.addresses import Address
from manor._transport.listening import remove_private
from manor._wire.calls import SERVER
from manor.errors import ManorError, ManorWarning
from manor.limits import Limits

if TYPE_CHECKING:
    from manor._engines.registry_of_names import Registration

__all__ = ["ServerProcess"]

_SHUTDOWN_CALL_S: Final = 1.0
_GIVE_UP_S: Final = 1.0
_NEEDED_BY_SERVERS: Final = (
    "manor._engines.entering", "manor._engines.process", "manor._resident.deputies", "manor._server.residency",
    "manor._transport.handshake",
)  # fmt: skip
_children = threading.Lock()
_servers: Final[weakref.WeakSet[Any]] = weakref.WeakSet()
"""Process objects of this process's servers."""


def _renew_lock() -> None:
    """In a forked child, a server among them, which is forked while its owner holds the lock."""
    global _children
    _children = threading.Lock()


os.register_at_fork(after_in_child=_renew_lock)


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


@contextlib.contextmanager
def _signals_held(ctx: Any) -> Iterator[set[int]]:
    """Have the process that is started inside block what a server handles, until it can; tell which signals.

    Otherwise Ctrl-C would end a server that is about to ignore it.
    """
    if ctx.get_start_method() == "spawn":
        resource_tracker.ensure_running()  # else it is started inside, and unblocks them
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)
    held = {int(number) for number in HANDLED - blocked}
    try:
        yield held
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, held)


class ServerProcess:
    """A server's process, from before it starts until after it has ended.

    Attributes:
        process: The process object of the start method.
        link: How this process reaches the server, which may still be starting.
        address: Where the server listens.
    """

    link: OwnedLink
    address: Address

    def __init__(
        self,
        ctx: BaseContext,
        class_name: str,
        limits: Limits,
        *,
        exit_with_parent: bool,
        arena_bytes_max: int,
        debug: bool,
        name: str | None = None,
    ) -> None:
        """Prepare to start a server by the start method of *ctx*, in a process named for *class_name*.

        The manager is called *name*, if that is given.
        """
        self.process: Any = None
        self._starting: Starting | None = None
        self._name = name
        self._registration: Registration | None = None
        self._ctx: Any = ctx
        self._class_name = class_name
        self._limits = limits
        self._arena_bytes_max = arena_bytes_max
        self._debug = debug
        self._owner_pid = os.getpid() if exit_with_parent else None

    def start(
        self,
        target: Callable[..., None],
        server: tuple[Any, Address | None, bytes, str],
        initializer: Callable[..., object] | None,
        initargs: tuple[Any, ...],
        *,
        wait: bool,
    ) -> None:
        """Start the process.

        Args:
            target: What the process runs: ``BaseManager._run_server`` or the like.
            server: Registry, address, key and serializer.
            initializer: What the server calls first, or None.
            initargs: Its arguments.
            wait: Whether to return only when the server serves.

        Raises:
            ManagerStartError: The server could not start; says why.
            NameInUse: Another manager has the name.
        """
        refuse_while_importing_main(self._ctx.get_start_method())
        registry, address, authkey, serializer = server
        try:
            beginnings = Beginnings(address, serializer, self._limits, self._arena_bytes_max, debug=self._debug)
        except Exception as error:
            found = start_error(error, address)
            if found is error:
                raise
            raise found  # noqa: B904 - it has its cause
        try:
            self._register(beginnings)
            program = Program(registry, initializer, initargs)
            packed = (PackedRegistry(program), address, authkey, serializer)
            first = None if initializer is None else PackedInitializer(program)
            reader = self._launch(target, packed, first, beginnings)
            self._starting = Starting(self.process, reader, address)
            if wait:
                self._await()
            self.address = beginnings.handed.endpoint.listener.address
            self.link = beginnings.link(self.process.pid, self._starting)
            if self._registration is not None:
                self._registration.started(self.process.pid)
        except BaseException:
            self._give_up()
            beginnings.give_up()
            if self._registration is not None:
                self._registration.remove()
                self._registration.forget()
            raise
        self.link.fate.exit_account = self._account

    def _register(self, beginnings: Beginnings) -> None:
        """Take the name, if there is one to be had; raise ``NameInUse`` if it is another manager's."""
        if self._name is not None:
            from manor._engines.registry_of_names import claim  # most managers have no name

            endpoint = beginnings.handed.endpoint
            self._registration = claim(self._name, endpoint.route(0), endpoint.listener.address)

    def _launch(
        self,
        target: Callable[..., None],
        server: tuple[Any, Address | None, bytes, str],
        initializer: PackedInitializer | None,
        beginnings: Beginnings,
    ) -> Connection:
        """Start the process; return the pipe on which it reports."""
        if self._ctx.get_start_method() == "fork":  # once here, not in every server that is forked
            for needed in _NEEDED_BY_SERVERS:
                importlib.import_module(needed)
            tempfile.gettempdir()
        read_end, write_end = os.pipe()
        reader, writer = Connection(read_end, writable=False), File(write_end)
        forked = self._ctx.get_start_method() == "fork"
        main = contextlib.nullcontext() if forked else main_left_alone()
        try:
            with beginnings as handed, _signals_held(self._ctx) as held, _allow_children(), main:
                config = ServerConfig(
                    self._limits, self._owner_pid, handed, held, forked, self._debug, self._registration
                )
                self.process = self._ctx.Process(target=target, args=(*server, writer, initializer, (), config))
                identity = ":".join(str(number) for number in self.process._identity)
                self.process.name = f"{self._class_name}-{identity}"
                self.process.start()
                _servers.add(self.process)
        except BaseException:
            reader.close()
            raise
        finally:
            os.close(write_end)
        return reader

    def _await(self) -> None:
        if self._starting is not None:
            self._starting.wait()
            failure = self._starting.failure
            if failure is not None:
                raise failure

    def _give_up(self) -> None:
        """End a process that runs, but with which nothing can be begun."""
        process = self.process
        if process is not None and process.pid is not None and process.is_alive():
            process.terminate()
            process.join(_GIVE_UP_S)
            if process.is_alive():
                process.kill()
                process.join()
        if self._starting is not None:
            self._starting.forget()

    def _ask_to_end(self) -> bool:
        """Return whether the server takes the call to shut down."""
        try:
            with deadline(_SHUTDOWN_CALL_S):
                self.link.call(SERVER, "shutdown")
        except (ManorError, OSError, EOFError):
            util.info("the manager's server did not take the call to shut down")
            return False
        return True

    def _account(self) -> str | None:
        """Return how the process ended, or None while it runs."""
        return exit_account(self.process)

    def stop(self, timeout: float) -> None:
        """End the server: ask, then terminate, then kill a process that has not ended within *timeout* seconds."""
        process = self.process
        failure = self.link.untold_failure(self._limits.handshake_s)
        is_asked = process.is_alive() and self._ask_to_end()
        process.join(timeout=timeout)
        if process.is_alive():
            util.info(f"manager still alive after {timeout:.1f} s: terminating it")
            process.terminate()
            process.join(timeout=timeout)
        if process.is_alive():
            util.info("manager still alive after SIGTERM: killing it")
            process.kill()
        process.join()
        remove_private(self.link.route.path)
        if self._registration is not None:
            self._registration.remove()
        self.link.memory.end()
        if self._registration is not None:
            self._registration.forget()
        orderly = is_asked or process.exitcode == 0
        self.link.end(f"was shut down by process {os.getpid()}" if orderly else str(self._account()))
        if failure is not None:
            warnings.warn(str(failure), ManorWarning, stacklevel=2)


def _disown_in_child() -> None:
    """After a bare fork ``multiprocessing`` takes its parent's children for its own, and fails to join them at exit."""
    children: set[Any] = mp_process._children  # type: ignore[attr-defined]
    children.difference_update(_servers)
    _servers.clear()


os.register_at_fork(after_in_child=_disown_in_child)
