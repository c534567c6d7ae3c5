"""What the next owner of a lock learns about the one before, who died holding it."""

from typing import NamedTuple

from manor._server.calls import Process


class DeadOwner(NamedTuple):
    """Who died as an owner, from where it had acquired, and whether that is an error for the next one."""

    pid: int
    process_name: str
    raises: bool = False
    where: str | None = None


class Legacy:
    """Keeps the latest death until one heir, the next to acquire, has learnt of it and has released.

    Not synchronised: the object it belongs to has a lock.

    Args:
        raises: Whether a death is an error for the heir.
    """

    __slots__ = ("_death", "_heir", "_raises")

    def __init__(self, *, raises: bool = False) -> None:
        self._raises = raises
        self._death: DeadOwner | None = None
        self._heir: object = None

    @property
    def pending(self) -> bool:
        """True from the death until the heir has released."""
        return self._death is not None

    @property
    def heir(self) -> object:
        """Who has learnt of the death and has not released yet."""
        return self._heir

    def leave(self, process: Process, where: str | None) -> None:
        """`process` died an owner, by what it acquired at `where`."""
        self._death = DeadOwner(process.pid, process.name, self._raises, where)
        self._heir = None

    def inherit(self, heir: object) -> DeadOwner | None:
        """`heir` has acquired: the death, if it is the first to learn of it."""
        if self._death is None or self._heir is not None:
            return None
        self._heir = heir
        return self._death

    def disinherit(self, heir: object) -> None:
        """The heir never learnt that it had acquired: the next one will."""
        if self._heir == heir:
            self._heir = None

    def settle(self, owner: object) -> None:
        """`owner` has released."""
        if self._heir is not None and self._heir == owner:
            self._death = None
            self._heir = None
