"""Programs that tests run, in a process of their own."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

from tests.conformance.subjects import LIMIT_S

ROOT = Path(__file__).parents[2]
__all__ = ["output_of", "output_of_script"]


def output_of(program: str, *arguments: str, **environment: str) -> str:
    """Run a program; return what it prints."""
    return _run(ROOT, "-c", program, *arguments, **environment).stdout.strip()


def output_of_script(folder: Path, program: str, *arguments: str, **environment: str) -> str:
    """Write a program to *folder* and run it as a script; return what it prints, which must be no warning."""
    script = folder / "program.py"
    script.write_text(textwrap.dedent(program))
    run = _run(folder, str(script), *arguments, **environment)
    assert run.stderr == ""
    return run.stdout.strip()


def _run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    run = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, **environment},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run
