"""How long a client waits: the manager's timeout, the caller's deadline, and what a method was asked to wait."""

import asyncio
import threading
import time

import pytest

from manor._proxy import deadlines
from manor._proxy.auto import waits_of
from manor._proxy.deadlines import FOREVER, LOCK_WAITS, QUEUE_WAITS, Patience, Waits, deadline, patience_for

GET, PUT = QUEUE_WAITS["get"], QUEUE_WAITS["put"]
ACQUIRE = LOCK_WAITS["acquire"]
NOW = 1000.0


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: NOW)


@pytest.mark.parametrize(
    ("waits", "args", "kwds", "asked"),
    [
        (GET, (), {}, None),
        (GET, (True,), {}, None),
        (GET, (True, 5), {}, 5.0),
        (GET, (), {"timeout": 5}, 5.0),
        (GET, (), {"block": False}, 0.0),
        (GET, (False, 5), {}, 0.0),
        (GET, (True, None), {}, None),
        (PUT, ("item",), {}, None),
        (PUT, ("item", True, 5), {}, 5.0),
        (PUT, ("item", False), {}, 0.0),
        (PUT, (), {"item": 1, "timeout": 2.5}, 2.5),
        (ACQUIRE, (), {}, None),
        (ACQUIRE, (True, -1), {}, None),
        (ACQUIRE, (False,), {}, 0.0),
        (ACQUIRE, (), {"blocking": False}, 0.0),
        (ACQUIRE, (True, 5), {}, 5.0),
        (Waits(0), (), {}, None),
        (Waits(0), (3,), {}, 3.0),
        (Waits(0), (-3,), {}, 0.0),
        (Waits(0), (), {"timeout": 3}, 3.0),
        (Waits(None), (1, 2), {}, None),
    ],
)
def test_what_a_method_was_asked_to_wait(
    waits: Waits, args: tuple[object, ...], kwds: dict[str, object], asked: float | None
) -> None:
    assert deadlines.asked_wait(waits, args, kwds) == asked


def test_without_bounds_there_is_no_limit() -> None:
    assert patience_for(None, GET, (), {}) is FOREVER


def test_a_timeout_bounds_the_silence_on_top_of_what_was_asked() -> None:
    assert patience_for(1.0, None, (), {}) == Patience(1.0, ping=False)
    assert patience_for(1.0, GET, (True, 5), {}) == Patience(6.0, ping=False)


def test_a_wait_without_limit_goes_on_while_the_server_answers_pings() -> None:
    assert patience_for(1.0, GET, (), {}) == Patience(1.0, ping=True)


def test_a_deadline_ends_a_wait_without_limit() -> None:
    with deadline(3):
        assert patience_for(None, GET, (), {}) == Patience(3.0, ping=False)
        assert patience_for(None, None, (), {}) == Patience(3.0, ping=False)
        assert patience_for(None, GET, (True, 5), {}) == Patience(8.0, ping=False)
    assert patience_for(None, GET, (), {}) is FOREVER


def test_of_timeout_and_deadline_the_earlier_one_counts() -> None:
    with deadline(3):
        assert patience_for(1.0, None, (), {}) == Patience(1.0, ping=False)
        assert patience_for(5.0, None, (), {}) == Patience(3.0, ping=False)
        assert patience_for(5.0, GET, (), {}) == Patience(3.0, ping=False)


def test_of_nested_deadlines_the_earlier_one_counts_and_the_outer_one_comes_back() -> None:
    with deadline(3):
        with deadline(9):
            assert patience_for(None, None, (), {}).seconds == 3.0
        with deadline(1):
            assert patience_for(None, None, (), {}).seconds == 1.0
        assert patience_for(None, None, (), {}).seconds == 3.0


def test_a_deadline_that_has_passed_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with deadline(3):
        monkeypatch.setattr(time, "monotonic", lambda: NOW + 10)
        assert patience_for(None, None, (), {}).seconds == 0.0
        assert deadlines.within_deadline(5.0) == 0.0


def test_a_deadline_ends_with_its_block_also_by_an_exception() -> None:
    with pytest.raises(KeyError), deadline(1):
        raise KeyError
    assert patience_for(None, None, (), {}) is FOREVER
    assert deadlines.within_deadline(5.0) == 5.0


def test_a_deadline_belongs_to_one_thread() -> None:
    found: list[Patience] = []
    with deadline(1):
        thread = threading.Thread(target=lambda: found.append(patience_for(None, None, (), {})))
        thread.start()
        thread.join()
    assert found == [FOREVER]


def test_a_deadline_belongs_to_one_task() -> None:
    async def other(started: asyncio.Event) -> Patience:
        await started.wait()
        return patience_for(None, None, (), {})

    async def main() -> Patience:
        started = asyncio.Event()
        task = asyncio.create_task(other(started))
        with deadline(1):
            started.set()
            return await task

    assert asyncio.run(main()) == FOREVER


@pytest.mark.parametrize("seconds", [-1, -1e-9, float("nan")])
def test_a_deadline_in_the_past_is_a_mistake(seconds: float) -> None:
    with pytest.raises(ValueError, match="zero or more seconds"), deadline(seconds):
        pass


@pytest.mark.parametrize(
    ("methods", "waiting"),
    [
        (("get", "put", "task_done", "join"), {"get", "put", "join"}),
        (("get", "put", "empty"), {"get", "put", "join"}),
        (("acquire", "release"), {"acquire", "acquire_noting_death"}),
        (("get", "wait", "ready", "successful"), {"get", "wait"}),
        (("wait", "set"), {"wait"}),
        (("get", "set"), set()),
        (("append", "pop"), set()),
    ],
)
def test_methods_that_wait_are_known_by_their_company(methods: tuple[str, ...], waiting: set[str]) -> None:
    assert set(waits_of(methods)) == waiting
