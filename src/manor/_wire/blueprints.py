"""What an object is to be made by, where that is no registered type."""

from typing import Any, Final, NamedTuple

from manor._wire.references import Reference

__all__ = ["CONCURRENCY", "OPEN_WHOLE", "Blueprint"]

CONCURRENCY: Final = ("serial", "readers", "threads")

OPEN_WHOLE: Final = Reference("manor._proxy.whole.opening", "open_whole")
"""Makes the proxies of objects that are hosted whole."""


class Blueprint(NamedTuple):
    """A class, or a function that makes an object.

    Attributes:
        made_by: Module and qualified name; or the thing itself, which travelled by value.
        name: What to call it where it cannot be found.
        concurrency: One of ``CONCURRENCY``; None for what suits the object.
    """

    made_by: Any
    name: str
    concurrency: str | None = None
