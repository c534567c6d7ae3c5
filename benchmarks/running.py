"""Measure manor beside the standard library's manager, in one run, in turns."""

import argparse
import compileall
import sys
from pathlib import Path

from rich.console import Console

import manor
from benchmarks import (
    calls,
    clients,
    containers,
    contention,
    creation,
    curve,
    distance,
    footprint,
    grouping,
    growth,
    hot,
    importing,
    iteration,
    large,
    lifecycle,
    locks,
    network,
    pingpong,
    queues,
    succession,
    together,
    waiting,
    whole,
)
from benchmarks.report import lines_of, table_of, write
from benchmarks.row import Measured, Row, measure
from benchmarks.subject import Subject

MODULES = (
    calls, whole, creation, iteration, clients, network, containers, hot, grouping, large, distance, together, growth,
    footprint, lifecycle, importing, locks, contention, queues, pingpong, waiting, succession,
)  # fmt: skip
ROWS: list[Row] = [row for module in MODULES for row in module.ROWS]
RESULTS = Path(__file__).with_name("results.json")
CURVE = "growth.png"  # beside the results
QUICK_CALLS_MAX = 3


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", metavar="TEXT", help="rows whose name contains TEXT (repeatable)")
    parser.add_argument("--list", action="store_true", help="print the names of the rows and end")
    parser.add_argument("--rounds", type=int, default=15, help="rounds on each side (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="two small rounds: does it run, not how fast is it")
    parser.add_argument("--require", action="store_true", help="exit status 1 when a bar is not met")
    parser.add_argument("--output", type=Path, help="where to write the figures (default: benchmarks/results.json)")
    parser.add_argument("--largest", action="store_true", help="also grow to 10,000,000 keys")
    parser.add_argument("--package", default="manor", help="the package beside the standard library")
    return parser.parse_args()


def chosen(only: list[str] | None, quick: bool, largest: bool = False) -> list[Row]:
    everything = ROWS + growth.LARGEST if largest else ROWS
    rows = [row for row in everything if not (quick and row.heavy)]
    rows = [row for row in rows if not only or any(text.lower() in row.name.lower() for text in only)]
    return [row for row in rows if row.there()]


def place_of(options: argparse.Namespace) -> Path | None:
    """Figures of a part, or of a quick run, don't replace those of the whole."""
    if options.output:
        return Path(options.output)
    return None if options.only or options.quick else RESULTS


def tell(console: Console, measured: list[Measured], package: str) -> int:
    """Print all figures; return how many rows miss a bar."""
    console.print(table_of(measured, package))
    for line in lines_of(measured, package):
        console.print(line, markup=False, highlight=False)
    met = sum(one.met for one in measured)
    console.print(f"the bars of {met} of {len(measured)} rows are met")
    return len(measured) - met


def main() -> int:
    options = arguments()
    rows = chosen(options.only, options.quick, options.largest)
    if options.list:
        print(*(row.name for row in rows), sep="\n")
        return 0
    if not rows:
        sys.exit(f"no row has {' or '.join(options.only)} in its name; --list prints them")
    console = Console(width=None if sys.stdout.isatty() else 130)
    # As an installer does; some environments forbid Python to write bytecode when it imports a module.
    compileall.compile_dir(Path(manor.__file__).parent, quiet=1)
    measured: list[Measured] = []
    with console.status("measuring") as status:
        for row in rows:
            status.update(row.name)
            count = min(row.calls, QUICK_CALLS_MAX) if options.quick else row.calls
            rounds = 2 if options.quick else options.rounds
            measured.append(measure(row, Subject("multiprocessing"), Subject(options.package), rounds, count))
    missed = tell(console, measured, options.package)
    if place := place_of(options):
        write(measured, options.package, place)
        console.print(f"written to {place}")
        if curve.draw(measured, options.package, place.with_name(CURVE)):
            console.print(f"drawn in {place.with_name(CURVE)}")
    return 1 if options.require and missed else 0
