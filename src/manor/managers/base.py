"""``BaseManager``: starts a server or connects to one, and makes objects there."""

from __future__ import annotations

import contextlib
import functools
import importlib
import multiprocessing
import warnings
from collections.abc import Callable, Iterable
from multiprocessing import util
from multiprocessing.context import BaseContext, ProcessError
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, cast

from manor._proxy.link import Link
from manor._proxy.links import open_link
from manor._resident.sizes import arena_bytes
from manor._transport.addresses import Address, is_loopback
from manor._wire.references import reference_to
from manor.errors import CallTimeout, ManagerNotFound, WeakKeyWarning
from manor.limits import DEFAULT, Limits
from manor.managers.advising import explained_connection, refuse_key
from manor.managers.creating import Creating
from manor.managers.late import END_IN_ORDER, ENTER, NEW_SERVER, SERVER, SERVER_PROCESS
from manor.managers.registering import Registering, State

__all__ = ["BaseManager", "State"]

_WEAK_KEY_BYTES = 16

if TYPE_CHECKING:
    from manor._engines.child import ServerProcess
    from manor._engines.handed import ServerConfig
    from manor._server.server import Server

    _ServerT = TypeVar("_ServerT", bound=Server)


def _registry_of_names() -> Any:
    return importlib.import_module("manor._engines.registry_of_names")  # most programs use no names


def _warn_of_weak_key(address: Address | None, authkey: bytes) -> None:
    if address is not None and not is_loopback(address) and len(authkey) < _WEAK_KEY_BYTES:
        warnings.warn(
            f"an authkey of {len(authkey)} bytes guards {address!r}, which other machines can reach: "
            f"use at least {_WEAK_KEY_BYTES} random bytes, such as os.urandom(32)",
            WeakKeyWarning,
            stacklevel=3,
        )


class BaseManager(Creating, Registering):
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
        debug: Whether locks and whatever else is waited for tell from where: ``lock.holder.where``, ``waiters``,
            ``locks()`` and ``OwnerDiedWarning`` name the file and line of the call. To acquire and release then takes
            microseconds. It is for the process that starts the server to say, and holds for all.
        deep: Whether plain lists, dicts and sets become shared ones when they are stored in containers that this
            manager makes.
        name: What this user's processes find the manager by: ``manor.attach(name)``. 1 to 64 of the characters a-z,
            A-Z, 0-9, ``.``, ``_`` and ``-``, the first of them a letter or digit. With a name and no address,
            ``connect()`` connects to the manager that has it.
    """

    _Server: ClassVar[type[Server]] = cast("Any", SERVER)
    _is_joined = False
    """Whether it was connected by its name: then it goes on to whoever has the name next."""
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
        debug: bool = False,
        deep: bool = False,
        name: str | None = None,
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
        self._debug = debug
        self._deep = deep
        self._name = None if name is None else _registry_of_names().checked_name(name)
        self._link: Link | None = None
        self._process: Any
        _warn_of_weak_key(address, authkey)

    # Life

    def get_server(self) -> Server:
        """Return a server for this process to run with ``serve_forever()``."""
        self._refuse_unless_initial()
        server: Server = self._entered(
            NEW_SERVER(
                SERVER,
                self._registry,
                self._address,
                self._authkey,
                self._serializer,
                limits=self._limits,
                arena_bytes_max=self._arena_bytes_max,
                debug=self._debug,
            )
        )
        return server

    def _entered(self, server: _ServerT) -> _ServerT:
        """Return *server*, which has the manager's name from now on until it ends, if that has one."""
        server.on_serving = functools.partial(END_IN_ORDER, server)
        if self._name is not None:
            try:
                registration = _registry_of_names().claim(self._name, server.route, server.address)
            except BaseException:
                server.close()
                raise
            registration.started(server.route.pid)
            server.on_closed, server.on_ended = registration.remove, registration.forget
        return server

    def connect(self) -> None:
        """Connect to a server that runs already, and prove to it that we know the key.

        Raises:
            OSError: As ``socket.connect`` raises it: nobody listens there (yet).
            AuthenticationError: The key is wrong.
        """
        if self._address is None:
            if self._name is None:
                raise ValueError("a manager needs an address, or a name, to connect to")
            self._join(0.0)
            return
        with explained_connection(self._address):
            link = open_link(self._address, self._authkey, self._serializer, self._limits)
        self._use(link)

    def _join(self, timeout: float | None) -> None:
        """Connect to the manager that has the name, within *timeout* seconds."""
        from manor._engines.joining import join  # most programs use no names

        link = join(str(self._name), self._serializer, self._limits, timeout)
        self._address, self._is_joined = link.public_address, True
        self._use(link)

    def _use(self, link: Link) -> None:
        self._link = link
        link.timeout = self._timeout
        if not self._arena_bytes_max:
            link.memory.refuse()
        self._state.value = State.STARTED

    def _started_link(self) -> Link:
        link = self._link
        if link is None or self._state.value != State.STARTED:
            link = super()._started_link()
        if self._is_joined and (link.memory.has_ended or link.fate.is_over()):
            with contextlib.suppress(ManagerNotFound, CallTimeout):
                self._join(0.0)
                if self._link is not link:
                    link.memory.end()  # a server that was killed, and its owner, could not
            link = super()._started_link()
        return link

    def start(self, initializer: Callable[..., object] | None = None, initargs: Iterable[Any] = ()) -> None:
        """Start the server process.

        Args:
            initializer: Called in the server before anything else.
            initargs: Its arguments.

        Raises:
            ManagerStartError: The server could not start; says why.
            NameInUse: Another manager, which lives, has the name.
        """
        self._refuse_unless_initial()
        if initializer is not None and not callable(initializer):
            raise TypeError("initializer must be a callable")
        child: ServerProcess = SERVER_PROCESS(
            self._ctx,
            type(self).__name__,
            self._limits,
            exit_with_parent=self._exit_with_parent,
            arena_bytes_max=self._arena_bytes_max,
            debug=self._debug,
            name=self._name,
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
            kinds = (vars(base).get("_Server") for base in type(self).__mro__)
            return functools.partial(ENTER, next(kind for kind in kinds if kind is not None))
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
        ENTER(cls._Server, registry, address, authkey, serializer, writer, initializer, initargs, config)

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
        if hasattr(self, "shutdown"):  # not where it is another process's to end: see `connect()` and `manor.attach()`
            self.shutdown()
