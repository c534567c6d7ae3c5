"""A wait that is interrupted leaves to whoever waits behind it what it would have been woken for.

Each test runs in a child, whose main thread gets the signals.
"""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.conformance.cases import each
from tests.conformance.interruptions import Interrupted, interrupting
from tests.conformance.probe import Probe, newly_waiting
from tests.conformance.subjects import LIMIT_S, Subject, until

ROUNDS = 3


def wait_in(condition: Any) -> None:
    with condition:
        condition.wait()


def notify(condition: Any) -> None:
    with condition:
        condition.notify()


Step = Callable[[Any], object]
TAKEN: tuple[Step, Step, Step] = (lambda lock: lock.acquire(), lambda lock: lock.acquire(), lambda lock: lock.release())
QUEUED: tuple[Step, Step, Step] = (lambda _: None, lambda items: items.get(), lambda items: items.put("one"))
NOTIFIED: tuple[Step, Step, Step] = (lambda _: None, wait_in, notify)
STEPS = {
    "Queue": QUEUED,
    "interrupted_queue": QUEUED,
    "Lock": TAKEN,
    "Semaphore": TAKEN,
    "BoundedSemaphore": TAKEN,
    "Condition": NOTIFIED,
}
"""For each kind how it comes that one has to wait, the wait, and what ends one wait."""


def interrupt_the_first_in_line(probe: Probe, thing: Any, kind: str) -> None:
    take, wait, give = STEPS[kind]
    for _ in range(ROUNDS):
        behind = threading.Thread(target=wait, args=(thing,), daemon=True)

        def line_up(behind: threading.Thread = behind) -> None:
            before = probe.waiters()
            behind.start()
            until(lambda: newly_waiting(probe, before) == 1)

        take(thing)
        with interrupting(probe, before=line_up), pytest.raises(Interrupted):
            wait(thing)
        giver = threading.Thread(target=give, args=(thing,))  # the interrupted one is not heard of again
        giver.start()
        giver.join()
        behind.join(LIMIT_S / 2)
        assert not behind.is_alive(), "whoever waited behind still does"
        if STEPS[kind] is TAKEN:
            thing.release()


@each(STEPS, everywhere=[*STEPS][1:])  # elsewhere the next call hangs
def test_the_next_in_line_is_woken(subject: Subject, manager: Any, kind: str) -> None:
    probe: Probe = manager.Probe()
    subject.run_in_child(interrupt_the_first_in_line, probe, getattr(manager, kind)(), kind)
