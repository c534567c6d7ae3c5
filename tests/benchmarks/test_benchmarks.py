"""The benchmarks run, all of them: measured briefly, for the run and not for the figures."""

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.__main__ import chosen
from benchmarks.calls import method_call
from benchmarks.row import Measured, Row, Sample, summary

ROOT = Path(__file__).parents[2]


def test_every_benchmark_runs_and_writes_its_row(tmp_path: Path) -> None:
    place = tmp_path / "results.json"
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--output", place],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=110,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    results = json.loads(place.read_text())
    assert [row["row"] for row in results["rows"]] == [row.name for row in chosen(None, quick=True)]
    assert results["machine"].keys() >= {"cpus", "kernel", "python", "manor", "date"}
    for row in results["rows"]:
        assert row["manor"]["median_us"] > 0
        assert row["stdlib"]["p99_us"] >= row["stdlib"]["median_us"]


def test_rows_are_chosen_by_name() -> None:
    assert [row.name for row in chosen(["20 kB"], quick=False)] == ["TCP, 20 kB there and back"]


def test_a_bar_is_met_by_a_ratio_that_reaches_it() -> None:
    row = Row("a row", method_call, calls=1, bar=2.0)
    assert Measured(row, Sample(10.0, 11.0, 5), Sample(5.0, 6.0, 5)).met
    assert not Measured(row, Sample(9.9, 11.0, 5), Sample(5.0, 6.0, 5)).met


def test_the_median_and_the_p99_of_a_hundred_times() -> None:
    assert summary([float(number) for number in range(1, 101)]) == Sample(50.5, 100.0, 100)
