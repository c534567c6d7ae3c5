"""A child by a bare `os.fork()`, a worker of a web server for instance, ends in order and says nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = """
import multiprocessing, os, sys, {package}.managers

if __name__ == "__main__":
    with {package}.managers.SyncManager(ctx=multiprocessing.get_context("{method}")) as manager:
        numbers = manager.list([1])
        if os.fork() == 0:
            numbers.append(2)
            sys.exit(0)
        assert os.wait()[1] == 0
        numbers.append(3)
        print(numbers)
"""
FAILS = pytest.mark.xfail(strict=True, reason="standard library: the child joins its parent's children")


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.parametrize("package", ["manor", pytest.param("multiprocessing", marks=FAILS)])
def test_it_does_not_take_the_server_for_a_child_of_its_own(tmp_path: Path, package: str, method: str) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(package=package, method=method))
    run = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60, check=False, cwd=ROOT)
    assert (run.returncode, run.stdout, run.stderr) == (0, "[1, 2, 3]\n", "")
