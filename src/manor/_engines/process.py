"""Being a server: what the child process of a manager runs."""

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Mapping
from multiprocessing import process as mp_process
from multiprocessing.connection import Connection
from typing import Any, Final, NamedTuple

from manor._engines.local_link import LocalLink
from manor._proxy.local import local_servers
from manor._server.server import Server
from manor._transport.addresses import Address
from manor._transport.endings import ProcessWatch
from manor.limits import Limits

__all__ = ["ServerConfig", "Started", "new_server", "run_server"]


_LINGER_S: Final = 0.5
"""How long threads and children of hosted objects may keep a server whose owner is gone."""


class ServerConfig(NamedTuple):
    """What a server needs besides what ``multiprocessing`` passes to ``_run_server``.

    Attributes:
        limits: Bounds of the server.
        owner_pid: The process that the server is not to outlive, or None for one that lives on.
        first: Ends of the owner's control connection and first session; see ``first_connections``.
        arena_bytes_max: How large the shared memory of the standard types may grow; 0 for none.
    """

    limits: Limits
    owner_pid: int | None = None
    first: tuple[socket.socket, socket.socket] | None = None
    arena_bytes_max: int = 0


class Started(NamedTuple):
    """What a server reports once it listens."""

    address: Address
    path: str


def new_server(kind: type[Server], *args: Any, **kwds: Any) -> Server:
    """Make a server that proxies in its own process reach directly."""
    server = kind(*args, **kwds)
    link = server.link = LocalLink(server)
    local_servers[server.route.server] = _Local(link)
    return server


class _Local:
    def __init__(self, link: LocalLink) -> None:
        self._link = link

    def local_link(self) -> Any:
        return self._link


def run_server(
    kind: type[Server],
    registry: Mapping[str, Any],
    address: Address | None,
    authkey: bytes,
    serializer: str,
    writer: Connection,
    initializer: Callable[..., object] | None,
    initargs: tuple[Any, ...],
    config: ServerConfig,
) -> None:
    """Be the server: what its child process runs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        if initializer is not None:
            initializer(*initargs)
        mp_process.current_process()._identity = ()
        server = new_server(
            kind, registry, address, authkey, serializer,
            limits=config.limits, arena_bytes_max=config.arena_bytes_max,
        )  # fmt: skip
        _end_in_order_on_sigterm(server)
        if config.owner_pid is not None:
            server.end_with(config.owner_pid)
    except BaseException as error:
        _report_failure(writer, error)
        raise SystemExit(1) from error
    writer.send(Started(server.address, server.route.path))
    writer.close()
    if config.first is not None:
        server.adopt(*config.first)
    try:
        server.serve_forever()
    finally:
        _do_not_linger(server)


def _end_in_order_on_sigterm(server: Server) -> None:
    """Stop the server on SIGTERM; children that it forks (a pool's workers) end on it as processes do."""
    pid = os.getpid()

    def stop(*_: object) -> None:
        if os.getpid() == pid:
            server.stop("was terminated by SIGTERM")

    signal.signal(signal.SIGTERM, stop)
    os.register_at_fork(after_in_child=lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL))


def _do_not_linger(server: Server) -> None:
    """Let SIGTERM and the owner's end also end a process that hosted objects' threads or children keep."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if server.owner is not None:
        threading.Thread(target=_end_after, args=(server.owner,), name="manor-end", daemon=True).start()


def _end_after(owner: ProcessWatch) -> None:
    while not owner.wait(3600.0):
        pass
    time.sleep(_LINGER_S)
    os._exit(0)


def _report_failure(writer: Connection, error: BaseException) -> None:
    from manor._codec.exceptions import pack_exception  # only when things went wrong

    writer.send(pack_exception(error))
    writer.close()


def _forget_local_servers() -> None:
    local_servers.clear()


os.register_at_fork(after_in_child=_forget_local_servers)
