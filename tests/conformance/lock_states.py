"""Threads that wait, and what the manager says of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.conformance.meeting import threads
from tests.conformance.subjects import LIMIT_S

__all__ = ["state_of", "waiting"]


@contextmanager
def waiting(wait: Any, *args: Any, end: Any) -> Iterator[None]:
    """Another thread that waits, or soon will, until the `end`."""
    with threads(1) as other:
        future = other.submit(wait, *args)
        try:
            yield
        finally:
            end()
            future.result(LIMIT_S)


def state_of(manager: Any, proxy: Any) -> Any:
    """What `manager.locks()` has of an object."""
    ident = proxy._token.id.split("@")[-1]
    return next((state for state in manager.locks() if state.id == ident), None)
