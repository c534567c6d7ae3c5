"""Share a dict, a lock and an object of an own class between processes."""

from concurrent.futures import ProcessPoolExecutor
from typing import Any

from manor.managers import SyncManager


class Journal:
    """Any class will do: its instance lives in the manager's process."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def write(self, line: str) -> int:
        self._lines.append(line)
        return len(self._lines)

    def lines(self) -> list[str]:
        return sorted(self._lines)


class Manager(SyncManager):
    """The manager with our class added."""


Manager.register("Journal", Journal)


def add(totals: Any, lock: Any, journal: Any, name: str, points: int) -> None:
    with lock:
        totals[name] = totals.get(name, 0) + points
    journal.write(f"{name} has scored {points}")


def main() -> None:
    with Manager() as manager, ProcessPoolExecutor(2) as pool:
        totals, lock, journal = manager.dict(), manager.Lock(), manager.Journal()  # type: ignore[attr-defined]
        scores = [("ada", 3), ("bob", 2), ("ada", 4), ("bob", 5)]
        for future in [pool.submit(add, totals, lock, journal, name, points) for name, points in scores]:
            future.result()
        print(totals.copy())
        print(*journal.lines(), sep="\n")
        assert totals.copy() == {"ada": 7, "bob": 7}
        assert len(journal.lines()) == 4


if __name__ == "__main__":
    main()
