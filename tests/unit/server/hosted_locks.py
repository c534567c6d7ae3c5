"""A lock of `threading`, hosted, for tests."""

import threading
from collections.abc import Callable
from typing import Any

from manor._server.adapters import adapt
from tests.unit.server.clients import Client, Pending, watch


class Hosted:
    """A lock of `threading` as the server sees it."""

    def __init__(self, subject: Any) -> None:
        self.subject = subject
        adapter: Any = adapt(subject)
        self.adapter = adapter
        self.changed: threading.Condition = self.adapter._line._changed
        self.until_waiting = watch(self.changed)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method: Callable[..., Any] = self.adapter.method(name) or getattr(self.subject, name)
        return method

    def free(self) -> bool:
        """Whether another thread could have the lock."""
        taken: list[bool] = []

        def attempt() -> None:
            taken.append(self.subject.acquire(blocking=False))
            if taken[0]:
                self.subject.release()

        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join()
        return taken[0]

    def waiting(self, client: Client, count: int = 1) -> Pending[bool]:
        """An acquire that waits; the scout waits on the same condition only while somebody tries."""
        pending: Pending[bool] = client.start(self.acquire)
        self.until_waiting(count)
        return pending
