"""A result with a note about how it came to be."""

from typing import Any, NamedTuple

__all__ = ["Noted", "described", "is_to_raise", "refuse_choice_beside_lock"]


class Noted(NamedTuple):
    """A lock that was taken from the dead comes with a note.

    Attributes:
        result: What the method returned.
        pid: The process that was killed while it held the lock.
        process_name: Its name, or an empty string.
        what: What object it held, as ``described`` says it.
        where: The file and line from where it had acquired that, if it is known.
        raises: Whether the caller gets an error instead of a warning.
    """

    result: Any
    pid: int
    process_name: str
    what: str
    where: str | None = None
    raises: bool = False

    def __str__(self) -> str:
        name = f" ({self.process_name})" if self.process_name else ""
        where = f" (acquired at {self.where})" if self.where else ""
        return (
            f"process {self.pid}{name} was killed while it held the {self.what}{where}, which was taken back: "
            f"what it protects may be half changed"
        )


def described(kind: str, ident: str, name: str | None) -> str:
    """Return in words which object of that kind is meant: by its name if it has one, else by its id."""
    return f"{kind} with id {ident}" if name is None else f"{kind} {name!r}"


def is_to_raise(on_owner_death: str) -> bool:
    """Return whether the next owner gets an error, for what users call ``"warn"`` or ``"raise"``."""
    if on_owner_death not in ("warn", "raise"):
        raise ValueError(f"on_owner_death must be 'warn' or 'raise', not {on_owner_death!r}")
    return on_owner_death == "raise"


def refuse_choice_beside_lock(lock: object, on_owner_death: str | None) -> None:
    """Refuse what is said of a condition's lock where that is given, and has its own."""
    if lock is not None and on_owner_death is not None:
        raise ValueError("on_owner_death is the lock's: give it where that is made, or make a condition without one")
