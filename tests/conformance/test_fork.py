"""A bare `os.fork()` with live proxies, while threads are in mid-call: right answers on both sides."""

import contextlib
import gc
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.conformance.answering import SHARES, ask, ends_well
from tests.conformance.children import forked
from tests.conformance.probe import Probe, newly_waiting
from tests.conformance.subjects import (
    LIMIT_S,
    Subject,
    standard_library_left_out,
    until,
)

THREADS = 4


@pytest.fixture
def probe(manager: Any) -> Probe:
    found: Probe = manager.Probe()
    return found


def ask_in_threads(proxy: Any, name: str, count: int) -> int:
    with ThreadPoolExecutor(THREADS) as pool:
        return sum(pool.map(lambda thread: ask(proxy, (name, thread), count // THREADS), range(THREADS)))


@contextlib.contextmanager
def asking(proxy: Any, threads: int = THREADS) -> Iterator[None]:
    """Threads that ask all the time; each must get its own answers only."""
    stop, wrong = threading.Event(), []

    def keep_asking(name: int) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            if (answer := proxy.answer((name, number))) != (name, number):
                wrong.append((name, number, answer))

    workers = [threading.Thread(target=keep_asking, args=(name,)) for name in range(threads)]
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        stop.set()
        for worker in workers:
            worker.join()
    assert wrong == []


def check_both_sides(proxy: Any, count: int) -> None:
    with asking(proxy), forked(lambda _: ask_in_threads(proxy, "child", count)) as child:
        assert ask_in_threads(proxy, "parent", count) == count
        assert child.hear() == count


@standard_library_left_out(SHARES)
def test_both_sides_get_their_own_answers_while_threads_are_in_mid_call(subject: Subject, manager: Any) -> None:
    check_both_sides(manager.Answering(), 2_000)


@pytest.mark.stress
@pytest.mark.timeout(1200)
@standard_library_left_out(SHARES)
def test_both_sides_get_100_000_answers_each_while_threads_are_in_mid_call(subject: Subject, manager: Any) -> None:
    check_both_sides(manager.Answering(), 100_000)


@standard_library_left_out(SHARES)
def test_many_children_forked_at_any_moment_of_the_threads_calls_get_their_own_answers(
    subject: Subject, manager: Any
) -> None:
    proxy = manager.Answering()
    with asking(proxy):
        for number in range(20):
            with forked(lambda _, number=number: ask(proxy, number, 20) == 20) as child:  # type: ignore[misc]
                assert ask(proxy, "parent", 20) == 20
                ends_well(child)


@standard_library_left_out(SHARES)
def test_grandchildren_get_their_own_answers(subject: Subject, manager: Any) -> None:
    proxy = manager.Answering()

    def beget(generation: int) -> bool:
        if generation == 0:
            return ask(proxy, generation, 50) == 50
        with forked(lambda _: beget(generation - 1)) as child:
            mine = ask(proxy, generation, 50) == 50
            return mine and child.hear() is True

    with asking(proxy):
        assert beget(4)


@standard_library_left_out(SHARES)
def test_a_thread_that_is_not_the_main_one_may_fork(subject: Subject, manager: Any) -> None:
    proxy = manager.Answering()

    def fork() -> tuple[int, Any]:
        with forked(lambda _: ask(proxy, "child", 100)) as child:
            return ask(proxy, "parent", 100), child.hear()

    with asking(proxy), ThreadPoolExecutor(1) as pool:
        assert pool.submit(fork).result(LIMIT_S) == (100, 100)


@standard_library_left_out(SHARES)
def test_two_threads_may_fork_at_the_same_time(subject: Subject, manager: Any) -> None:
    proxy = manager.Answering()

    def fork(name: int) -> bool:
        with forked(lambda _: ask(proxy, name, 50) == 50) as child:
            return child.hear() is True

    with ThreadPoolExecutor(THREADS) as pool:
        assert all(pool.map(fork, range(12), timeout=LIMIT_S))


@standard_library_left_out("the child waits for the parent's answers, and takes them")
def test_a_child_may_call_while_its_parents_main_thread_waits(subject: Subject, manager: Any, probe: Probe) -> None:
    items, proxy = manager.Queue(), manager.Answering()
    before = probe.waiters()
    with ThreadPoolExecutor(1) as pool:
        got = pool.submit(items.get)
        until(lambda: newly_waiting(probe, before) == 1)
        with forked(lambda _: items.put("from the child") or ask(proxy, "child", 100)) as child:
            assert child.hear() == 100
            assert got.result(LIMIT_S) == "from the child"


@standard_library_left_out(SHARES)
def test_a_fork_in_the_middle_of_a_call_of_the_same_thread(subject: Subject, manager: Any) -> None:
    proxy = manager.Answering()

    class ForksWhenPickled:
        child: forked

        def __reduce__(self) -> tuple[type[str], tuple[str]]:
            self.child = forked(lambda _: ask(proxy, "child", 20))
            return str, ("pickled",)

    argument = ForksWhenPickled()
    assert proxy.answer(argument) == "pickled"
    with argument.child as child:
        assert child.hear() == 20
    assert ask(proxy, "parent", 20) == 20


@standard_library_left_out(SHARES)
def test_a_fork_in_a_signal_handler_in_the_middle_of_a_call(subject: Subject, manager: Any, probe: Probe) -> None:
    assert subject.run_in_child(fork_in_handler, probe, manager.Event(), manager.Answering())


def fork_in_handler(probe: Probe, event: Any, proxy: Any) -> bool:
    answers = []

    def handle(*_: object) -> None:
        with forked(lambda _: ask(proxy, "child", 20)) as child:
            answers.append(child.hear())
        event.set()

    signal.signal(signal.SIGALRM, handle)
    before = probe.waiters()

    def send() -> None:
        until(lambda: newly_waiting(probe, before) == 1)
        os.kill(os.getpid(), signal.SIGALRM)

    thread = threading.Thread(target=send)
    thread.start()
    assert event.wait(LIMIT_S)
    thread.join()
    return answers == [20]


@standard_library_left_out(SHARES)
def test_a_fork_while_finalizers_drop_proxies(subject: Subject, manager: Any, probe: Probe) -> None:
    proxy, shelf, stop = manager.Answering(), manager.list([manager.Mortal() for _ in range(5)]), threading.Event()

    def litter() -> None:
        while not stop.is_set():
            cycle: list[Any] = [shelf[0], shelf[1], shelf[2]]
            cycle.append(cycle)
            del cycle
            gc.collect(0)

    thread = threading.Thread(target=litter)
    thread.start()
    try:
        for number in range(8):
            with forked(lambda _, number=number: use_and_drop(proxy, shelf, number)) as child:  # type: ignore[misc]
                assert use_and_drop(proxy, shelf, "parent")
                ends_well(child)
    finally:
        stop.set()
        thread.join()
    assert [inner.is_alive() for inner in shelf] == [True] * 5


def use_and_drop(proxy: Any, shelf: Any, name: object) -> bool:
    for number in range(5):
        assert shelf[number].is_alive()
    gc.collect()
    return ask(proxy, name, 5) == 5
