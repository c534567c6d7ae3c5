"""Chains that go through other servers: what is told to them, and what is known when a chain comes back.

Theory of operation. A call that leaves a chain of this server is a ``_Departure``, and has a random token as long as
the chain waits for it. The token travels in front of the call, and on in front of every call that is made to carry that
one out (see ``manor._wire.chains``). When it comes back here with a call, the thread that carries that out has a chain
that knows which one waits for it: as that of a thread that another thread of this server waits for. So ``turns`` finds
out what it finds out of threads.

Whoever stopped waiting, because of a deadline for example, has no departure any more: what comes back then waits in
line as any other call.
"""

from __future__ import annotations

import os
from typing import Final

from manor._server.whole.chains import Chain, here, lock, on_behalf_of_this_thread, task_chain
from manor._transport.addresses import describe
from manor._wire import chains
from manor._wire.chains import TOKEN_BYTES, pack_chain

__all__ = ["arrived"]


class _Departure:
    """A call to another server that a chain waits for.

    Attributes:
        head: What to send in front of it.
        chain: The chain; None when it waits no longer.
        children: Those of threads that carry out what the call came back as.
    """

    __slots__ = ("_token", "chain", "children", "head")

    def __init__(self, chain: Chain, tokens: list[bytes], text: bytes) -> None:
        self.chain: Chain | None = chain
        self.children: list[Chain] = []
        self._token = os.urandom(TOKEN_BYTES)
        self.head = pack_chain([*tokens, self._token], text)
        _departures[self._token] = self

    def end(self) -> None:
        """Note that the chain waits no longer."""
        _departures.pop(self._token, None)
        with lock:
            chain, self.chain = self.chain, None
            if chain is not None:
                for child in self.children:
                    chain.children.remove(child)


_departures: Final[dict[bytes, _Departure]] = {}
os.register_at_fork(after_in_child=_departures.clear)


class _Caller:
    """The part of a chain that came with a call.

    Attributes:
        tokens: Of the servers that it went through.
        text: What runs there, as it came.
    """

    __slots__ = ("_departures", "text", "tokens")

    def __init__(self, tokens: list[bytes], text: bytes) -> None:
        self.tokens = tokens
        self.text = text
        self._departures = [found for found in map(_departures.get, tokens) if found is not None]

    def chains(self) -> list[Chain]:
        """Return those chains of this server that wait for it."""
        found = [departure.chain for departure in self._departures]
        return [chain for chain in found if chain is not None]

    def add(self, child: Chain) -> None:
        """Note that a thread carries out the call."""
        with lock:
            for departure in self._departures:
                if departure.chain is not None:
                    departure.children.append(child)
                    departure.chain.children.append(child)

    def remove(self, child: Chain) -> None:
        """Note that it has done so."""
        with lock:
            for departure in self._departures:
                if departure.chain is not None and child in departure.children:
                    departure.children.remove(child)
                    departure.chain.children.remove(child)


class arrived:  # noqa: N801 - reads as a word in a with statement
    """In a with block this thread carries out a call that came with such a chain."""

    __slots__ = ("_caller", "_child", "_outer")

    def __init__(self, tokens: list[bytes], text: bytes) -> None:
        self._caller = _Caller(tokens, text)
        self._child = Chain(caller=self._caller)

    def __enter__(self) -> None:
        self._outer, here.chain = here.chain, self._child
        self._caller.add(self._child)

    def __exit__(self, *_: object) -> None:
        here.chain = self._outer
        self._caller.remove(self._child)


def _depart() -> _Departure | None:
    chain = here.chain
    caller = chain.caller
    if here.runs_tasks and caller is None:  # the thread waits for nobody but is waited for: by all of its tasks
        task = task_chain.get()
        caller = None if task is None else task.caller
    elif caller is None and not chain.calls:
        return None
    calls = " -> ".join([f"{turn.what}.{method} at {describe(turn.where())}" for turn, method in chain.calls]).encode(
        "utf-8", "replace"
    )
    if caller is None:
        return _Departure(chain, [], calls)
    known = _departures if chain.caller is caller else ()  # those are found by way of the chain
    tokens = [token for token in caller.tokens if token not in known]
    return _Departure(chain, tokens, b" -> ".join(filter(None, (caller.text, calls))))


# From now on calls that leave this process tell of which chain they are part.
chains.depart = _depart
chains.for_another_thread = on_behalf_of_this_thread
