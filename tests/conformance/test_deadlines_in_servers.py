"""`manor.deadline()` in a method that runs in the server bounds its waits there, which take nothing then."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import manor
from tests.conformance.subjects import LIMIT_S, MANOR_FORK, MANOR_SERVED, MANOR_TCP, Subject, on, until

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

    def get_within(self, seconds: float, queue: Any) -> Any:
        with manor.deadline(seconds):
            return queue.get()

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


@on(MANOR_FORK, MANOR_SERVED, MANOR_TCP)
def test_a_deadline_may_be_longer_than_any_wait(subject: Subject, manager: Any) -> None:
    waiting, queue = manager.options(concurrency="threads").create(Waiting), manager.Queue()
    with ThreadPoolExecutor(1) as pool:
        getting = pool.submit(waiting.get_within, 1e12, queue)
        until(lambda: bool(queue.waiters))
        queue.put("came")
        assert getting.result(LIMIT_S) == "came"
