"""A ping-pong in C over two futex words, as a peer of every other ping-pong."""

from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.burst import operations_of_a_burst
from benchmarks.compiled import compiled
from benchmarks.crew import WALL
from benchmarks.row import Peer, Sampler
from benchmarks.subject import Subject

SPIN_NS = 50_000


def bare_futex(figure: int, *, spinning: bool, at_most: float | None = None) -> Peer:
    """Round trips of the C program; *figure* is WALL or CPU."""

    @contextmanager
    def opened(_: Subject) -> Iterator[Sampler]:
        with compiled("futex") as program:

            def run(rounds: int, figure: int = WALL) -> float:
                return program(rounds, SPIN_NS if spinning else 0)[figure] / 1_000

            rounds = operations_of_a_burst(run)
            yield lambda bursts: [run(rounds, figure) / rounds for _ in range(bursts)]

    return Peer(f"a bare futex in C, {'spinning' if spinning else 'not spinning'}", opened, at_most)
