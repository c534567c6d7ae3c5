"""Where the figures go: a table for people, and a file."""

import datetime as dt
import json
import os
import platform
import sys
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from benchmarks.row import Measured, Sample


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "cpu": cpu_model(),
        "cpus": len(os.sched_getaffinity(0)),
        "architecture": platform.machine(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "compiler": platform.python_compiler(),
        "manor": package_version("manor"),
    }


def cpu_model() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def package_version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def table_of(measured: list[Measured], subject: str) -> Table:
    table = Table(title="µs if no other unit is named; ratios are those of medians", row_styles=["", "dim"])
    table.add_column("row")
    for heading in ("stdlib median", "p99", f"{subject} median", "p99", "ratio", "bar", "met"):
        table.add_column(heading, justify="right")
    for one in measured:
        figures = [*shown(one.standard), *shown(one.subject)]
        ratio, bar = ("-", "-") if one.ratio is None else (f"{one.ratio:.2f}", f"{one.row.bar:g}")
        table.add_row(escape(one.row.name), *figures, ratio, bar, "yes" if one.met else "[red]no[/red]")
    return table


def lines_of(measured: list[Measured], subject: str) -> list[str]:
    """What stands beside the standard library, which bars are missed, and notes."""
    lines = []
    for one in measured:
        for peer in one.row.peers:
            if peer.name in one.peers:
                bar = "" if peer.at_most is None else f", bar {peer.at_most:g}"
                figures = f"{digits(one.peers[peer.name].median_us)} {one.row.unit}"
                lines.append(f"{one.row.name}: {peer.name} {figures}; {subject} {one.multiple(peer):.2f} × that{bar}")
        lines += [f"{one.row.name}: {note}" for note in one.notes]
        lines += [f"{one.row.name}: MISSED {bar}" for bar, is_met in one.bars.items() if not is_met]
    return lines


def shown(sample: Sample | None) -> tuple[str, str]:
    return ("-", "-") if sample is None else (digits(sample.median_us), digits(sample.p99_us))


def digits(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def write(measured: list[Measured], subject: str, place: Path) -> None:
    rows = [
        {
            "row": one.row.name,
            "unit": one.row.unit,
            "stdlib": None if one.standard is None else asdict(one.standard),
            subject: asdict(one.subject),
            "ratio": one.ratio,
            "bar": one.row.bar if one.row.standard else None,
            "beside": {
                peer.name: {**asdict(one.peers[peer.name]), "multiple": one.multiple(peer), "at_most": peer.at_most}
                for peer in one.row.peers
                if peer.name in one.peers
            },
            "bars": one.bars,
            "notes": one.notes,
            "met": one.met,
        }
        for one in measured
    ]
    content = {"command": ["python", "-m", "benchmarks", *sys.argv[1:]], "machine": machine(), "rows": rows}
    place.write_text(json.dumps(rounded(content), indent=2, ensure_ascii=False) + "\n")


def rounded(value: Any) -> Any:
    """Three digits say enough."""
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [rounded(inner) for inner in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value
