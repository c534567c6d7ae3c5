"""A result with a note about how it came to be."""

from typing import Any, NamedTuple

__all__ = ["Noted"]


class Noted(NamedTuple):
    """A lock that was taken from the dead comes with a note.

    Attributes:
        result: What the method returned.
        pid: The process that was killed while it held the lock.
        process_name: Its name, or an empty string.
        kind: What kind of object it held.
        where: The file and line from where it had acquired that, if it is known.
    """

    result: Any
    pid: int
    process_name: str
    kind: str
    where: str | None = None

    def __str__(self) -> str:
        name = f" ({self.process_name})" if self.process_name else ""
        where = f" (acquired at {self.where})" if self.where else ""
        return (
            f"process {self.pid}{name} was killed while it held the {self.kind}{where}, which was taken back: "
            f"what it protects may be half changed"
        )
