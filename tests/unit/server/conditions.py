"""A hosted condition, for tests."""

from collections.abc import Callable
from concurrent import futures
from typing import Any

from manor._server.primitives import Condition, Lock, RLock
from tests.unit.server.clients import LIMIT_S, Client, Pending, watch


class Room:
    """A condition, and the steps of clients that use it."""

    def __init__(self, lock: Lock | RLock | None = None) -> None:
        self.condition = Condition(lock)
        self.until_waiting = watch(self.condition._signal)

    def wait(self, client: Client, timeout: float | None = None) -> Pending[bool]:
        """Acquire, wait, and keep the lock."""
        client.run(self.condition.acquire)
        return client.start(self.condition.wait, timeout)

    def waiting(self, *them: Client) -> list[Pending[bool]]:
        pending = []
        for client in them:
            pending.append(self.wait(client))
            self.until_waiting(len(pending))
        return pending

    def notify(self, client: Client, n: int = 1) -> None:
        self.holding(client, self.condition.notify, n)

    def holding(self, client: Client, function: Callable[..., object], *args: Any) -> None:
        client.run(self.condition.acquire)
        client.run(function, *args)
        client.run(self.condition.release)

    def let_out(self, under_way: dict[Client, Pending[bool]], count: int) -> list[Client]:
        """Wait until `count` of these waits have ended, in whatever order they get the lock; each releases it then."""
        out: list[Client] = []
        while len(out) < count:
            left = {one.future: client for client, one in under_way.items() if client not in out}
            done, _ = futures.wait(left, LIMIT_S, futures.FIRST_COMPLETED)
            assert done, f"only {len(out)} of {count} ended"
            for future in done:
                left[future].run(self.condition.release)
                out.append(left[future])
        return out
