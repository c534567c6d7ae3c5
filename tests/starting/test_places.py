"""Places that managers are used from: workers, daemons, threads with loops of their own, programs of others."""

import asyncio
import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

import manor
from tests.conformance.children import Child
from tests.conformance.runtime_folders import runtime_folder
from tests.starting.shared import LIMIT_S, METHODS, output_of

__all__ = ["runtime_folder"]
ALL = pytest.mark.parametrize("method", METHODS)


def add(total: Any, number: int) -> int:
    total.add("sum", number)
    with manor.Manager() as own:  # a worker may have a manager of its own
        return len(own.list([number]))


@ALL
def test_workers_of_a_pool_use_a_manager_and_start_their_own(method: str) -> None:
    context = multiprocessing.get_context(method)
    with manor.Manager(ctx=context) as manager, context.Pool(2) as pool:
        total = manager.dict(sum=0)
        assert pool.starmap(add, [(total, number) for number in range(4)]) == [1] * 4
        assert total["sum"] == 6
        pool.close()
        pool.join()


@ALL
def test_workers_of_an_executor_use_a_manager_and_start_their_own(method: str) -> None:
    context = multiprocessing.get_context(method)
    with manor.Manager(ctx=context) as manager, ProcessPoolExecutor(2, mp_context=context) as executor:
        total = manager.dict(sum=0)
        assert list(executor.map(add, [total] * 4, range(4))) == [1] * 4
        assert total["sum"] == 6


def be_used(test: Connection, total: Any) -> None:
    test.send(add(total, 5))


@ALL
def test_a_daemonic_process_uses_a_manager_and_starts_its_own(method: str) -> None:
    context = multiprocessing.get_context(method)
    with manor.Manager(ctx=context) as manager:
        total = manager.dict(sum=0)
        with Child(context, be_used, total, daemon=True) as child:
            assert child.hear() == 1
            child.join()
        assert total["sum"] == 5


def in_threads(count: int, function: Callable[[int], object]) -> None:
    failures: list[BaseException] = []

    def run(number: int) -> None:
        try:
            function(number)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT_S)
    assert failures == []


def test_threads_with_loops_of_their_own_share_one_manager() -> None:
    with manor.Manager() as manager:
        queue, total = manager.Queue(), manager.dict(sum=0)

        async def pass_on(number: int) -> None:
            getting = [asyncio.to_thread(queue.get) for _ in range(3)]
            await asyncio.gather(*(asyncio.to_thread(queue.put, number) for _ in range(3)))
            for item in await asyncio.gather(*getting):
                total.add("sum", item)

        in_threads(4, lambda number: asyncio.run(pass_on(number)))
        assert total["sum"] == 3 * (0 + 1 + 2 + 3)


@ALL
def test_threads_with_loops_of_their_own_start_managers(method: str) -> None:
    async def own(number: int) -> None:
        with manor.Manager(ctx=multiprocessing.get_context(method)) as manager:
            items = manager.list([number])
            assert await asyncio.to_thread(items.pop) == number

    in_threads(3, lambda number: asyncio.run(own(number)))


def test_a_program_that_is_given_a_pickle_uses_the_object(tmp_path: Path) -> None:
    program = "import pickle, sys; total = pickle.load(sys.stdin.buffer); total.add('sum', 7)"
    with manor.Manager() as manager:
        total = manager.dict(sum=0)
        subprocess.run(
            [sys.executable, "-c", program], input=pickle.dumps(total), cwd=tmp_path, timeout=LIMIT_S, check=True
        )
        assert total["sum"] == 7


def test_a_program_that_knows_a_name_uses_the_object(tmp_path: Path, runtime_folder: Path) -> None:
    program = "import manor; manor.attach('scores').get('total').add('sum', 7)"
    with manor.Manager(name="scores") as manager:
        total = manager.dict(name="total")
        total["sum"] = 0
        assert output_of([sys.executable, "-c", program], tmp_path) == ""
        assert total["sum"] == 7


def test_a_daemon_that_left_its_parent_long_ago_keeps_its_manager(tmp_path: Path, runtime_folder: Path) -> None:
    """As a service does: forked twice, in a session of its own, without standard streams."""
    program = """
import os, sys
if os.fork():
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
null = os.open(os.devnull, os.O_RDWR)
for stream in range(3):
    os.dup2(null, stream)
import manor, threading
with manor.Manager(name="daemon") as manager:
    end = manager.Queue(name="end")
    manager.dict(name="table")["pid"] = os.getpid()
    manager.list(name="ready")
    end.get()
"""
    (tmp_path / "daemon.py").write_text(program)
    assert output_of([sys.executable, "daemon.py"], tmp_path) == ""
    manager = manor.attach("daemon", timeout=LIMIT_S)
    end = manager.Queue(name="end")
    try:
        pidfd = os.pidfd_open(manor.ls()[0].pid)
    finally:
        end.put("end")
    import select

    assert select.select([pidfd], [], [], LIMIT_S)[0]
    os.close(pidfd)
