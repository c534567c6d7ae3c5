"""Programs that tests write to a file and run, in a process of their own."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

from tests.conformance.subjects import LIMIT_S

__all__ = ["output_of_script"]


def output_of_script(folder: Path, program: str, *arguments: str, **environment: str) -> str:
    """Write a program to *folder* and run it as a script; return what it prints, which must be no warning."""
    script = folder / "program.py"
    script.write_text(textwrap.dedent(program))
    run = subprocess.run(
        [sys.executable, script, *arguments],
        env={**os.environ, **environment},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    return run.stdout.strip()
