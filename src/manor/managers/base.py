"""``BaseManager``: starts a server or connects to one, and makes objects there."""

from __future__ import annotations

import functools
import multiprocessing
import warnings
from collections.abc import Callable, Iterable
from multiprocessing import util
from multiprocessing.context import BaseContext, ProcessError
from types import TracebackType
from typing import Any, ClassVar, Self

from manor._engines.child import ServerProcess
from manor._engines.process import ServerConfig, new_server, run_server
from manor._proxy.link import Link
from manor._proxy.links import open_link
from manor._resident.sizes import arena_bytes
from manor._server.server import Server
from manor._transport.addresses import Address, is_loopback
from manor._wire.references import reference_to
from manor.errors import WeakKeyWarning
from manor.limits import DEFAULT, Limits
from manor.managers.advising import explained_connection, refuse_key
from manor.managers.registering import Registering, State

__all__ = ["BaseManager", "State"]

_WEAK_KEY_BYTES = 16
_SHUTDOWN_CALL_S = 1.0


class BaseManager(Registering):
    """Starts a server process, or connects to a server elsewhere, and makes objects there.

    The arguments are those of ``multiprocessing.managers.BaseManager``, and these, by keyword:

    Args:
        timeout: The longest silence of the server that a call bears, in seconds, on top of what the method itself
            was asked to wait; None is without limit. A call that it ends raises ``CallTimeout``.
        limits: Bounds on messages, leases and so on.
        exit_with_parent: Whether the server ends with the process that started it, however that ends.
        resident: Whether the standard types live in shared memory, where processes of this machine work on them
            without the server. Otherwise the server hosts them as it hosts everything else.
        arena_bytes_max: How large that memory may grow, in bytes; by default to half of what the machine, or the
            control group, has. A value that does not fit any more raises ``ArenaFull``.
    """

    _Server: ClassVar[type[Server]] = Server
    shutdown: Callable[[], None]

    def __init__(
        self,
        address: Address | None = None,
        authkey: bytes | None = None,
        serializer: str = "pickle",
        ctx: BaseContext | None = None,
        *,
        shutdown_timeout: float = 1.0,
        timeout: float | None = None,
        limits: Limits = DEFAULT,
        exit_with_parent: bool = True,
        resident: bool = True,
        arena_bytes_max: int | None = None,
    ) -> None:
        self._has_explicit_key = authkey is not None
        if authkey is None:
            authkey = multiprocessing.current_process().authkey
        refuse_key(authkey)
        if timeout is not None and not timeout >= 0:
            raise ValueError(f"timeout must be None, or zero or more seconds, not {timeout!r}")
        self._address = address
        self._authkey = multiprocessing.process.AuthenticationString(authkey)  # type: ignore[attr-defined]
        self._state = State()
        self._serializer = serializer
        self._ctx: Any = ctx or multiprocessing.get_context()
        self._shutdown_timeout = shutdown_timeout
        self._timeout = timeout
        self._limits = limits
        self._exit_with_parent = exit_with_parent
        self._arena_bytes_max = arena_bytes(arena_bytes_max) if resident else 0
        self._link: Link | None = None
        self._process: Any
        if address is not None and not is_loopback(address) and len(authkey) < _WEAK_KEY_BYTES:
            warnings.warn(
                f"an authkey of {len(authkey)} bytes guards {address!r}, which other machines can reach: "
                f"use at least {_WEAK_KEY_BYTES} random bytes, such as os.urandom(32)",
                WeakKeyWarning,
                stacklevel=2,
            )

    # Life

    def get_server(self) -> Server:
        """Return a server for this process to run with ``serve_forever()``."""
        self._refuse_unless_initial()
        return new_server(
            Server,
            self._registry,
            self._address,
            self._authkey,
            self._serializer,
            limits=self._limits,
            arena_bytes_max=self._arena_bytes_max,
        )

    def connect(self) -> None:
        """Connect to a server that runs already, and prove to it that we know the key.

        Raises:
            OSError: As ``socket.connect`` raises it: nobody listens there (yet).
            AuthenticationError: The key is wrong.
        """
        if self._address is None:
            raise ValueError("a manager needs an address to connect to")
        with explained_connection(self._address):
            self._link = open_link(self._address, self._authkey, self._serializer, self._limits)
        self._link.timeout = self._timeout
        if not self._arena_bytes_max:
            self._link.memory.refuse()
        self._state.value = State.STARTED

    def start(self, initializer: Callable[..., object] | None = None, initargs: Iterable[Any] = ()) -> None:
        """Start the server process.

        Args:
            initializer: Called in the server before anything else.
            initargs: Its arguments.

        Raises:
            ManagerStartError: The server could not start; says why.
        """
        self._refuse_unless_initial()
        if initializer is not None and not callable(initializer):
            raise TypeError("initializer must be a callable")
        child = ServerProcess(
            self._ctx,
            type(self).__name__,
            self._limits,
            exit_with_parent=self._exit_with_parent,
            arena_bytes_max=self._arena_bytes_max,
        )
        server = (self._travelling_registry(), self._address, bytes(self._authkey), self._serializer)
        target = self._server_target()
        wait = initializer is not None or not isinstance(
            target, functools.partial
        )  # there is code of the user's to run
        try:
            child.start(target, server, initializer, tuple(initargs), wait=wait)
        finally:
            self._process = child.process
        self._address = child.address
        self._link = child.link
        self._link.timeout = self._timeout
        self._state.value = State.STARTED
        self.shutdown = util.Finalize(
            self,
            type(self)._finalize_manager,
            args=(child, self._state, self._shutdown_timeout),
            exitpriority=0,
        )

    def _server_target(self) -> Any:
        """Return what the server process runs: without the manager's class, unless that has a way of its own."""
        if type(self)._run_server.__func__ is BaseManager._run_server.__func__:  # type: ignore[attr-defined]
            return functools.partial(run_server, self._Server)
        return type(self)._run_server

    def _travelling_registry(self) -> dict[str, tuple[Any, Any, Any, Any]]:
        """Return the registry with the names of the proxies' classes, which the server need not import."""
        return {typeid: (*entry[:3], reference_to(entry[3]) or entry[3]) for typeid, entry in self._registry.items()}

    @classmethod
    def _run_server(
        cls,
        registry: Any,
        address: Address | None,
        authkey: bytes,
        serializer: str,
        writer: Any,
        initializer: Callable[..., object] | None = None,
        initargs: tuple[Any, ...] = (),
        config: ServerConfig | None = None,
    ) -> None:
        config = config or ServerConfig(DEFAULT)
        run_server(cls._Server, registry, address, authkey, serializer, writer, initializer, initargs, config)

    @staticmethod
    def _finalize_manager(child: ServerProcess, state: State, timeout: float) -> None:
        child.stop(timeout)
        state.value = State.SHUTDOWN

    def join(self, timeout: float | None = None) -> None:
        """Wait for the server process to end, at most *timeout* seconds."""
        self._process.join(timeout)

    @property
    def address(self) -> Address | None:
        """The server's address; of one that was just started, when it runs."""
        if self._link is not None and self._state.value == State.STARTED:
            self._link.await_started()
        return self._address

    def __enter__(self) -> Self:
        if self._state.value == State.INITIAL:
            self.start()
        if self._state.value != State.STARTED:
            if self._state.value == State.INITIAL:
                raise ProcessError("Unable to start server")
            self._refuse_unless_initial()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.shutdown()
