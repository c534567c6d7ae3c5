"""Count the words and identifiers of the standard library, by processes that share one manager.

The job is done three times: by this process alone, by worker processes with multiprocessing.Manager(), and by
worker processes with manor.Manager(). All three must find the same.
"""

import argparse
import multiprocessing
import os
import sys
import time
from itertools import zip_longest

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from examples.demo.counting import IDENTIFIERS, WORDS, count_all, standard_library_files
from examples.demo.job import Result, best, run

ROWS = 12
STANDARD = "multiprocessing"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m examples.demo", description=__doc__)
    parser.add_argument("--start-method", choices=multiprocessing.get_all_start_methods(), help="default: Python's")
    parser.add_argument("--workers", type=int, default=max(2, os.cpu_count() or 1), help="default: one for each CPU")
    parser.add_argument("--files", type=int, metavar="N", help="only the first N files")
    parser.add_argument("--package", default="manor", help="whose Manager() to show (default: manor)")
    return parser.parse_args()


def shown(console: Console, package: str, files: list[str], workers: int) -> Result:
    """Run the job behind a progress bar."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(f"{package}.Manager(), {workers} workers", total=len(files))
        return run(package, files, workers, lambda done, _total, _file: bar.update(task, completed=done))


def results(result: Result) -> Table:
    table = Table(title="Most frequent in the standard library")
    for heading in ("word", "times", "identifier", "times"):
        table.add_column(heading, justify="right" if heading == "times" else "left")
    pairs = zip_longest(best(result.totals, WORDS, ROWS), best(result.totals, IDENTIFIERS, ROWS), fillvalue=("", 0))
    for (word, word_times), (identifier, identifier_times) in pairs:
        table.add_row(word, f"{word_times:,}", identifier, f"{identifier_times:,}")
    return table


def times(package: str, result: Result, standard: Result, alone_s: float) -> Table:
    table = Table(title="The same job")
    table.add_column("done by")
    table.add_column("seconds", justify="right")
    table.add_row("one process, nothing shared", f"{alone_s:.2f}")
    table.add_row(f"{STANDARD}.Manager()", f"{standard.seconds:.2f}")
    table.add_row(f"{package}.Manager()", f"{result.seconds:.2f}")
    return table


def comparison(package: str, result: Result, standard: Result) -> str:
    ratio = standard.seconds / result.seconds
    if ratio >= 1:
        return f"{package}.Manager() took 1/{ratio:.2f} of the time of {STANDARD}.Manager()"
    return f"{package}.Manager() took {1 / ratio:.2f} times as long as {STANDARD}.Manager()"


def main() -> int:
    options = arguments()
    multiprocessing.set_start_method(options.start_method)
    console = Console()
    files = standard_library_files(options.files)
    started = time.perf_counter()
    expected = count_all(files)
    alone_s = time.perf_counter() - started
    standard = shown(console, STANDARD, files, options.workers)
    result = shown(console, options.package, files, options.workers)
    totals = result.totals
    console.print(results(result))
    console.print(f"{totals['files']:,} files, {totals['bytes']:,} bytes, {totals['lines']:,} lines")
    by_worker = ", ".join(f"worker {worker}: {count:,}" for worker, count in result.files_by_worker.items())
    console.print(f"{result.mean_lines:,.0f} lines a file; {by_worker}")
    console.print(times(options.package, result, standard, alone_s))
    console.print(comparison(options.package, result, standard))
    if not totals == standard.totals == expected:
        console.print("[red]The totals differ from those of one process: something was lost or counted twice.[/red]")
        return 1
    console.print(f"All {len(totals):,} totals equal those of one process.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
