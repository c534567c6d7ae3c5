"""``manager.stats()``: what it counts, and that it needs no server where the arena is mapped."""

import os
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from tests.conformance.children import Child
from tests.conformance.subjects import MANOR_FORK, MANOR_SPAWN, until

METHODS = 1_000


def count_up(test: Connection, d: Any) -> None:
    for number in range(METHODS):
        d["child"] = number
    test.send("counted")
    test.recv()


def operations_of(manager: Any, work: Callable[[], object]) -> int:
    before: int = manager.stats()["operations"]
    work()
    after: int = manager.stats()["operations"]
    return after - before


def test_each_method_counts_as_an_operation_in_whatever_process() -> None:
    with MANOR_SPAWN.manager() as manager:
        d, x, value = manager.dict(a=1), manager.list([1, 2]), manager.Value("i", 3)
        for work in (
            lambda: d["a"], lambda: d.get("b"), lambda: d.__setitem__("a", 2), lambda: "a" in d, lambda: len(d),
            lambda: x[0], lambda: x.append(1), x.pop, lambda: value.value,
        ):  # fmt: skip
            assert operations_of(manager, work) == 1
        with Child(MANOR_SPAWN.context, count_up, d) as child:
            assert child.hear() == "counted"
            alive = manager.stats()
            child.kill()
            until(lambda: manager.stats()["slots"] == alive["slots"] - 1)
        after = manager.stats()
        assert after["operations"] == alive["operations"] >= METHODS
        assert (alive["sweeps"], after["sweeps"]) == (0, 1)


def test_threads_of_one_process_lose_no_count() -> None:
    with MANOR_FORK.manager() as manager:
        d = manager.dict()

        def work() -> None:
            for number in range(METHODS):
                d[number % 7] = number

        threads = [threading.Thread(target=work) for _ in range(4)]

        def run() -> None:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        assert operations_of(manager, run) == 4 * METHODS


def test_a_forked_child_counts_for_itself() -> None:
    with MANOR_FORK.manager() as manager:
        d = manager.dict()
        before = manager.stats()["operations"]
        with Child(MANOR_FORK.context, count_up, d) as child:
            assert child.hear() == "counted"
            assert manager.stats()["operations"] == before + METHODS
            child.tell()
        until(lambda: manager.stats()["sweeps"] == 1)
        assert manager.stats()["operations"] == before + METHODS


def test_statistics_outlive_a_crash_of_the_server() -> None:
    with MANOR_FORK.manager() as manager:
        d = manager.dict(a=1)
        before = manager.stats()
        os.kill(manager._process.pid, signal.SIGKILL)
        manager.join()
        d["b"] = 2
        after = manager.stats()
        assert after["objects"] == {"dict": 1}
        assert after["operations"] == before["operations"] + 1
        assert after["bytes_used"] > before["bytes_used"]
