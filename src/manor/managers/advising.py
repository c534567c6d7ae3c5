"""What managers say to whoever uses them otherwise than they can be used: what is wrong, and what to write instead."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from multiprocessing import ProcessError, context
from typing import TYPE_CHECKING, Any, ClassVar, Final

from manor._transport.addresses import Address

__all__ = ["Advising", "State", "explained_connection", "refuse_key"]

_NOT_STARTED: Final = "call start(), or use the manager in a `with` block; manor.Manager() returns one that runs"


class State:
    """Where a manager is in its life."""

    __slots__ = ("value",)
    INITIAL = 0
    STARTED = 1
    SHUTDOWN = 2

    def __init__(self) -> None:
        self.value: int = State.INITIAL


class Advising:
    """What is not there, or not yet, or not any more."""

    _registry: ClassVar[dict[str, tuple[Any, Any, Any, Any]]] = {}
    if TYPE_CHECKING:
        _state: State
    else:

        def __getattr__(self, name: str) -> Any:
            advice = "" if name.startswith("__") else _about(type(self), name)
            text = f"{type(self).__name__!r} object has no attribute {name!r}{advice}"
            raise AttributeError(text, name=name, obj=self)

    def _refuse_unless_initial(self) -> None:
        if self._state.value == State.STARTED:
            raise ProcessError(
                "Already started server: a manager is started once, by start(), a `with` block or manor.Manager()"
            )
        if self._state.value == State.SHUTDOWN:
            raise ProcessError("Manager has shut down: make a new one")

    def _not_started(self) -> AssertionError:
        return AssertionError(f"server not yet started: {_NOT_STARTED}")

    # Travelling: a manager that has only connected may, to a process that is being started

    def __getstate__(self) -> dict[str, Any]:
        if context.get_spawning_popen() is None or "shutdown" in vars(self):
            raise TypeError(
                f"cannot pickle {type(self).__name__!r} object: a manager is not shared, its proxies are. "
                f"Pass those (manager.dict(), ...); or make a manager with the same address and authkey over there, "
                f"and connect() it"
            )
        return {**vars(self), "_link": None}

    def __copy__(self) -> Any:
        made = type(self).__new__(type(self))
        vars(made).update(vars(self))
        return made


def _about(manager: type[Advising], name: str) -> str:
    if name in ("shutdown", "_process"):
        return f": it has started no server; {_NOT_STARTED}"
    if name.startswith("_"):
        return ""
    if name in manager._registry:
        return f", since that type is registered with create_method=False: {manager.__name__}.register({name!r}, ...)"
    return (
        f": no type of that name is registered, and a manager has none of its own. "
        f"Before it starts: {manager.__name__}.register({name!r}, ...)"
    )


def refuse_key(authkey: object) -> None:
    """Refuse a key that is no bytes.

    Raises:
        TypeError: It is text.
    """
    if isinstance(authkey, str):
        raise TypeError("authkey must be bytes, not str: write authkey=b'...', or encode it")


@contextlib.contextmanager
def explained_connection(address: Address) -> Iterator[None]:
    """Say in what connecting to *address* raises, inside, who is missing there."""
    try:
        yield
    except (ConnectionRefusedError, FileNotFoundError, socket.gaierror) as error:
        if error.errno is None:
            raise
        where = f"no manager listens at {address!r}: start its server first, or correct the address"
        text = f"{error.strerror}: {where}{_about_address(address)}"
        raise type(error)(error.errno, text) from error


def _about_address(address: Address) -> str:
    if not isinstance(address, str):
        return ""
    host, _, port = address.rpartition(":")
    return f". One of the network is a pair: ({host!r}, {port})" if host and port.isdecimal() else ""
