import queue
import random
import threading

from manor._server.adapters import adapt
from manor._server.calls import Call, as_current, bury
from manor._server.waiting import Abandoned, Cancellation, over
from tests.unit.server.clients import (
    ClientProcess,
)


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


def test_no_item_is_lost_or_doubled_when_getters_are_cancelled_at_random(rng: random.Random) -> None:
    items, getters = 2_000, 12
    subject: queue.Queue[int | None] = queue.Queue(maxsize=3)
    adapter = adapt(subject)
    assert adapter is not None
    get = adapter.method("get")
    assert get is not None
    received: list[int] = []
    seeds = [rng.random() for _ in range(getters)]

    def get_for_ever(seed: float) -> None:
        mine = random.Random(seed)  # noqa: S311 - no secret
        while True:
            call = Call(ClientProcess(), 1, Cancellation())
            fate = mine.random()
            canceller = threading.Thread(target=call.cancellation.cancel) if fate < 0.3 else None
            if canceller:
                canceller.start()
            try:
                with as_current(call):
                    item = get(timeout=mine.choice([None, None, 0.001]))
            except (Abandoned, queue.Empty):
                continue
            finally:
                if canceller:
                    canceller.join()
            if call.cancellation.cancelled or fate > 0.9:  # the answer gets lost
                for step in reversed(call.undo):
                    step()
                continue
            if item is None:
                return
            received.append(item)

    threads = [threading.Thread(target=get_for_ever, args=(seed,), daemon=True) for seed in seeds]
    for thread in threads:
        thread.start()
    for item in range(items):
        subject.put(item)
    for _ in threads:
        subject.put(None)
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert sorted(received) == list(range(items))
    assert subject.qsize() == 0
