"""How long after the death of a lock's holder does the next one have the lock?"""

import os
import signal
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.client import client
from benchmarks.row import Opener, Row, Sampler
from benchmarks.subject import FORK, Subject

ASLEEP_S = 0.005  # until who waits for the lock is asleep: nothing tells
MEDIAN_MAX_US, WORST_MAX_US = 1_000, 20_000


def inherit_when_told(lock: Any, orders: Any) -> None:
    warnings.simplefilter("ignore")  # that the owner died is what is measured
    while orders.recv():
        orders.send(None)
        lock.acquire()
        orders.send(time.monotonic_ns())  # one clock for all processes
        lock.release()


def hold(lock: Any, resident_bytes: int, holds: Any) -> None:
    much = b"x" * resident_bytes
    lock.acquire()
    holds.send(len(much))
    signal.pause()


def one_death(lock: Any, resident_bytes: int, heir: Any) -> float:
    reader, writer = FORK.Pipe(duplex=False)
    victim = FORK.Process(target=hold, args=(lock, resident_bytes, writer))
    victim.start()
    writer.close()
    reader.recv()
    heir.send(1)
    heir.recv()
    time.sleep(ASLEEP_S)
    killed = time.monotonic_ns()
    os.kill(victim.pid or 0, signal.SIGKILL)
    acquired: int = heir.recv()
    victim.join()
    reader.close()
    return (acquired - killed) / 1_000


def after_death(resident_bytes: int) -> Opener:
    @contextmanager
    def opened(subject: Subject) -> Iterator[Sampler]:
        with subject.manager() as manager:
            lock = manager.Lock()
            with client(inherit_when_told, lock) as heir:
                yield lambda calls: [one_death(lock, resident_bytes, heir) for _ in range(calls)]

    return opened


def row(name: str, resident_bytes: int, calls: int, *, heavy: bool) -> Row:
    return Row(
        f"a lock after its holder is killed, {name}", after_death(resident_bytes), calls, heavy=heavy,
        median_max=MEDIAN_MAX_US, worst_max=WORST_MAX_US, standard=False,
        note="the standard library never gives it back",
    )  # fmt: skip


ROWS = [
    row("0 GB resident in it", 0, 20, heavy=False),
    row("1 GB resident in it", 1 << 30, 2, heavy=True),
]
