"""A bare `os.fork()` with live proxies: right answers on both sides, and nobody frees what the other holds."""

import contextlib
import gc
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import Any

import pytest

from tests.conformance.children import Child, Ending, forked
from tests.conformance.probe import Probe
from tests.conformance.subjects import (
    LIMIT_S,
    MANOR,
    STANDARD_FORK,
    Subject,
    on,
    register,
    standard_library_fails,
    standard_library_left_out,
    until,
)

SHARES = "parent and child use one connection: whoever reads first gets the answer"
THREADS = 4


class Answering:
    def answer(self, question: object) -> object:
        return question


register("Answering", Answering)


@pytest.fixture
def probe(manager: Any) -> Probe:
    found: Probe = manager.Probe()
    return found


def ask(proxy: Any, name: object, count: int) -> int:
    """Ask so many questions, each of its own; return how many answers belonged to them."""
    return sum(proxy.answer((name, number)) == (name, number) for number in range(count))


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


def ends_well(child: forked) -> None:
    """See the result, and then the end, of a forked child."""
    assert child.hear() is True


# Answers


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
    before = probe.waiting()
    with ThreadPoolExecutor(1) as pool:
        got = pool.submit(items.get)
        until(lambda: probe.waiting() == before + 1)
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
    before = probe.waiting()

    def send() -> None:
        until(lambda: probe.waiting() == before + 1)
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


# Who holds what


@contextlib.contextmanager
def counted(probe: Probe) -> Iterator[None]:
    """Whatever was made in the block must be gone, soon after it."""
    gc.collect()
    before = probe.mortals()
    yield
    gc.collect()
    until(lambda: probe.mortals() == before, 2.0)


@standard_library_fails("the parent's drop frees what the child holds", on=(*MANOR, STANDARD_FORK))
def test_what_the_parent_drops_at_once_is_alive_in_the_child(subject: Subject, manager: Any, probe: Probe) -> None:
    with counted(probe):
        held = [manager.Mortal()]

        def use_later(test: Connection) -> bool:
            test.recv()
            return bool(held[0].is_alive())

        with forked(use_later) as child:
            held.clear()
            gc.collect()
            assert probe.pid()  # the drop has arrived by now
            child.tell()
            ends_well(child)


@pytest.mark.parametrize("use", ["never", "drop", "use"])
@on(*MANOR, STANDARD_FORK)
def test_what_a_child_does_frees_nothing_of_its_parents(subject: Subject, manager: Any, probe: Probe, use: str) -> None:
    with counted(probe):
        held = [manager.Mortal()]

        def do(_: Connection) -> bool:
            if use == "use":
                held[0].is_alive()
            if use != "never":
                held.clear()
                gc.collect()
            return True

        with forked(do) as child:
            ends_well(child)
        assert held[0].is_alive()
        held.clear()


@standard_library_left_out(SHARES)
def test_a_killed_child_frees_nothing_and_holds_nothing(subject: Subject, manager: Any, probe: Probe) -> None:
    with counted(probe):
        held = manager.Mortal()
        for _ in range(5):
            with forked(lambda test: test.send("lives") or test.recv()) as child, Ending(child.pid) as ending:
                assert child.hear() == "lives"
                os.kill(child.pid, signal.SIGKILL)
                assert ending.within(LIMIT_S)
        assert held.is_alive()
        del held


@standard_library_left_out(SHARES)
def test_an_orderly_end_of_a_child_frees_nothing_of_its_parents(subject: Subject, manager: Any) -> None:
    held = manager.Mortal()
    for _ in range(3):
        assert subject.run_in_child(use, held)
    assert held.is_alive()


def use(held: Any) -> bool:
    return bool(held.is_alive())


@standard_library_left_out(SHARES)
def test_what_only_a_grandchild_holds_lives_until_it_ends(subject: Subject, manager: Any, probe: Probe) -> None:
    """Its parent ends at once, and its grandparent drops."""
    with counted(probe):
        held = [manager.Mortal()]
        go_on, told = os.pipe()
        answers, answer = os.pipe()

        def beget(_: Connection) -> int:
            if (pid := os.fork()) != 0:
                return pid
            os.close(told)
            os.read(go_on, 1)
            os.write(answer, b"yes" if held[0].is_alive() else b"no")
            os._exit(0)

        with forked(beget) as parent:
            grandchild = parent.hear()
            with Ending(grandchild) as ending:
                held.clear()
                os.close(go_on)
                os.close(told)
                os.close(answer)
                with open(answers, "rb") as reader:
                    assert reader.read() == b"yes"
                assert ending.within(LIMIT_S)


@standard_library_left_out(SHARES)
def test_a_child_outlives_its_parent_who_was_killed(subject: Subject, manager: Any, probe: Probe) -> None:
    with counted(probe):
        shelf = manager.list([manager.Mortal()])
        with Child(subject.context, fork_and_wait, shelf) as parent:
            assert parent.hear() == "forked"
            del shelf[:]
            with Ending(parent.pid) as ending:
                os.kill(parent.pid, signal.SIGKILL)
                assert ending.within(LIMIT_S)
            parent.tell()
            assert parent.hear() is True  # the grandchild has the other end of the pipe, too


def fork_and_wait(test: Connection, shelf: Any) -> None:
    held = shelf[0]

    def outlive(_: Connection) -> None:
        test.send("forked")
        test.recv()
        test.send(held.is_alive())

    with forked(outlive):
        pass


@standard_library_left_out("it has no such error")
def test_a_fork_after_the_servers_end_is_no_slower_and_says_so(subject: Subject) -> None:
    with subject.manager() as manager:
        proxy = manager.Answering()
        with Ending(subject.server_pid(manager)) as server:
            os.kill(server.pid, signal.SIGKILL)
            assert server.within(LIMIT_S)
            with forked(lambda _: died(lambda: proxy.answer(1))) as child:
                ends_well(child)
            assert died(lambda: proxy.answer(1))


def died(call: Callable[[], object]) -> bool:
    try:
        call()
    except (ConnectionError, EOFError):
        return True
    return False
