"""Module-level names of ``multiprocessing.managers`` that are no classes of managers or proxies."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final

from manor._proxy.link import Link
from manor._proxy.links import open_link
from manor._transport.addresses import Address
from manor._transport.listening import Listener, listen, listen_privately
from manor._wire.calls import SERVER
from manor.errors import RemoteError

__all__ = ["ProcessLocalSet", "convert_to_error", "dispatch", "listener_client"]


class ProcessLocalSet(set[Any]):
    """A set that is empty after a fork."""

    def __init__(self) -> None:
        super().__init__()
        self._pid = os.getpid()
        os.register_at_fork(after_in_child=self.clear)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), ()


def dispatch(c: Any, id: str | None, methodname: str, args: tuple[Any, ...] = (), kwds: Mapping[str, Any] = {}) -> Any:  # noqa: A002 - the standard library's signature
    """Call a function of a server (*id* is None) or a method of one of its objects.

    Args:
        c: An open link to a server of ours; or a connection, with ``send`` and ``recv``, to whatever answers requests
            of the standard library's form.
        id: The object, as its token names it.
        methodname: The function or method.
        args: Its arguments.
        kwds: Its arguments by keyword.
    """
    if isinstance(c, Link):
        return c.call(SERVER if id is None else int(id, 16), methodname, args, kwds)
    c.send((id, methodname, args, kwds))
    kind, result = c.recv()
    if kind == "#RETURN":
        return result
    error = convert_to_error(kind, result)
    try:
        raise error
    finally:
        del error, result  # else the error's traceback would keep the error


def convert_to_error(kind: str, result: Any) -> BaseException:
    """Return the exception of an answer in the standard library's form."""
    if kind == "#ERROR":
        if not isinstance(result, BaseException):
            raise TypeError(f"Result {result!r} (kind '{kind}') type is {type(result)}, not an exception")
        return result
    if kind in ("#TRACEBACK", "#UNSERIALIZABLE"):
        if not isinstance(result, str):
            raise TypeError(f"Result {result!r} (kind '{kind}') type is {type(result)}, not str")
        return RemoteError(result)
    return ValueError(f"Unrecognized message type {kind!r}")


def _client(serializer: str) -> Any:
    def connect(address: Address, authkey: bytes | None = None) -> Link:
        return open_link(address, authkey, serializer)

    return connect


def _listener(address: Address | None = None, backlog: int = 1) -> Listener:  # noqa: ARG001 - the standard library's signature
    return listen_privately() if address is None else listen(address)


listener_client: Final = {name: (_listener, _client(name)) for name in ("pickle", "xmlrpclib")}
