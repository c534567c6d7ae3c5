"""The benchmarks run, all of them: measured briefly, for the run and not for the figures."""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from benchmarks.calls import method_call
from benchmarks.growth import by_themselves
from benchmarks.row import Measured, Peer, Row, Sample, Sampler, measure, summary
from benchmarks.running import chosen
from benchmarks.subject import Subject

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(400)
def test_every_benchmark_runs_and_writes_its_row(tmp_path: Path) -> None:
    place = tmp_path / "results.json"
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--output", place],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=390,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    results = json.loads(place.read_text())
    assert [row["row"] for row in results["rows"]] == [row.name for row in chosen(None, quick=True)]
    assert results["machine"].keys() >= {"cpus", "kernel", "python", "manor", "date"}
    for row in results["rows"]:
        assert row["manor"]["median_us"] > 0
        assert row["stdlib"] is None or row["stdlib"]["p99_us"] >= row["stdlib"]["median_us"]
        assert all(beside["multiple"] > 0 for beside in row["beside"].values())
    assert place.with_name("growth.png").exists() == (importlib.util.find_spec("matplotlib") is not None)


def test_rows_are_chosen_by_name() -> None:
    assert [row.name for row in chosen(["20 kB"], quick=False)] == ["TCP, 20 kB there and back"]


def test_a_bar_is_met_by_a_ratio_that_reaches_it() -> None:
    row = Row("a row", method_call, calls=1, bar=2.0)
    assert Measured(row, Sample(10.0, 11.0, 5), Sample(5.0, 6.0, 5)).met
    assert not Measured(row, Sample(9.9, 11.0, 5), Sample(5.0, 6.0, 5)).met


def test_the_median_and_the_p99_of_a_hundred_times() -> None:
    assert summary([float(number) for number in range(1, 101)]) == Sample(50.5, 100.0, 100, 100.0)


def test_a_bar_beside_a_peer_is_met_by_a_multiple_up_to_it() -> None:
    peer = Peer("a peer", method_call, at_most=2.0)
    row = Row("a row", method_call, calls=1, peers=(peer,), standard=False)
    assert Measured(row, None, Sample(4.0, 4.0, 5), {"a peer": Sample(2.0, 2.0, 5)}).bars == {"≤ 2 × a peer": True}
    assert not Measured(row, None, Sample(4.1, 4.1, 5), {"a peer": Sample(2.0, 2.0, 5)}).met
    assert Measured(row, None, Sample(4.1, 4.1, 5)).met, "a peer that is not installed has no bar"


def test_bars_of_median_and_worst_are_met_by_figures_up_to_them() -> None:
    row = Row("a row", method_call, calls=1, unit="MB", median_max=3.0, worst_max=5.0, standard=False)
    assert Measured(row, None, Sample(3.0, 3.0, 5, 5.0)).met
    assert Measured(row, None, Sample(3.0, 3.0, 5, 5.1)).bars == {"≤ 3 MB": True, "worst ≤ 5 MB": False}


def test_a_peer_that_is_not_installed_is_left_out_and_a_note_says_why() -> None:
    def missing(_: Subject) -> AbstractContextManager[Sampler]:
        raise ImportError("No module named 'peer'")

    @contextmanager
    def quick(_: Subject) -> Iterator[Sampler]:
        yield lambda calls: [1.0] * calls

    row = Row("a row", quick, calls=1, peers=(Peer("a peer", missing, 1.0),), standard=False)
    measured = measure(row, Subject("multiprocessing"), Subject("manor"), rounds=2, calls=2)
    assert measured.peers == {}
    assert measured.notes == ("a peer: No module named 'peer'",)


def test_what_is_slow_each_time_is_the_operation_and_what_is_slow_once_the_machine() -> None:
    quick = [1.0] * 1_000
    runs = iter([[*quick, 5_000.0, *quick, 2_000.0], [*quick, 1.0, 3_000.0, *quick], [*quick, 4_000.0, 1.0, *quick]])
    assert by_themselves(lambda: next(runs)) == [*quick, 5_000.0, *quick]


def test_a_run_without_slow_operations_is_not_repeated() -> None:
    runs = iter([[1.0, 2.0]])
    assert by_themselves(lambda: next(runs)) == [1.0, 2.0]
