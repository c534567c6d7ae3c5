"""What does a message cost over TCP, from a process that connects?"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.client import client
from benchmarks.row import Opener, Row, Sampler, each
from benchmarks.subject import Subject

KEY = b"sixteen bytes or more of a key"


def connect_and_call(subject: Subject, address: Any, size: int, orders: Any) -> None:
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
        with (
            subject.manager(address=("127.0.0.1", 0), authkey=KEY) as manager,
            client(connect_and_call, subject, manager.address, size) as orders,
        ):

            def sample(calls: int) -> list[float]:
                orders.send(calls)
                times: list[float] = orders.recv()
                return times

            yield sample

    return opened


ROWS = [
    Row("TCP, 1 B there and back", over_tcp(1), calls=100),
    Row("TCP, 20 kB there and back", over_tcp(20_000), calls=10, bar=100),
    Row("TCP, 1 MB there and back", over_tcp(1_000_000), calls=10),
    Row("TCP, 100 MB there and back", over_tcp(100_000_000), calls=1, heavy=True),
]
