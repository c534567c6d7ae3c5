"""A program in a control group fills its arena: `ArenaFull`, long before the group's limit ends a process."""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import manor
from tests.conformance.subjects import MANOR_FORK, until

LIMIT_BYTES = 256 << 20
PIECE = bytes(1 << 20)


def limited_group() -> tuple[Path, Callable[[], None]] | None:
    """A new control group below this process's own, with a limit, and what ends it; None where none can be made."""
    root = Path("/sys/fs/cgroup")
    for line in Path("/proc/self/cgroup").read_text(encoding="ascii").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers not in ("", "memory"):
            continue
        parent = root / controllers / path.lstrip("/")
        group = parent / f"manor-test-{os.getpid()}"
        file = "memory.limit_in_bytes" if controllers else "memory.max"
        with contextlib.suppress(OSError):
            group.mkdir()
            try:
                (group / file).write_text(str(LIMIT_BYTES), encoding="ascii")
            except OSError:
                group.rmdir()
                continue
            return group, group.rmdir
    return None


@pytest.fixture
def group() -> Iterator[Path]:
    made = limited_group()
    if made is None:
        pytest.skip("this process may not make control groups")
    path, remove = made

    def is_removed() -> bool:
        with contextlib.suppress(OSError):  # its last process is about to leave it
            remove()
        return not path.exists()

    yield path
    until(is_removed)


def fill_it(group: Path) -> tuple[int, int, int]:
    (group / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")
    with manor.Manager() as manager:
        reserved = manager.stats()["bytes_reserved"]
        kept, pieces = manager.dict(a=1), manager.list([PIECE][:0])
        with pytest.raises(manor.ArenaFull):
            while True:
                pieces.append(PIECE)
        count = len(pieces)
        with pytest.raises(manor.ArenaFull):
            kept["b"] = PIECE * 2
        assert kept.copy() == {"a": 1}
        assert pieces[0] == pieces[count // 2] == pieces[-1] == PIECE
        del pieces[:4]
        kept["b"] = PIECE * 2
        kept.clear()
        pieces.clear()
        for _ in range(count - 4):
            pieces.append(PIECE)
        return reserved, count, len(pieces)


def test_an_arena_is_full_before_the_limit_of_its_group_is_reached(group: Path) -> None:
    reserved, count, again = MANOR_FORK.run_in_child(fill_it, group)
    assert reserved == LIMIT_BYTES // 2
    assert LIMIT_BYTES // 4 < count * len(PIECE) <= reserved
    assert again == count - 4
