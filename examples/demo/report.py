"""A class of the user's own, hosted by the manager: its state can't be pickled, so it can't be sent around."""

import tempfile
import threading
import time
from collections.abc import Generator


def running_mean() -> Generator[float, float, None]:
    total, count = 0.0, 0
    mean = 0.0
    while True:
        total += yield mean
        count += 1
        mean = total / count


class Report:
    """Collects what the workers say, in an open file. Its users hold proxies."""

    def __init__(self, files: int) -> None:
        self._files = files
        self._done = 0
        self._latest = ""
        self._started = time.perf_counter()
        self._log = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 stays open as long as the object
        self._lock = threading.Lock()
        self._mean = running_mean()
        next(self._mean)
        self._mean_lines = 0.0

    def counted(self, worker: int, file: str, lines: int) -> None:
        with self._lock:
            self._done += 1
            self._latest = file
            self._mean_lines = self._mean.send(lines)
            self._log.write(f"{time.perf_counter() - self._started:.6f} worker {worker} {lines} {file}\n")

    def progress(self) -> tuple[int, int, str]:
        """Files done, files in all, and the latest one."""
        with self._lock:
            return self._done, self._files, self._latest

    def mean_lines(self) -> float:
        return self._mean_lines

    def files_by_worker(self) -> dict[int, int]:
        """Read the log back."""
        with self._lock:
            self._log.seek(0)
            workers = [int(line.split()[2]) for line in self._log]
        return {worker: workers.count(worker) for worker in sorted(set(workers))}
