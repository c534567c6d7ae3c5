"""Programs with manor are free of warnings where each is an error, and in Python's development mode."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.py"))
EVERYTHING = Path(__file__).with_name("everything.py")
# Of forking with threads, which 3.12 and later warn of wherever it happens; it is what managers are used with.
STRICT = ("-X", "dev", "-W", "error", "-W", "ignore:This process:DeprecationWarning")


def assert_silent(directory: Path, *arguments: str | Path) -> None:
    run = subprocess.run(
        [sys.executable, *STRICT, *arguments], cwd=directory, capture_output=True, text=True, timeout=110, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")


@pytest.mark.parametrize("script", EXAMPLES, ids=lambda script: script.stem)
def test_an_example_warns_of_nothing(script: Path, tmp_path: Path) -> None:
    assert_silent(tmp_path, script)


@pytest.mark.parametrize("start_method", ["fork", "spawn", "forkserver"])
def test_a_program_that_uses_everything_warns_of_nothing(start_method: str, tmp_path: Path) -> None:
    assert_silent(tmp_path, EVERYTHING, start_method)
