"""What does a message cost over TCP, from a process that connects?"""

from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

from benchmarks.row import Opener, Row, Sampler, each
from benchmarks.subject import FORK, Subject

KEY = b"sixteen bytes or more of a key"


def client(subject: Subject, address: Any, size: int, orders: "Connection[list[float], int]") -> None:
    manager = subject.managers.SyncManager(address=address, authkey=KEY)
    manager.connect()
    hosted = manager.Hosted()
    value = bytes(size)
    sample = each(lambda: hosted.echo(value))
    while calls := orders.recv():
        orders.send(sample(calls))


def over_tcp(size: int) -> Opener:
    @contextmanager
    def opened(subject: Subject) -> Iterator[Sampler]:
        with subject.manager(address=("127.0.0.1", 0), authkey=KEY) as manager:
            ours, theirs = FORK.Pipe()
            process = FORK.Process(target=client, args=(subject, manager.address, size, theirs))
            process.start()

            def sample(calls: int) -> list[float]:
                ours.send(calls)
                times: list[float] = ours.recv()
                return times

            yield sample
            ours.send(0)
            process.join()

    return opened


ROWS = [
    Row("TCP, 1 B there and back", over_tcp(1), calls=100),
    Row("TCP, 20 kB there and back", over_tcp(20_000), calls=10, bar=100),
    Row("TCP, 1 MB there and back", over_tcp(1_000_000), calls=10),
    Row("TCP, 100 MB there and back", over_tcp(100_000_000), calls=1, heavy=True),
]
