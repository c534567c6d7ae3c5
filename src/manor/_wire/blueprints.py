"""What an object is to be made by, where that is no registered type."""

from typing import Any, Final, Literal, get_args

from manor._record import Record
from manor._wire.references import Reference

__all__ = ["OPEN_WHOLE", "Blueprint", "Concurrency", "OpenWhole", "check_concurrency"]

Concurrency = Literal["serial", "readers", "threads"]
"""Who may be in an object at once."""

OPEN_WHOLE: Final = Reference("manor._proxy.whole.opening", "open_whole")
"""Makes the proxies of objects that are hosted whole."""


class OpenWhole(Reference):
    """``OPEN_WHOLE`` as a registered type has it, with what its objects are hosted by."""

    __slots__ = ("concurrency",)

    def __init__(self, concurrency: Concurrency | None) -> None:
        super().__init__(OPEN_WHOLE.module, OPEN_WHOLE.name)
        self.concurrency: Concurrency | None = concurrency

    def __reduce__(self) -> tuple[Any, ...]:
        return OpenWhole, (self.concurrency,)


def check_concurrency(concurrency: object) -> None:
    """Raise ``ValueError`` for what is neither a ``Concurrency`` nor None."""
    known = get_args(Concurrency)
    if concurrency not in (None, *known):
        raise ValueError(f"concurrency must be one of {', '.join(known)}, not {concurrency!r}")


class Blueprint(Record):
    """A class, or a function that makes an object.

    Attributes:
        made_by: Module and qualified name; or the thing itself, which travelled by value.
        is_of_main: Whether instead of the module it is the file of ``__main__``.
        name: What to call it where it cannot be found.
        concurrency: Who may be in it at once; None for what suits the object.
    """

    __slots__ = ()

    made_by: Any
    name: str
    concurrency: Concurrency | None = None
    is_of_main: bool = False
