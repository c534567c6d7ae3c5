"""Classes whose objects many call at once, and what tells a test who waits."""

import asyncio
import threading
from typing import Any

import manor
from tests.conformance.subjects import LIMIT_S


class Tally:
    """Counts without a lock of its own."""

    def __init__(self) -> None:
        self.value = 0
        self.pair = [0, 0]

    def increment(self) -> int:
        value = self.value
        for _ in range(20):  # where threads may switch
            pass
        self.value = value + 1
        return self.value

    def increase(self, times: int) -> None:
        for _ in range(times):
            self.increment()

    def set_pair(self, number: int) -> None:
        self.pair[0] = number
        for _ in range(20):
            pass
        self.pair[1] = number

    def both(self) -> list["Slow"]:
        return [Slow(self.pair, 0), Slow(self.pair, 1)]

    def __lt__(self, other: "Tally") -> bool:
        return self.value < other.value


class Slow:
    """Looks at a list only when it is pickled."""

    def __init__(self, pair: list[int], at: int) -> None:
        self.pair = pair
        self.at = at

    def __reduce__(self) -> tuple[Any, ...]:
        return int, (self.pair[self.at],)


class Gate:
    """Tells who is inside, and keeps them there; to be created with threads."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.open = threading.Event()

    def stay(self) -> None:
        self.entered.release()
        assert self.open.wait(LIMIT_S)

    def await_one(self) -> None:
        assert self.entered.acquire(timeout=LIMIT_S)

    def let_go(self) -> None:
        self.open.set()


class Room:
    """What is done here may be told to stay."""

    def __init__(self) -> None:
        self.visits = 0
        self.note = "empty"

    def visit(self, gate: Gate | None = None) -> int:
        self.visits += 1
        if gate is not None:
            gate.stay()
        return self.visits

    @manor.reads
    def look(self, gate: Gate | None = None) -> int:
        if gate is not None:
            gate.stay()
        return self.visits

    @property
    @manor.reads
    def seen(self) -> int:
        return self.visits

    def call(self, other: Any, *path: Any) -> Any:
        """Call the same of another room, and so on to the last, which is visited."""
        return other.call(*path) if path else other.visit()

    def call_after(self, gate: Gate, other: "Room") -> int:
        gate.stay()
        return other.visit()

    @manor.reads
    def look_through(self, other: "Room") -> int:
        return other.look()

    def compute(self, other: "Sleeper") -> Any:
        """Call a coroutine of another object and wait for it."""
        return other._callmethod("call", (self.itself,))  # type: ignore[attr-defined]

    def await_call(self, *calls: Any) -> list[Any]:
        """Have calls made by an event loop of its own."""

        async def all_of_them() -> list[Any]:
            return await asyncio.gather(*(sleeper.call(room) for sleeper, room in calls))

        return asyncio.run(all_of_them())

    itself: Any = None


class Sleeper:
    """Coroutines."""

    def __init__(self) -> None:
        self.value = 0
        self.log: list[str] = []
        self.come = asyncio.Event()
        self.inside = 0

    async def add(self, amount: int = 1) -> int:
        value = self.value
        for _ in range(20):
            pass
        self.value = value + amount
        await asyncio.sleep(0)
        return self.value

    def add_now(self) -> None:
        value = self.value
        for _ in range(20):
            pass
        self.value = value + 1

    async def wait(self) -> str:
        self.inside += 1
        await self.come.wait()
        return "came"

    async def set(self) -> None:
        self.come.set()

    async def forever(self) -> None:
        self.log.append("begun")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.log.append("cancelled")
            await asyncio.sleep(0)
            self.log.append("ended")
            raise

    async def stubborn(self) -> str:
        self.log.append("begun")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "not me"
        return "never"

    async def fail(self) -> None:
        await asyncio.sleep(0)
        raise ValueError("in a coroutine")

    async def account(self) -> manor.Proxied[Tally]:
        return Tally()

    async def call(self, other: Room) -> int:
        await asyncio.sleep(0)
        return other.visit()

    async def relay(self, other: "Sleeper") -> int:
        return await other.add()

    def relay_now(self, relay: Any, itself: Any) -> Any:
        """Have another object's coroutine call this one, and wait for it."""
        return relay._callmethod("relay", (itself,))

    async def __aenter__(self) -> "Sleeper":
        return self

    async def __aexit__(self, *_: object) -> None:
        self.log.append("left")


class Ticks:
    """An asynchronous iterator."""

    def __init__(self, count: int) -> None:
        self.left = count

    def __aiter__(self) -> "Ticks":
        return self

    async def __anext__(self) -> int:
        await asyncio.sleep(0)
        if not self.left:
            raise StopAsyncIteration
        self.left -= 1
        return self.left


class Watch:
    """Looks at turns from inside the server; to be created with threads."""

    def waiting(self, proxy: Any) -> int:
        """How many stand in line for an object."""
        return len(proxy._link.dispatcher.find(proxy._ident).whole.turn._line)

    def is_free(self, proxy: Any) -> bool:
        return not proxy._link.dispatcher.find(proxy._ident).whole.turn._holding()
