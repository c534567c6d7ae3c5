"""Being a server: what the child process of a manager runs."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from multiprocessing import process as mp_process
from multiprocessing import util
from typing import Any, Final

from manor._engines.handed import STARTED, File, ServerConfig
from manor._engines.local_link import LocalLink
from manor._engines.program import PackedRegistry
from manor._proxy.local import local_servers
from manor._server.server import Server
from manor._transport.addresses import Address
from manor._transport.endings import ProcessWatch
from manor._wire.references import Reference
from manor.limits import DEFAULT

__all__ = ["end_in_order", "new_server", "run_server"]

_MAKE_SHARING: Final = Reference("manor._engines.sharing", "make_sharing")
_LEAVING: Final = Reference("manor._engines.leaving", "leaving")
_LINGER_S: Final = 0.5
"""How long threads and children of hosted objects may keep a server whose owner is gone."""
_REMOVE_LEFT: Final = Reference("manor._transport.leftovers", "remove_left_beside")
_TIDY_AFTER_S: Final = 10.0
"""By then a server has time to remove what others have left behind."""


def new_server(kind: Callable[..., Server], *args: Any, **kwds: Any) -> Server:
    """Make a server that proxies in its own process reach directly."""
    server = kind(*args, **kwds)
    link = server.link = LocalLink(server)
    local_servers[server.route.server] = _Local(server, link)
    server.dispatcher.registry.make_sharing = partial(_MAKE_SHARING, link)
    server.reactor.after(_TIDY_AFTER_S, partial(_tidy, server.route.path))
    return server


class _Local:
    def __init__(self, server: Server, link: LocalLink) -> None:
        self._server = server
        self._link = link

    def local_link(self) -> Any:
        return self._link

    def leaving(self) -> Callable[[], None]:
        found: Callable[[], None] = _LEAVING(self._server, self._link)
        return found


def run_server(
    kind: Callable[..., Server],
    registry: Mapping[str, Any] | PackedRegistry,
    address: Address | None,
    authkey: bytes,
    serializer: str,
    writer: File,
    initializer: Callable[..., object] | None,
    initargs: tuple[Any, ...],
    config: ServerConfig | None,
) -> None:
    """Be the server: what its child process runs."""
    config = config or ServerConfig(DEFAULT)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        if initializer is not None:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, config.held)
            initializer(*initargs)
        mp_process.current_process()._identity = ()
        if isinstance(registry, PackedRegistry):
            registry = registry.unpacked()
        options = {"limits": config.limits, "debug": config.debug, **_made(config)}
        server = new_server(kind, registry, address, authkey, serializer, **options)
        _end_in_order_on_sigterm(server)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, config.held)
        if config.owner_pid is not None:
            server.end_with(config.owner_pid)
    except BaseException as error:
        if config.handed is not None:
            config.handed.endpoint.close()
        _report_failure(writer, error)
        raise SystemExit(1) from error
    if config.handed is not None:
        server.first = config.handed.first
    if config.registration is not None:
        server.on_closed, server.on_ended = config.registration.remove, config.registration.forget
    server.on_serving = lambda: _report(writer, STARTED)
    try:
        server.serve_forever()
    finally:
        _do_not_linger(server, forked=config.forked)


def _tidy(path: str) -> None:
    threading.Thread(target=_REMOVE_LEFT, args=(path,), name="manor-tidy", daemon=True).start()


def _made(config: ServerConfig) -> dict[str, Any]:
    """Return what the owner has made, as the server takes it."""
    handed = config.handed
    if handed is None:
        return {}
    handed.endpoint.take_over()
    return {"endpoint": handed.endpoint, "arena_fd": handed.arena_fd}


def end_in_order(server: Server) -> None:
    """Stop a server on SIGTERM that runs in the main thread, if nobody else handles that: else it leaves its socket."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        return
    _end_in_order_on_sigterm(server)
    closed = server.on_closed

    def on_closed() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        closed()

    server.on_closed = on_closed


def _end_in_order_on_sigterm(server: Server) -> None:
    """Stop the server on SIGTERM; children that it forks (a pool's workers) end on it as processes do.

    The signal is blocked while a child is forked: one that came before the child is set to end on it would be lost.
    """
    pid = os.getpid()
    masks: dict[int, set[int | signal.Signals]] = {}

    def before_fork() -> None:
        masks[threading.get_ident()] = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM,))

    def unblock() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, masks.pop(threading.get_ident(), ()))

    def in_child() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        unblock()

    def stop(*_: object) -> None:
        if os.getpid() == pid:
            server.stop("was terminated by SIGTERM")

    signal.signal(signal.SIGTERM, stop)
    os.register_at_fork(before=before_fork, after_in_parent=unblock, after_in_child=in_child)


def _do_not_linger(server: Server, *, forked: bool) -> None:
    """Let SIGTERM and the owner's end also end a process that hosted objects' threads or children keep."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    owner = server.owner
    if owner is not None and (not forked or owner.wait(0) or _is_kept()):
        threading.Thread(target=_end_after, args=(owner,), name="manor-end", daemon=True).start()


def _is_kept() -> bool:
    """Whether anything of the user's has to end before this process does, which was forked: it runs no ``atexit``."""
    registry: dict[Any, Any] = util._finalizer_registry  # type: ignore[attr-defined]
    finalizers = [str(getattr(finalizer._callback, "__module__", "")) for finalizer in list(registry.values())]
    others = [thread for thread in threading.enumerate() if thread is not threading.current_thread()]
    return (
        any(not thread.daemon for thread in others)
        or bool(mp_process.active_children())
        or not all(module.startswith("manor.") for module in finalizers)
    )


def _end_after(owner: ProcessWatch) -> None:
    while not owner.wait(3600.0):
        pass
    time.sleep(_LINGER_S)
    os._exit(0)


def _report_failure(writer: File, error: BaseException) -> None:
    from manor._codec.exceptions import pack_exception  # only when things went wrong

    _report(writer, pack_exception(error))


def _report(writer: File, answer: bytes) -> None:
    """Send *answer* as ``multiprocessing``'s connections do, without loading their module."""
    with contextlib.suppress(OSError), open(writer.number, "wb", buffering=0) as pipe:
        pipe.write(len(answer).to_bytes(4, "big") + answer)  # in vain if the owner is gone, which is seen elsewhere


_forking: Final[list[Callable[[], None]]] = []
"""What makes links of a child out of the links to this process's servers; loaded before the fork."""


def _before_fork() -> None:
    _forking[:] = [local.leaving() for local in local_servers.values()]


def _after_fork_in_child() -> None:
    local_servers.clear()
    for leave in _forking:
        leave()
    _forking.clear()


os.register_at_fork(before=_before_fork, after_in_parent=_forking.clear, after_in_child=_after_fork_in_child)
