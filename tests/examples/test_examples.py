"""Every example runs as a user would run it: as a script, in a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted((ROOT / "examples").glob("*.py"))


def output_of(*arguments: str | Path, directory: Path) -> str:
    run = subprocess.run(
        [sys.executable, *arguments],
        cwd=directory,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=100,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    assert "Traceback" not in run.stdout
    return run.stdout


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_an_example_runs(script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))  # others may run the same names
    assert output_of(script, directory=tmp_path)


@pytest.mark.parametrize("start_method", ["fork", "spawn", "forkserver"])
def test_the_demo_counts_what_one_process_counts(start_method: str) -> None:
    output = output_of("-m", "examples.demo", "--files", "60", "--start-method", start_method, directory=ROOT)
    assert "totals equal those of one process" in output
    assert "manor.Manager() took" in output
