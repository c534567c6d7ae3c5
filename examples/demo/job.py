"""The job: worker processes that share a dict, a queue, a lock and a Report through one manager."""

import importlib
import multiprocessing
import multiprocessing.connection
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from examples.demo.counting import count
from examples.demo.report import Report

HOTTEST = 25  # the names of a file that are added to the shared totals at once; the rest at the end
POLL_S = 0.05

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Result:
    """What a run of the job found, and how long it took."""

    totals: dict[str, int]
    files_by_worker: dict[int, int]
    mean_lines: float
    seconds: float


def run(package: str, files: list[str], workers: int, progress: Progress) -> Result:
    """Do the job with the Manager() of `package`: "manor" or "multiprocessing"."""
    managers = importlib.import_module(f"{package}.managers")
    managers.SyncManager.register("Report", Report)
    started = time.perf_counter()
    with importlib.import_module(package).Manager() as manager:
        totals, jobs, lock = manager.dict(), manager.Queue(), manager.Lock()
        report = manager.Report(len(files))
        for file in files:
            jobs.put(file)
        for _ in range(workers):
            jobs.put(None)
        pool = [
            multiprocessing.Process(target=work, args=(number, totals, jobs, lock, report))
            for number in range(1, workers + 1)
        ]
        for process in pool:
            process.start()
        watch(pool, report, progress)
        result = totals.copy()
        seconds = time.perf_counter() - started
        return Result(result, report.files_by_worker(), report.mean_lines(), seconds)


def watch(pool: list[multiprocessing.Process], report: Any, progress: Progress) -> None:
    """Show the progress until every worker has ended."""
    running = {process.sentinel for process in pool}
    while running:
        running -= set(multiprocessing.connection.wait(list(running), timeout=POLL_S))
        progress(*report.progress())
    for process in pool:
        process.join()
        if process.exitcode != 0:
            raise SystemExit(f"a worker failed with exit code {process.exitcode}")


def work(number: int, totals: Any, jobs: Any, lock: Any, report: Any) -> None:
    """A worker: count one file after the other and add to the totals that all share."""
    rest: dict[str, int] = {}
    for file in iter(jobs.get, None):
        counts = count(file)
        hottest = dict(counts.names.most_common(HOTTEST))
        add(totals, lock, hottest | counts.sizes)
        for name, times in counts.names.items():
            if name not in hottest:
                rest[name] = rest.get(name, 0) + times
        report.counted(number, file, counts.sizes["lines"])
    with lock:
        so_far = totals.copy()
        totals.update({name: so_far.get(name, 0) + times for name, times in rest.items()})


def add(totals: Any, lock: Any, numbers: dict[str, int]) -> None:
    with lock:
        for name, times in numbers.items():
            totals[name] = totals.get(name, 0) + times


def best(totals: dict[str, int], kind: str, most: int) -> Iterator[tuple[str, int]]:
    """The most frequent names of one kind, the alphabet deciding between equals."""
    of_kind = ((name.removeprefix(kind), times) for name, times in totals.items() if name.startswith(kind))
    yield from sorted(of_kind, key=lambda item: (-item[1], item[0]))[:most]
