"""Every link of this process, and which of them a proxy uses.

A proxy finds its route when it is made or unpickled: an object of a server that runs in this very process is
reached directly; a server of this machine and user through its Unix socket, without a key; any other over its
address, with the key that this process connected with, or was given, or has as its own.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from multiprocessing import util

from manor._codec.codec import codec_for
from manor._proxy.deadlines import within_deadline
from manor._proxy.dialer import Dialer
from manor._proxy.link import Link
from manor._proxy.local import local_servers
from manor._resident.attachment import leave_in_order
from manor._transport.addresses import Address, describe
from manor._transport.handshake import noise_key
from manor._transport.peers import machine_id
from manor._wire.control import Notice, What
from manor._wire.introduction import Role
from manor._wire.tokens import Route, Token
from manor.errors import AuthenticationError, CallTimeout, ManagerDied, MessageTooLarge, ProtocolError, ServerBusy
from manor.limits import DEFAULT, Limits

__all__ = ["enter_link", "find_link", "linked", "open_link"]

_Key = tuple[bytes, bytes | None]
_links: dict[_Key, Link] = {}
_lock = threading.RLock()
_forking: list[tuple[Link, bytes | None]] = []


def open_link(address: Address, authkey: bytes | None, serializer: str, limits: Limits = DEFAULT) -> Link:
    """Return the live link to the server at *address*, after proving the key when one is given.

    Raises:
        OSError: As ``socket.connect`` raises it.
        AuthenticationError: The key is wrong, or it is another user's server and no key was given.
        CallTimeout: The server did not introduce itself in time.
        ManagerDied: It closed the connection instead.
        ProtocolError: It is no server of manor's.
        ServerBusy: Too many others are being introduced to it.
    """
    key = None if authkey is None else noise_key(bytes(authkey))
    link = _introduced(Dialer(address, key, codec_for(serializer), limits))
    with _lock:
        known = _links.get((link.server, key))
        if known is not None and known.ended is None and known.address == address and known.asked_limits == limits:
            link.end("is reached by another link of this process")
            return known
        _enter(link, key)
    return link


def _enter(link: Link, key: bytes | None) -> None:
    for name in [name for name, old in _links.items() if old.ended is not None]:
        del _links[name]
    _links[link.server, key] = link


def enter_link(link: Link) -> None:
    """Have proxies in this process use *link*, which was made for a server of our own."""
    with _lock:
        _enter(link, None)


def _introduced(dialer: Dialer) -> Link:
    timeout = within_deadline(dialer.limits.handshake_s)
    where = f"the manager's server at {describe(dialer.address)}"
    try:
        return Link(dialer, *dialer.dial(Role.CONTROL, timeout))
    except TimeoutError as error:
        raise CallTimeout(f"{where} did not introduce itself within {timeout:.3g} s (Limits.handshake_s)") from error
    except OverflowError as error:
        raise MessageTooLarge(f"{where} introduced itself by {error} (Limits.message_bytes_max)") from error
    except ConnectionAbortedError as error:
        raise ProtocolError(f"{where} broke the protocol: {error}") from error
    except (EOFError, BrokenPipeError, ConnectionResetError) as error:
        raise ManagerDied(f"{where} closed the connection before it introduced itself: {error}") from error


def _keyed_link(server: bytes) -> Link | None:
    with _lock:
        for (name, key), link in _links.items():
            if name == server and key is not None:
                return link
    return None


def _ended(link: Link) -> ManagerDied:
    return ManagerDied.of(f"the manager at {describe(link.public_address)} (pid {link.route.pid})", link.ended)


def _is_near(route: Route) -> bool:
    return route.machine == machine_id() and os.path.exists(route.path)


def linked(server: bytes) -> Link | None:
    """Return the link by which this process reaches that server without a key, if there is one already."""
    known = _links.get((server, None))
    return None if known is None or known.fate.ended is not None else known


def find_link(token: Token, serializer: str, authkey: bytes | None) -> Link:
    """Return the link by which this process reaches *token*'s object.

    Args:
        token: Names the object.
        serializer: What the server speaks.
        authkey: An explicit key, which must then be right; or None.

    Raises:
        ManagerDied: Nobody listens there any more.
        CallTimeout: The server does not introduce itself.
        AuthenticationError: The server refuses us.
    """
    route = token.route
    if route is not None:
        if authkey is None:
            known = _links.get((route.server, None)) or _keyed_link(route.server)
            if known is not None:
                if known.fate.ended is not None:
                    raise _ended(known)
                return known
        local = local_servers.get(route.server)
        if local is not None:
            return local.local_link()
    return _connect_to(token, serializer, authkey)


def _connect_to(token: Token, serializer: str, authkey: bytes | None) -> Link:
    route = token.route
    try:
        if route is not None and authkey is None and _is_near(route):
            link = open_link(route.path, None, serializer)
            link.public_address = token.address
        else:
            key = authkey if authkey is not None else bytes(multiprocessing.current_process().authkey)
            link = open_link(token.address, key, serializer)
    except (CallTimeout, ServerBusy):
        raise
    except AuthenticationError as error:
        if route is None or not _is_gone(route):
            raise
        raise ManagerDied(f"{_where(token)} is gone; another one listens on its address now") from error
    except (OSError, EOFError) as error:
        raise ManagerDied(f"{_where(token)} cannot be reached: {error}") from error
    return _checked(link, token)


def _where(token: Token) -> str:
    pid = "" if token.route is None else f" (pid {token.route.pid})"
    return f"the manager at {describe(token.address)}{pid}"


def _is_gone(route: Route) -> bool:
    """Whether a server of this machine has certainly ended: one of another user must not be taken for dead."""
    return route.machine == machine_id() and not os.path.exists(f"/proc/{route.pid}")


def _checked(link: Link, token: Token) -> Link:
    if token.route is not None and link.server != token.route.server:
        raise ManagerDied(f"{_where(token)} is gone; another one listens on its address now")
    return link


def _before_fork() -> None:
    _lock.acquire()
    _forking[:] = [(link, link.before_fork()) for link in _links.values()]


def _after_fork_in_parent() -> None:
    for link, token in _forking:
        if token is not None:
            link.control.go_on()
    _forking.clear()
    _lock.release()


def _after_fork_in_child() -> None:
    global _lock
    _lock = threading.RLock()
    for link, token in _forking:
        link.after_fork_in_child(token)
    _forking.clear()
    _say_goodbye_at_exit()


def _say_goodbye() -> None:
    """Say that this process ends in good order.

    A child of ``multiprocessing`` comes here before its other threads have ended. What those acquire is to be given
    back if the process is killed after all, so a thread that outlives them, and is waited for as they are, says it.
    """
    ended = (threading.main_thread(), threading.current_thread())
    others = [thread for thread in threading.enumerate() if thread not in ended and not thread.daemon]
    if others:
        threading.Thread(target=_say_goodbye_after, args=(others,), name="manor-goodbye", daemon=False).start()
        return
    leave_in_order()
    for link in list(_links.values()):
        if link.ended is None:
            link.control.post(Notice(What.GOODBYE))


def _say_goodbye_after(others: list[threading.Thread]) -> None:
    for thread in others:
        thread.join()
    _say_goodbye()


def _say_goodbye_at_exit(_: object = None) -> None:
    """Register again: a forked child keeps none of its parent's finalizers."""
    util.Finalize(None, _say_goodbye, exitpriority=-100)


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
util.register_after_fork(_say_goodbye, _say_goodbye_at_exit)
_say_goodbye_at_exit()
