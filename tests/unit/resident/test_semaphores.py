"""Semaphores in the arena: what they do beyond those of `threading`."""

import os
import signal
import threading
from collections.abc import Callable
from typing import Any

import pytest

from manor import _native
from manor._resident.semaphores import BoundedSemaphore, Semaphore
from manor.errors import NotPicklable, OwnerDiedWarning
from tests.conformance.subjects import until
from tests.unit.resident.arenas import killed


def free(semaphore: Any) -> int:
    return int(semaphore._count())


def test_a_plain_semaphore_keeps_the_permits_that_a_killed_process_acquired(arena: _native.Arena) -> None:
    signals = Semaphore.create(arena, 2)
    killed(arena, signals.acquire)
    assert arena.sweep_dead() == 1
    assert free(signals) == 1
    assert not signals.owner_died


@pytest.mark.parametrize("sweeps", [False, True])
@pytest.mark.parametrize(
    "make",
    [
        lambda arena: (Semaphore.create(arena, 1, release_on_death=True), "acquire"),
        lambda arena: (Semaphore.create(arena, 1), "__enter__"),
        lambda arena: (BoundedSemaphore.create(arena, 1), "acquire"),
    ],
    ids=["option", "with", "bounded"],
)
def test_what_is_no_signal_comes_back_from_a_killed_process(
    arena: _native.Arena, make: Callable[[_native.Arena], tuple[Any, str]], sweeps: bool
) -> None:
    semaphore, method = make(arena)
    pid = killed(arena, getattr(semaphore, method))
    if sweeps:
        arena.sweep_dead()
    with pytest.warns(OwnerDiedWarning, match=str(pid)):
        assert semaphore.acquire(True, 10)
    assert semaphore.owner_died
    semaphore.release()
    assert not semaphore.owner_died
    assert semaphore.acquire(False)


@pytest.mark.filterwarnings("error::manor.errors.OwnerDiedWarning")
@pytest.mark.parametrize("method", ["acquire", "__enter__"])
def test_a_warning_that_is_an_error_leaves_the_permit(arena: _native.Arena, method: str) -> None:
    semaphore = BoundedSemaphore.create(arena, 1)
    killed(arena, semaphore.acquire)
    with pytest.raises(OwnerDiedWarning):
        getattr(semaphore, method)()
    assert free(semaphore) == 1


def test_who_waits_is_known_in_the_order_of_coming(arena: _native.Arena) -> None:
    semaphore = Semaphore.create(arena, 0)
    threads = []
    for number in range(3):
        threads.append(threading.Thread(target=semaphore.acquire))
        threads[-1].start()
        until(lambda number=number: len(semaphore.waiters) == number + 1)  # type: ignore[misc]
    assert [waiter.thread for waiter in semaphore.waiters] == [thread.native_id for thread in threads]
    assert {waiter.pid for waiter in semaphore.waiters} == {os.getpid()}
    semaphore.release(2)
    for thread in threads[:2]:
        thread.join()
    assert repr(semaphore) == "<Semaphore, value 0, 1 waiting>"
    semaphore.release()
    threads[2].join()


@pytest.mark.parametrize("make", [Semaphore.create, BoundedSemaphore.create], ids=["plain", "bounded"])
def test_many_threads_have_permits_and_none_is_lost(arena: _native.Arena, make: Callable[..., Any]) -> None:
    semaphore = make(arena, 20)
    inside, all_inside = threading.Barrier(21), threading.Event()

    def work() -> None:
        with semaphore:
            inside.wait()
            all_inside.wait()

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    inside.wait()
    assert semaphore.locked()
    all_inside.set()
    for thread in threads:
        thread.join()
    assert free(semaphore) == 20


def test_a_signal_handler_that_raises_ends_a_wait_and_takes_nothing(arena: _native.Arena) -> None:
    semaphore = Semaphore.create(arena, 0)

    def interrupt() -> None:
        until(lambda: len(semaphore.waiters) == 1)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    with pytest.raises(KeyboardInterrupt):
        thread.start()
        semaphore.acquire()
    thread.join()
    assert semaphore.waiters == []
    semaphore.release()
    assert free(semaphore) == 1


def test_impossible_numbers_of_permits_are_refused(arena: _native.Arena) -> None:
    with pytest.raises(ValueError, match="initial value must be >= 0"):
        Semaphore.create(arena, -1)
    with pytest.raises(OverflowError):
        Semaphore.create(arena, 2**62)
    with pytest.raises(TypeError):
        Semaphore.create(arena, 1.5)  # type: ignore[arg-type]
    semaphore = Semaphore.create(arena, 2**62 - 1)
    with pytest.raises(OverflowError):
        semaphore.release()
    with pytest.raises(ValueError, match="n must be one or more"):
        semaphore.release(0)
    with pytest.raises(NotPicklable):
        semaphore._getvalue()
