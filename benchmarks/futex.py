"""A ping-pong in C over two futex words, as a peer of every other ping-pong; compiled when it is measured."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.burst import operations_of_a_burst
from benchmarks.row import Peer, Sampler
from benchmarks.subject import Subject

SOURCE = Path(__file__).with_name("futex.c")
SPIN_NS = 50_000
WALL, CPU = range(2)


def bare_futex(figure: int, *, spinning: bool, at_most: float | None = None) -> Peer:
    """Round trips of the C program; *figure* is WALL or CPU."""

    @contextmanager
    def opened(_: Subject) -> Iterator[Sampler]:
        compiler = shutil.which(os.environ.get("CC", "cc"))
        if compiler is None:
            raise ImportError("NOT MEASURED: no C compiler; install one, or name it by CC=")
        with TemporaryDirectory() as place:
            program = Path(place) / "futex"
            subprocess.run([compiler, "-O2", "-std=gnu11", "-o", program, SOURCE], check=True)

            def run(rounds: int, figure: int = WALL) -> float:
                arguments = [str(program), str(rounds), str(SPIN_NS if spinning else 0)]
                told = subprocess.run(arguments, check=True, stdout=subprocess.PIPE, text=True).stdout
                return int(told.split()[figure]) / 1_000

            rounds = operations_of_a_burst(run)
            yield lambda bursts: [run(rounds, figure) / rounds for _ in range(bursts)]

    return Peer(f"a bare futex in C, {'spinning' if spinning else 'not spinning'}", opened, at_most)
