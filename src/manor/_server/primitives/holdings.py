"""How many permits of a semaphore each client process would leave behind if it died now."""

from manor._server.calls import Process
from manor._wire import sites


class Holdings:
    """Counts by process, the oldest holder first. Not synchronised: its semaphore has a lock."""

    __slots__ = ("_counts", "_sites")

    def __init__(self) -> None:
        self._counts: dict[Process, int] = {}
        self._sites: dict[Process, str] = {}

    def __bool__(self) -> bool:
        """Whether anybody has one."""
        return bool(self._counts)

    def add(self, process: Process | None) -> None:
        """`process` took a permit; the server's own threads (None) do not die without it."""
        if process is not None:
            self._counts[process] = self._counts.get(process, 0) + 1
            where = sites.told()
            if where is not None:
                self._sites[process] = where

    def remove(self, process: Process | None) -> bool:
        """`process` gave one of its own back: whether it had one."""
        count = self._counts.get(process, 0) if process is not None else 0
        if process is None or not count:
            return False
        if count > 1:
            self._counts[process] = count - 1
        else:
            del self._counts[process]
            self._sites.pop(process, None)
        return True

    def remove_any(self, process: Process | None) -> None:
        """`process` gave one back: its own, or else (anybody may release) the oldest holder's."""
        if not self.remove(process) and self._counts:
            self.remove(next(iter(self._counts)))

    def forget(self, process: Process) -> tuple[int, str | None]:
        """`process` died: how many it left behind, and from where it took the last, if that is known."""
        return self._counts.pop(process, 0), self._sites.pop(process, None)
