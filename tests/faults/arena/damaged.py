"""Copies of an arena with damage in them, and a process that does everything with one."""

import fcntl
import os
import random
import struct
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from manor import _native
from tests.faults.arena.victims import seeded
from tests.unit.resident.arenas import Hooks

__all__ = ["BYTES", "image", "memory_file", "use_everything", "with_damage", "words_of"]

BYTES = 2 << 20
WORD = 8
SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
LOCK = 8  # of a lockable: see crates/arena/src/layout.rs
ALLOCATOR = 4096
Handle = tuple[int, int]
KEYS = [*range(5), *(f"key {number}" for number in range(20)), ("a", 1), 2.5, b"bytes", "long " * 100]


@contextmanager
def memory_file(content: bytes, seals: int = SEALS) -> Iterator[int]:
    """The descriptor of a memory file with this content."""
    fd = os.memfd_create("foreign", os.MFD_ALLOW_SEALING)
    try:
        os.ftruncate(fd, len(content))
        written = 0
        while written < len(content):
            written += os.pwrite(fd, content[written:], written)
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, seals)
        yield fd
    finally:
        os.close(fd)


def fill(objects: Iterable[_native.Object]) -> None:
    for one in objects:
        if isinstance(one, _native.Dict):
            for key in KEYS:
                one[key] = key if isinstance(key, int | str) else None
        elif isinstance(one, _native.List):
            one.extend([*range(200), "text" * 100, None, 1.5])
        elif isinstance(one, _native.Set):
            for key in KEYS:
                one.add(key)
        elif isinstance(one, _native.Variable):
            one.set("value " * 20)


def image() -> tuple[bytes, list[tuple[type[_native.Object], Handle]]]:
    """The bytes of an arena with objects of every type, some in others, and how to open them."""
    arena = _native.Arena.create(BYTES, "image", Hooks())
    objects = [cls(arena) for cls in (_native.Dict, _native.List, _native.Set, _native.Variable) for _ in range(2)]
    fill(objects)
    outer, inner = objects[0], objects[2]
    assert isinstance(outer, _native.Dict)
    outer["inner"] = inner
    arena.add_name("name", outer)
    for one in objects:
        one._lease(600.0)
    content = os.pread(arena.fileno(), BYTES, 0)
    return content, [(type(one), one._handle) for one in objects]


def locks(handles: Iterable[Handle]) -> set[int]:
    """The words that say which thread holds a lock: a damaged one may name a thread that lives, and is waited for."""
    return {ALLOCATOR + LOCK, *(at + LOCK for at, _ in handles)}


def words_of(content: bytes, spared: set[int]) -> list[int]:
    """Where there is something to be damaged."""
    return [at for at in range(0, len(content), WORD) if at not in spared and any(content[at : at + WORD])]


def with_damage(content: bytes, words: list[int], rng: random.Random) -> tuple[bytes, str]:
    """The content with a few words changed, and which: flipped bits, other words, small and large numbers."""
    damaged, changes = bytearray(content), []
    for at in rng.sample(words, rng.choice([1, 1, 1, 2, 5])):
        (old,) = struct.unpack_from("<Q", content, at)
        (other,) = struct.unpack_from("<Q", content, rng.choice(words))
        new = rng.choice([old ^ (1 << rng.randrange(64)), other, 0, 2**64 - 1, old + WORD, rng.getrandbits(64)])
        struct.pack_into("<Q", damaged, at, new & (2**64 - 1))
        changes.append(f"{at:#x}: {old:#x} -> {new:#x}")
    return bytes(damaged), ", ".join(changes)


def attempt(found: list[str], action: Any, *args: Any) -> Any:
    """Do something that may raise any exception, but for one that says that the process is out of order."""
    try:
        return action(*args)
    except (SystemError, RecursionError, KeyboardInterrupt):
        found.append(traceback.format_exc())
    except BaseException as error:
        if type(error).__name__ == "PanicException":
            found.append(traceback.format_exc())
    return None


def use_everything(fd: int, handles: list[tuple[type[_native.Object], Handle]], seed: int) -> list[str]:
    """Attach, and do everything with every object; return what went wrong, which exceptions of ours are not."""
    rng, found = seeded(seed), list[str]()
    arena = attempt(found, _native.Arena.attach, fd, "fuzz", Hooks())
    if arena is None:
        return found
    actions: list[tuple[Any, ...]] = [
        (arena.stats,), (arena.objects,), (arena.processes,), (arena.names,), (arena.find_name, "name"),
        (arena.sweep_dead,), (arena.reap,), (arena.trim,),
    ]  # fmt: skip
    opened = [attempt(found, cls, arena, handle) for cls, handle in handles]
    for one in (each for each in opened if each is not None):
        actions += actions_on(one)
    rng.shuffle(actions)
    for action in actions:
        attempt(found, *action)
    for cls in (_native.Dict, _native.List, _native.Set, _native.Variable):
        attempt(found, lambda made: fill([made]), attempt(found, cls, arena))
    attempt(found, arena.remove_name, "name")
    attempt(found, arena.end)
    return found


def actions_on(one: Any) -> list[tuple[Any, ...]]:
    if isinstance(one, _native.Dict):
        return [
            *((one.get, key) for key in KEYS), *((one.pop, key, None) for key in KEYS[::3]),
            *((one.__setitem__, key, "new" * 30) for key in KEYS[::2]), (one.items,), (list, one._walk(0, False)),
            (one.popitem,), (one.add, 1), (one.setdefault, "d", 1), (len, one), (one._lease, 1.0), (one.clear,),
        ]  # fmt: skip
    if isinstance(one, _native.List):
        return [
            *((one.__getitem__, at) for at in range(0, 220, 20)), (one.__getitem__, slice(5, 150)), (one._snapshot,),
            *((one.insert, at, "x" * 50) for at in range(0, 220, 30)), *((one.pop, at) for at in range(0, 150, 30)),
            (one.append, 1), (one.extend, range(300)), (one.__setitem__, 7, None), (list, one._walk(False)),
            (one._add, 3, 1), (len, one), (one.clear,),
        ]  # fmt: skip
    if isinstance(one, _native.Set):
        return [
            *((one.__contains__, key) for key in KEYS), *((one.discard, key) for key in KEYS[::3]), (one._members,),
            (one.add, "new"), (one.pop,), (list, one._walk()), (len, one), (one.clear,),
        ]  # fmt: skip
    return [(one.get,), (one.set, 5), (one._add, 1), (one._witness,), (one.set, "text" * 50)]
