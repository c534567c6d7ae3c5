"""A program that uses a bit of everything, under the start method that it is told."""

import asyncio
import contextlib
import multiprocessing
import sys
from collections.abc import Iterator
from typing import Any

import manor
from manor.managers import SharedMemoryManager, SyncManager


class Account:
    """A class of the user's own."""

    def __init__(self, balance: int = 0) -> None:
        self.balance = balance

    def deposit(self, amount: int) -> int:
        self.balance += amount
        return self.balance

    def fail(self) -> None:
        raise ValueError("as expected")


class Desk:
    """Hosted whole."""

    def __init__(self) -> None:
        self.drawer: list[int] = []

    def __enter__(self) -> "Desk":
        return self

    def __exit__(self, *error: object) -> None:
        self.drawer.append(1)

    def numbers(self) -> Iterator[int]:
        yield from range(100)

    async def write(self) -> str:
        await asyncio.sleep(0)
        return "written"

    def delegate(self, method: str, account: Any) -> None:
        clerk: Any = multiprocessing.get_context(method).Process(  # type: ignore[attr-defined]
            target=account.deposit, args=(1,)
        )
        clerk.start()
        clerk.join()
        assert clerk.exitcode == 0
        clerk.close()


class Bank(SyncManager):
    """The manager with that class."""


Bank.register("Account", Account)


def work(lock: Any, totals: Any, jobs: Any, results: Any, barrier: Any) -> None:
    """Use what came from the parent."""
    barrier.wait()
    while (job := jobs.get()) is not None:
        with lock:
            totals[job] = totals.get(job, 0) + 1
        results.append((job, {"nested": [job]}))
        jobs.task_done()
    jobs.task_done()


def use_all(manager: Any, context: Any) -> None:
    account = manager.Account(5)
    assert account.deposit(2) == 7
    with contextlib.suppress(ValueError):
        account.fail()
        raise AssertionError("nothing was raised")
    lock, totals, jobs, results = manager.RLock(), manager.dict(), manager.JoinableQueue(), manager.list()
    shared = (lock, totals, jobs, results, manager.Barrier(3))
    workers = [context.Process(target=work, args=shared) for _ in range(2)]
    for worker in workers:
        worker.start()
    shared[-1].wait()
    for job in ("a", "b", "a", None, None):
        jobs.put(job)
    jobs.join()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
        worker.close()
    assert dict(totals) == {"a": 2, "b": 1}
    assert len(results) == 3
    space, value, numbers = manager.Namespace(x=1), manager.Value("i", 1), manager.Array("i", [1, 2])
    value.value += space.x
    assert (value.value, list(numbers), sorted(manager.set([2, 1]))) == (2, [1, 2], [1, 2])
    with manager.Pool(2) as pool:
        assert pool.map(abs, [-1, -2]) == [1, 2]
        assert list(pool.imap(abs, [-3])) == [3]


def use_whole(manager: Any, start_method: str) -> None:
    desk, account = manager.create(Desk), manager.create(Account)
    desk.delegate(start_method, account)
    assert account.balance == 1
    with contextlib.suppress(ValueError), desk:
        raise ValueError("as expected")
    assert desk.drawer == [1]
    assert sum(desk.numbers()) == 4950
    assert asyncio.run(desk.write()) == "written"
    groups, counts = manager.defaultdict(list), manager.Counter("aab")
    groups["a"].append(1)
    assert (groups["a"][:], counts["a"]) == ([1], 2)


def main(start_method: str) -> None:
    context: Any = multiprocessing.get_context(start_method)
    for options in ({}, {"resident": False}, {"address": ("127.0.0.1", 0)}):
        with Bank(ctx=context, **options) as manager:
            use_all(manager, context)
            use_whole(manager, start_method)
    with SharedMemoryManager(ctx=context) as memory:
        assert list(memory.ShareableList([1, 2])) == [1, 2]
    gone = manor.Manager(ctx=context)
    scores = gone.dict()
    gone.shutdown()
    with contextlib.suppress(manor.ManagerDied):
        scores.get("a")
        raise AssertionError("nothing was raised")


if __name__ == "__main__":
    main(sys.argv[1])
