"""Other stores that processes share, as peers of a dict: they come with the dependency group "bench"."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.row import Peer, Sampler
from benchmarks.subject import Subject

Loop = Callable[[str, dict[str, Any], int], Sampler]

FACTOR = 20  # so many operations take about as long as one of the standard library's manager
LMDB_BYTES = 1 << 24
LMDB = {
    "read": "with x.begin() as transaction: number.from_bytes(transaction.get(b'a'), 'little')",
    "write": "with x.begin(write=True) as transaction: transaction.put(b'a', (7).to_bytes(8, 'little'))",
}


def lmdb_dict(what: str, loop: Loop, at_most: float | None) -> Peer:
    """Reading or writing an int in an lmdb database that is never flushed to a disk."""

    @contextmanager
    def opened(_: Subject) -> Iterator[Sampler]:
        import lmdb  # measured where it is installed

        with (
            TemporaryDirectory(dir="/dev/shm") as place,
            lmdb.open(place, map_size=LMDB_BYTES, writemap=True, sync=False, metasync=False) as environment,
        ):
            with environment.begin(write=True) as transaction:
                transaction.put(b"a", (7).to_bytes(8, "little"))
            yield loop(LMDB[what], {"x": environment, "number": int}, FACTOR)

    return Peer("lmdb", opened, at_most)


def ultra_dict(statement: str, loop: Loop, at_most: float | None) -> Peer:
    """The same statement about an UltraDict."""

    @contextmanager
    def opened(_: Subject) -> Iterator[Sampler]:
        from UltraDict import UltraDict  # measured where it is installed

        shared = UltraDict(a=7)
        try:
            yield loop(statement, {"x": shared}, FACTOR)
        finally:
            shared.close(unlink=True)

    return Peer("UltraDict", opened, at_most)
