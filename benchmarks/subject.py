"""What is measured: a package with a `managers` module. Each benchmark is written once and runs on both."""

import importlib
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

FORK = multiprocessing.get_context("fork")


class Hosted:
    """The class of the user's own that the benchmarks call."""

    def __init__(self) -> None:
        self._count = 0

    def add(self, number: int) -> int:
        self._count += number
        return self._count

    def echo(self, value: bytes) -> bytes:
        return value


@dataclass(frozen=True)
class Subject:
    """One side of the comparison."""

    package: str

    @property
    def managers(self) -> Any:
        module = importlib.import_module(f"{self.package}.managers")
        module.SyncManager.register("Hosted", Hosted)
        return module

    @contextmanager
    def manager(self, **options: Any) -> Iterator[Any]:
        """A manager that has been started."""
        with self.managers.SyncManager(ctx=FORK, **options) as manager:
            yield manager
