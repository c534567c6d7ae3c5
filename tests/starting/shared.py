"""A program that starts managers with types of every kind, and ways to have Python run it."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

__all__ = ["EXPECTED", "LIMIT_S", "METHODS", "PROGRAM", "WAYS", "output_of"]

LIMIT_S: Final = 60.0
METHODS: Final = ("fork", "spawn", "forkserver")

PROGRAM: Final = """
import multiprocessing

import manor
from manor.managers import SyncManager


class Point:
    def __init__(self, x):
        self.x = x


class Counter:
    def __init__(self):
        self.total = 0

    def add(self, point):
        self.total += point.x
        return Point(self.total)


told = []


def tell(what):
    told.append(what)


def make():
    class Local:
        def name(self):
            return type(self).__name__

    return Local


class Manager(SyncManager):
    pass


Manager.register("Counter", Counter)
Manager.register("Local", make())
Manager.register("told", lambda: list(told))


def use(method):
    context = multiprocessing.get_context(method)
    manager = Manager(ctx=context)
    manager.start(tell, ("first",))  # the lambda sees what the initializer did
    with manager:
        said = manager.Counter().add(Point(3)).x, manager.Local().name(), manager.told().copy(), dict(manager.dict(a=1))
    with manor.Manager(ctx=context) as manager:
        print("result:", *said, manager.list([1]), flush=True)
"""
"""A class, whose instances are arguments and results; a class in a function; a lambda that shares a global with the
initializer; the standard types."""
EXPECTED: Final = "result: 3 Local ['first'] {'a': 1} [1]"
_GUARD: Final = "\nimport sys\nif __name__ == '__main__':\n    use(sys.argv[-1])\n"


def output_of(command: list[str], folder: Path, given: str | None = None) -> str:
    """Run a command; return what it prints."""
    run = subprocess.run(
        command, cwd=folder, input=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LIMIT_S,
        check=False, env={**os.environ, "PYTHONWARNINGS": "error"},
    )  # fmt: skip
    assert run.returncode == 0, run.stdout
    return run.stdout.strip()


def by_script(folder: Path, program: str, method: str) -> str:
    script = folder / "program.py"
    script.write_text(program + _GUARD)
    return output_of([sys.executable, "program.py", method], folder)


def by_module(folder: Path, program: str, method: str) -> str:
    (folder / "program.py").write_text(program + _GUARD)
    return output_of([sys.executable, "-m", "program", method], folder)


def by_package(folder: Path, program: str, method: str) -> str:
    (folder / "package").mkdir()
    (folder / "package" / "__main__.py").write_text(program + _GUARD)
    return output_of([sys.executable, "-m", "package", method], folder)


def by_command(folder: Path, program: str, method: str) -> str:
    return output_of([sys.executable, "-c", program + _GUARD, method], folder)


def by_standard_input(folder: Path, program: str, method: str) -> str:
    return output_of([sys.executable, "-", method], folder, program + _GUARD)


def by_console(folder: Path, program: str, method: str) -> str:
    """Type the program into an interactive interpreter that has a terminal."""
    import pty

    ours, theirs = pty.openpty()
    environment = {**os.environ, "PYTHON_BASIC_REPL": "1", "TERM": "dumb", "PYTHONSTARTUP": ""}
    console = subprocess.Popen(
        [sys.executable, "-q", "-i"], cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    )
    os.close(theirs)
    try:
        seen = _until(ours, b">>> ")
        for block in program.strip().split("\n\n\n"):
            for line in (*filter(str.strip, block.splitlines()), ""):  # an empty line ends a definition
                os.write(ours, line.encode() + b"\n")
                seen = _until(ours, b">>> ", b"... ")
        os.write(ours, f"use({method!r})\n".encode())
        seen = _until(ours, b">>> ")
        os.write(ours, b"exit()\n")
        assert console.wait(LIMIT_S) == 0, seen
    finally:
        console.kill()
        console.wait()
        os.close(ours)
    return "\n".join(line.strip() for line in seen.splitlines() if line.startswith("result:")) or seen


def _until(terminal: int, *prompts: bytes) -> str:
    """Read what the console says up to its next prompt."""
    said, end = b"", time.monotonic() + LIMIT_S
    while not said.endswith(prompts):
        assert select.select([terminal], [], [], max(0.0, end - time.monotonic()))[0], said
        said += os.read(terminal, 4096)
    return said.decode()


WAYS: Final[dict[str, Callable[[Path, str, str], str]]] = {
    "script": by_script,
    "-m module": by_module,
    "-m package": by_package,
    "-c": by_command,
    "standard input": by_standard_input,
    "console": by_console,
}
