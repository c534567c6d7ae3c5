"""Programs in C that show what the machine can do; compiled when they are measured."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


def compiler() -> str | None:
    return shutil.which(os.environ.get("CC", "cc"))


@contextmanager
def compiled(name: str) -> Iterator[Callable[..., list[int]]]:
    """Compile `name`.c of this folder; what is yielded runs it with arguments and returns the numbers it prints."""
    command = compiler()
    if command is None:
        raise ImportError("NOT MEASURED: no C compiler; install one, or name it by CC=")
    with TemporaryDirectory() as place:
        program = Path(place) / name
        source = Path(__file__).with_name(f"{name}.c")
        subprocess.run([command, "-O2", "-std=gnu11", "-pthread", "-o", program, source], check=True)

        def run(*arguments: int) -> list[int]:
            words = [str(program), *map(str, arguments)]
            told = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout
            return [int(number) for number in told.split()]

        yield run
