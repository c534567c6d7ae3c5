"""The turns that each thread of the server has."""

from __future__ import annotations

import contextvars
import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol

from manor._wire.chains import readable

if TYPE_CHECKING:
    from manor._server.whole.turns import Turn

__all__ = ["Caller", "Chain", "chain_here", "here", "lock", "on_behalf_of_this_thread", "task_chain"]

lock: Final = threading.RLock()
"""Of all that is in this package. Re-entrant: a finalizer may run anywhere, and cancel a call or make one."""

os.register_at_fork(before=lock.acquire, after_in_parent=lock.release, after_in_child=lock.release)


class Caller(Protocol):
    """The part of a chain that is in other servers."""

    @property
    def tokens(self) -> list[bytes]:
        """Of the servers that it went through."""

    @property
    def text(self) -> bytes:
        """What runs there, as it came."""

    def chains(self) -> list[Chain]:
        """Return those chains of this server that wait for it."""


class Chain:
    """The turns that a thread has.

    Attributes:
        calls: What runs in each of them, the outermost first.
        waits_for: The turn that the thread stands in line for, or None.
        parent: That of a thread that waits for this one, or None.
        caller: The part of it that is in other servers, or None.
        children: Those of threads that this one waits for.
    """

    __slots__ = ("caller", "calls", "children", "parent", "waits_for")

    def __init__(self, parent: Chain | None = None, caller: Caller | None = None) -> None:
        self.calls: list[tuple[Turn, str]] = [] if parent is None else parent.calls[:]
        self.parent = parent
        self.caller: Caller | None = caller if parent is None else parent.caller
        self.children: list[Chain] = []
        self.waits_for: Turn | None = None

    def waiting(self) -> set[Chain]:
        """Return those of threads that wait for this one."""
        found: set[Chain] = set()
        left = [self]
        while left:
            chain = left.pop()
            if chain.parent is not None:
                left.append(chain.parent)
                found.add(chain.parent)
            elif chain.caller is not None:
                new = set(chain.caller.chains()) - found
                left.extend(new)
                found |= new
        return found

    def waits(self) -> list[tuple[Chain, Turn]]:
        """Return what this thread, and those that it waits for, stand in line for."""
        own = [] if self.waits_for is None else [(self, self.waits_for)]
        return own + [wait for child in self.children for wait in child.waits()]

    def names(self) -> list[str]:
        """Return what runs, in words."""
        own = [f"{turn.what}.{method}" for turn, method in self.calls]
        return own if self.caller is None or not self.caller.text else [readable(self.caller.text), *own]


class _Here(threading.local):
    runs_tasks = False

    def __init__(self) -> None:
        self.chain = Chain()


here: Final = _Here()
"""Its ``chain`` is that of the current thread; ``runs_tasks`` is true in the thread of the event loop."""

task_chain: Final[contextvars.ContextVar[Chain | None]] = contextvars.ContextVar("manor_task_chain", default=None)
"""The chain of the current task; its thread runs others meanwhile, so that of the thread says nothing of it."""


def _forget() -> None:
    """In a forked child: nobody waits for what it does, as far as is known."""
    here.chain, here.runs_tasks = Chain(), False
    task_chain.set(None)


os.register_at_fork(after_in_child=_forget)


def on_behalf_of_this_thread(function: Callable[[], Any]) -> Callable[[], Any]:
    """Return *function* for another thread, for whose end this one is going to wait."""
    chain = task_chain.get() if here.runs_tasks else here.chain
    if chain is None or not (here.runs_tasks or chain.calls or chain.caller):
        return function

    def run() -> Any:
        child = Chain(chain)
        outer, here.chain = here.chain, child
        with lock:
            chain.children.append(child)
        try:
            return function()
        finally:
            here.chain = outer
            with lock:
                chain.children.remove(child)

    return run


def chain_here() -> Chain:
    """Return the chain of this thread."""
    return here.chain
