"""A foreign, truncated or damaged arena is an error: no crash, no hang."""

import fcntl
import os
import random
import socket
import struct
from pathlib import Path
from typing import Any

import pytest

from manor import ArenaCorrupt, _native
from tests.conformance.children import forked
from tests.faults.arena.damaged import (
    ALLOCATOR,
    BYTES,
    LOCK,
    image,
    locks,
    memory_file,
    use_everything,
    with_damage,
    words_of,
)
from tests.unit.resident.arenas import Hooks

CASES_OF_A_CHILD = 25
SHORT, LONG = 20, 2_000


def attach(fd: int) -> Any:
    return _native.Arena.attach(fd, "test", Hooks())


def word(content: bytes, at: int, value: int) -> bytes:
    changed = bytearray(content)
    struct.pack_into("<Q", changed, at, value)
    return bytes(changed)


def test_garbage_is_no_arena(rng: random.Random) -> None:
    for content in (b"", b"\0", bytes(4096), bytes(BYTES), b"\xff" * BYTES, rng.randbytes(1 << 20), b"manorare" * 4096):
        with memory_file(content) as fd, pytest.raises(ArenaCorrupt):
            attach(fd)


def test_a_copy_of_an_arena_is_one_only_if_its_size_is_sealed() -> None:
    content, handles = image()
    with memory_file(content) as fd:
        assert use_everything(fd, handles, 0) == []
    for seals in (0, fcntl.F_SEAL_SHRINK, fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL):
        with memory_file(content, seals) as fd, pytest.raises(ArenaCorrupt, match="sealed"):
            attach(fd)


def test_a_truncated_arena_and_one_with_a_longer_file_are_refused() -> None:
    content, _ = image()
    for cut in (0, 1, 8, 4095, 4096, 300_000, BYTES // 2, BYTES - 4096, BYTES - 1):
        with memory_file(content[:cut]) as fd, pytest.raises(ArenaCorrupt):
            attach(fd)
    with memory_file(content + bytes(4096)) as fd, pytest.raises(ArenaCorrupt):
        attach(fd)


@pytest.mark.parametrize(("at", "what"), [(0, "magic"), (8, "version"), (16, "size")])
def test_a_wrong_magic_number_version_or_size_is_refused_by_name(at: int, what: str) -> None:
    content, _ = image()
    with memory_file(word(content, at, 99)) as fd, pytest.raises(ArenaCorrupt, match=what):
        attach(fd)


def test_what_is_no_memory_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(image()[0])
    reader, writer = os.pipe()
    directory = os.open(tmp_path, os.O_RDONLY)
    file = os.open(tmp_path / "file", os.O_RDWR)
    with socket.socket() as connection:
        for fd in (reader, writer, directory, file, connection.fileno()):
            with pytest.raises((ArenaCorrupt, OSError)):
                attach(fd)
    for fd in (reader, writer, directory, file):
        os.close(fd)
    for fd in (-1, file):
        with pytest.raises((ValueError, ArenaCorrupt, OSError)):
            attach(fd)


def test_a_lock_of_a_thread_that_never_was_is_an_error_and_no_hang() -> None:
    content, handles = image()
    handle = next(handle for cls, handle in handles if cls is _native.List)
    for at in (ALLOCATOR + LOCK, handle[0] + LOCK):
        with memory_file(word(content, at, 0x3FFF_FFFE)) as fd:
            arena = attach(fd)
            with pytest.raises(ArenaCorrupt, match="lock"):
                _native.List(arena, handle).extend([bytes(100_000)] * 2)


def fuzz(seed: int, cases: int, note: Path) -> list[str]:
    """Damage and use so many arenas; return what went wrong. A crash ends the process, a hang its test."""
    content, handles = image()
    rng = random.Random(seed)  # noqa: S311 no secret
    words = words_of(content, locks(handle for _, handle in handles))
    found = []
    for _ in range(cases):
        damaged, changes = with_damage(content, words, rng)
        note.write_text(f"seed {seed}: {changes}\n")  # should this process not live to tell
        with memory_file(damaged) as fd:
            found += [f"{changes}: {wrong}" for wrong in use_everything(fd, handles, rng.getrandbits(32))]
    return found


@pytest.mark.parametrize("children", [SHORT, pytest.param(LONG, marks=[pytest.mark.stress, pytest.mark.timeout(3600)])])
def test_a_damaged_arena_gives_exceptions_only(rng: random.Random, tmp_path: Path, children: int) -> None:
    for _ in range(children):
        seed = rng.getrandbits(32)
        with forked(lambda _, seed=seed: fuzz(seed, CASES_OF_A_CHILD, tmp_path / "damage")) as child:  # type: ignore[misc]
            print("seed", seed)
            assert child.hear() == []
