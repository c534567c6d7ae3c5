import queue
import random
import threading
from collections.abc import Callable

from manor._server.adapters import adapt
from manor._server.calls import Call, as_current, bury
from manor._server.waiters import wake_one
from manor._server.waiting import Abandoned, Cancellation, over, wait_on
from tests.unit.server.clients import ClientProcess, clients, watch


def test_a_cancellation_calls_what_is_added_late_at_once_and_what_is_discarded_never() -> None:
    cancellation = Cancellation()
    called: list[str] = []

    def gone() -> None:
        called.append("gone")

    cancellation.add(gone)
    cancellation.discard(gone)
    cancellation.add(lambda: called.append("in time"))
    before = cancellation.cancelled
    cancellation.cancel()
    cancellation.cancel()
    assert (before, cancellation.cancelled) == (False, True)
    cancellation.add(lambda: called.append("late"))
    assert called == ["in time", "late"]


def test_over_means_cancelled_or_dead() -> None:
    process = ClientProcess()
    call, other = Call(process, 1, Cancellation()), Call(process, 2, Cancellation())
    assert not over(None)
    assert not over(call)
    call.cancellation.cancel()
    assert over(call)
    assert not over(other)
    bury(process)
    assert over(other)


def test_wake_one_wakes_the_first_who_still_waits_without_the_lock() -> None:
    condition = threading.Condition()
    until_waiting = watch(condition)

    def wait() -> bool:
        with condition:
            return wait_on(condition)

    with clients(2) as (first, second):
        one = first.start(wait)
        until_waiting(1)
        other = second.start(wait)
        until_waiting(2)
        with condition:
            one.cancel()
            wake_one(condition)
        assert other.result() is True
        assert isinstance(one.error(), Abandoned)
    wake_one(condition)  # nobody is there


class FickleGetter:
    """Gets items until it is told to stop; some of its calls are cancelled, and some answers get lost."""

    def __init__(self, get: Callable[..., int | None], seed: float) -> None:
        self.get = get
        self.random = random.Random(seed)  # noqa: S311 - no secret
        self.received: list[int] = []
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        while True:
            call = Call(ClientProcess(), 1, Cancellation())
            try:
                item = self.try_once(call)
            except (Abandoned, queue.Empty):
                continue
            if call.cancellation.cancelled or self.random.random() < 0.1:  # the answer gets lost
                for step in reversed(call.undo):
                    step()
            elif item is None:
                return
            else:
                self.received.append(item)

    def try_once(self, call: Call) -> int | None:
        canceller = threading.Thread(target=call.cancellation.cancel)
        cancelled = self.random.random() < 0.3
        if cancelled:
            canceller.start()
        try:
            with as_current(call):
                return self.get(timeout=self.random.choice([None, None, 0.001]))
        finally:
            if cancelled:
                canceller.join()


def test_no_item_is_lost_or_doubled_when_getters_are_cancelled_at_random(rng: random.Random) -> None:
    subject: queue.Queue[int | None] = queue.Queue(maxsize=3)
    adapter = adapt(subject)
    assert adapter is not None
    get = adapter.method("get")
    assert get is not None
    getters = [FickleGetter(get, rng.random()) for _ in range(12)]
    for item in range(2_000):
        subject.put(item)
    for _ in getters:
        subject.put(None)
    for getter in getters:
        getter.thread.join(60)
        assert not getter.thread.is_alive()
    assert sorted(item for getter in getters for item in getter.received) == list(range(2_000))
    assert subject.qsize() == 0
