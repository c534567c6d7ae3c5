"""How long does a program wait for the import itself, before it makes a manager?"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.row import Row, Sampler
from benchmarks.subject import Subject

_STANDARD_MODULE = "multiprocessing.managers"
_MEASURE = "import time; began = time.perf_counter_ns(); import {}; print(time.perf_counter_ns() - began)"


@contextmanager
def importing(subject: Subject) -> Iterator[Sampler]:
    module = _STANDARD_MODULE if subject.package == "multiprocessing" else subject.package

    def once() -> float:
        run = subprocess.run(
            [sys.executable, "-c", _MEASURE.format(module)], stdout=subprocess.PIPE, text=True, check=True
        )
        return int(run.stdout) / 1_000

    yield lambda calls: [once() for _ in range(calls)]


ROWS = [Row("import manor, multiprocessing.managers", importing, calls=3, bar=1 / 1.3)]
