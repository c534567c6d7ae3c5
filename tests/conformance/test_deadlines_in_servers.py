"""`manor.deadline()` in a method that runs in the server bounds its waits there, which take nothing then."""

from collections.abc import Callable
from typing import Any

import pytest

import manor
from tests.conformance.subjects import MANOR_FORK, MANOR_SERVED, MANOR_TCP, Subject, on

SECONDS = 0.05
WAITS: dict[str, Callable[[Any], Any]] = {
    "Queue": lambda queue: queue.get(),
    "Lock": lambda lock: lock.acquire(),
    "Semaphore": lambda semaphore: semaphore.acquire(),
    "Event": lambda event: event.wait(),
    "Condition": lambda condition: condition.wait(),
}


class Waiting:
    """Waits for others, in the server."""

    def wait(self, name: str, thing: Any) -> str:
        try:
            with manor.deadline(SECONDS):
                if name == "Condition":
                    with thing:
                        thing.wait()
                else:
                    WAITS[name](thing)
        except manor.CallTimeout:
            return "nothing came"
        return "it came"


@on(MANOR_FORK, MANOR_SERVED, MANOR_TCP)
@pytest.mark.parametrize("name", WAITS)
def test_a_wait_in_the_server_ends_with_the_methods_deadline(subject: Subject, manager: Any, name: str) -> None:
    waiting = manager.options(concurrency="threads").create(Waiting)
    thing = manager.Semaphore(0) if name == "Semaphore" else getattr(manager, name)()
    if name == "Lock":
        thing.acquire()
    assert waiting.wait(name, thing) == "nothing came"
    assert waiting.wait(name, thing) == "nothing came"
    if name == "Queue":
        thing.put("kept")
        assert thing.get(timeout=9) == "kept"
    elif name in ("Lock", "Semaphore"):
        thing.release()
        assert waiting.wait(name, thing) == "it came"
    elif name == "Event":
        thing.set()
        assert waiting.wait(name, thing) == "it came"
    else:
        with thing:
            thing.notify()
