"""Share state in shared memory: counters, a dict that has a name, a nested list, an array."""

import multiprocessing
from typing import Any

from manor import Manager
from manor.managers import SyncManager

WORKERS = 4
ROUNDS = 1_000


def work(number: int, counters: Any, log: Any, squares: Any) -> None:
    """Change what was passed to this process."""
    for turn in range(ROUNDS):
        counters.add("even" if turn % 2 == 0 else "odd")  # in one step: needs no lock
    log["finished"].append(number)  # a list inside of a dict, the same for all
    squares[number] = number**2


def look_up(address: Any, key: bytes) -> None:
    """Find by its name what was not passed to this process."""
    manager = SyncManager(address=address, authkey=key)
    manager.connect()
    settings = manager.get("settings")
    settings.update_with("users", lambda users: [*users, "bob"])
    assert settings.compare_and_set("state", "new", "seen")


def main() -> None:
    key = b"at least sixteen bytes, and secret"
    with Manager(authkey=key, arena_bytes_max=64 << 20) as manager:
        counters, log, squares = manager.dict(), manager.dict(), manager.Array("q", [0] * WORKERS)
        log["finished"] = manager.list()
        settings = manager.dict(name="settings")
        settings.update(users=["ada"], state="new")

        context = multiprocessing.get_context("spawn")
        processes: list[Any] = [
            context.Process(target=work, args=(number, counters, log, squares)) for number in range(WORKERS)
        ]
        processes.append(context.Process(target=look_up, args=(manager.address, key)))
        for process in processes:
            process.start()
        for process in processes:
            process.join()
            assert process.exitcode == 0

        print(f"counters: {counters}, squares: {list(squares)}, settings: {settings}")
        assert counters == {"even": WORKERS * ROUNDS // 2, "odd": WORKERS * ROUNDS // 2}
        assert sorted(log["finished"]) == list(range(WORKERS))
        assert list(squares) == [0, 1, 4, 9]
        assert settings == {"users": ["ada", "bob"], "state": "seen"}
        assert manager.names() == ["settings"]
        stats = manager.stats()
        print(f"{stats['bytes_used']} bytes in use of {stats['bytes_backed']}, by {stats['objects']}")


if __name__ == "__main__":
    main()
