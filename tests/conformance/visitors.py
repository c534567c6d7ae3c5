"""Objects that call each other from manager to manager."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import manor
from manor.managers import SyncManager
from tests.conformance.crowds import Gate
from tests.conformance.subjects import until

ENTRIES: dict[str, Callable[[Any], Any]] = {
    "method": lambda other: other.visit(),
    "attribute": lambda other: other.note,
    "attribute set": lambda other: setattr(other, "note", "set"),
    "attribute deleted": lambda other: delattr(other, "note"),
    "property": lambda other: other.seen,
    "operator": lambda other: other + 1,
    "comparison": lambda other: other < 1,
    "len": len,
    "item": lambda other: other[0],
    "call": lambda other: other(),
    "with": lambda other: other.__enter__(),
    "generator": lambda other: list(other.numbers()),
    "coroutine": lambda other: asyncio.run(other.come()),
    "getvalue": lambda other: other._getvalue(),
}
"""All the ways into an object."""


class Visitor:
    """Calls others, which may call it; `itself` is a proxy for it."""

    def __init__(self, other: Any = None) -> None:
        self.visits = 0
        self.note = "empty"
        self.outcome: Any = None
        if other is not None:
            other.visit()

    def visit(self) -> int:
        self.visits += 1
        return self.visits

    async def come(self) -> int:
        return self.visit()

    @property
    def seen(self) -> int:
        return self.visits

    def __add__(self, other: int) -> int:
        return self.visits + other

    def __lt__(self, other: int) -> bool:
        return self.visits < other

    def __len__(self) -> int:
        return self.visits

    def __getitem__(self, at: int) -> int:
        return self.visits

    def __call__(self) -> int:
        return self.visits

    def __enter__(self) -> int:
        return self.visits

    def __exit__(self, *_: object) -> None:
        pass

    def numbers(self) -> Iterator[int]:
        yield self.visits

    def call(self, *path: Any) -> Any:
        """Call the same of the first of a path, with the rest of it; the last is visited."""
        return path[0].call(*path[1:]) if len(path) > 1 else path[0].visit()

    def through(self, other: Any, entry: str, itself: Any) -> Any:
        """Have another object enter one."""
        return other.enter(entry, itself)

    def enter(self, entry: str, other: Any) -> Any:
        return ENTRIES[entry](other)

    def iterate(self, other: Any, itself: Any) -> list[int]:
        return list(other.visits_of(itself))

    def visits_of(self, other: Any) -> Iterator[int]:
        yield other.visit()

    def found_in(self, others: Any, itself: Any) -> int:
        """Call an object that is found in a container."""
        return int(others["other"].call(itself))

    def have_made(self, address: Any, authkey: bytes, itself: Any) -> Any:
        """Have an object made in another manager that visits one meanwhile."""
        manager = SyncManager(address, authkey=authkey)
        manager.connect()
        return manager.create(Visitor, itself)

    def compute(self, other: Any, itself: Any) -> int:
        """Have a coroutine visit an object, and wait for it."""
        return int(other._callmethod("visit_from_coroutine", (itself,)))

    async def visit_from_coroutine(self, other: Any) -> Any:
        await asyncio.sleep(0)
        return other.visit()

    def compute_awaiting(self, other: Any, itself: Any) -> int:
        return int(other._callmethod("await_come", (itself,)))

    async def await_come(self, other: Any) -> Any:
        return await other.come()

    async def call_now(self, other: Any, sibling: Any) -> Any:
        """Call without awaiting, so that the event loop stands still, what calls a coroutine that is to run on it."""
        return other.compute(sibling, other)

    async def await_a_call(self, other: Any, itself: Any) -> Any:
        """Await an object that visits this one meanwhile."""
        return await other.visit_from_coroutine(itself)

    def in_a_loop(self, other: Any, itself: Any) -> Any:
        """Have an event loop of its own await an object that visits this one."""
        return asyncio.run(other.visit_from_coroutine(itself))

    def have_in_a_loop(self, other: Any, third: Any, itself: Any) -> Any:
        return other.in_a_loop(third, itself)

    def call_after(self, gate: Gate, *path: Any) -> Any:
        gate.stay()
        return self.call(*path)

    def call_briefly(self, gate: Gate, other: Any) -> Any:
        gate.stay()
        with manor.deadline(0.2):
            return other.visit()

    def give_up(self, other: Any, itself: Any, gate: Gate, watch: Any) -> str:
        """Stop waiting for a call that comes back here afterwards, and stay until it waits."""
        try:
            with manor.deadline(0.1):
                other.note_call_after(gate, itself)
        except manor.CallTimeout:
            gate.let_go()
            until(lambda: watch.waiting(itself) == 1)
            return "gave up"
        return "did not wait"

    def note_call_after(self, gate: Gate, other: Any) -> None:
        gate.stay()
        self.outcome = other.visit()

    @manor.reads
    def look(self, gate: Gate | None = None) -> int:
        if gate is not None:
            gate.stay()
        return self.visits

    @manor.reads
    def look_through(self, other: Any, itself: Any, gate: Gate) -> int:
        """Be looked at by way of another object, when a gate is open."""
        gate.stay()
        return int(other.call_look(itself))

    def call_look(self, other: Any) -> int:
        return int(other.look())

    @manor.reads
    def be_visited_through(self, other: Any, itself: Any) -> Any:
        return other.call(itself)
