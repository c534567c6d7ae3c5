"""Proxies that were inside containers leave nothing behind: no object, no memory."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.deaths import RELEASED_S
from tests.conformance.subjects import (
    CHEAP,
    MANOR,
    MANOR_FORK,
    MANOR_SERVED,
    MANOR_SPAWN,
    Subject,
    objects,
    on,
    standard_library_fails,
    standard_library_left_out,
    until,
)

LEAK_BYTES = 20_000_000  # what a test would leak that leaks everything
FLAT_BYTES = 4_000_000
UNCOUNTED = "it does not count what only a container holds"
LEAKS = "its server keeps every object of which it ever unpickled a proxy"


def memory_of(pid: int) -> int:
    """How many bytes of a process are in memory."""
    (line,) = (line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024


def memory_used(subject: Subject, manager: Any) -> int:
    """How many bytes a manager takes: those of its server, and what its objects take of the memory that all share."""
    served = memory_of(subject.server_pid(manager))
    return served if subject.is_standard else served + int(manager.stats().get("bytes_used", 0))


def list_round(manager: Any, outer: Any, inner: Any) -> None:
    outer.append(inner)
    del outer[-1]


def pop_round(manager: Any, outer: Any, inner: Any) -> None:
    outer.append(inner)
    assert outer.pop()[0] is not None


def dict_round(manager: Any, outer: Any, inner: Any) -> None:
    outer["key"] = inner
    assert outer["key"][0] is not None
    del outer["key"]


def queue_round(manager: Any, outer: Any, inner: Any) -> None:
    outer.put(inner)
    assert outer.get()[0] is not None


def value_round(manager: Any, outer: Any, inner: Any) -> None:
    outer.value = [inner]
    outer.value = None


def namespace_round(manager: Any, outer: Any, inner: Any) -> None:
    outer.inner = {"deep": (inner,)}
    del outer.inner


def keeper_round(manager: Any, outer: Any, inner: Any) -> None:
    outer.keep(inner)
    outer.forget()


Round = Callable[[Any, Any, Any], None]
ROUNDS: list[tuple[str, tuple[Any, ...], Round]] = [
    ("list", (), pop_round),
    ("dict", (), dict_round),
    ("Queue", (), queue_round),
    ("Value", ("i", 0), value_round),
    ("Namespace", (), namespace_round),
    ("Keeper", (), keeper_round),
]


def leaves_the_server_flat(subject: Subject, rounds: int, kind: str, args: tuple[Any, ...], go_round: Round) -> None:
    """Make an inner list, put it in and take it out, again and again; look at the server after a first part of it."""
    payload = bytes(LEAK_BYTES // rounds)
    with subject.manager() as manager:
        outer = getattr(manager, kind)(*args)
        for _ in range(rounds // 10):
            go_round(manager, outer, manager.list([payload]))
        count, memory = objects(manager), memory_used(subject, manager)
        for _ in range(rounds):
            go_round(manager, outer, manager.list([payload]))
        assert objects(manager) == count
        assert memory_used(subject, manager) - memory < FLAT_BYTES


@on(MANOR_FORK, MANOR_SPAWN)  # the next test is of a size that the standard library can manage
def test_10_000_inner_proxies_added_and_removed_leave_the_server_flat(subject: Subject) -> None:
    leaves_the_server_flat(subject, 10_000, "list", (), list_round)


@pytest.mark.parametrize(("kind", "args", "go_round"), ROUNDS, ids=[kind for kind, _, _ in ROUNDS])
@standard_library_fails(LEAKS, on=CHEAP)
def test_inner_proxies_added_and_removed_leave_the_server_flat(
    subject: Subject, kind: str, args: tuple[Any, ...], go_round: Round
) -> None:
    leaves_the_server_flat(subject, 200, kind, args, go_round)


@standard_library_left_out(UNCOUNTED)
def test_an_inner_proxy_that_is_read_again_and_again_is_counted_once(subject: Subject) -> None:
    with subject.manager() as manager:
        outer = manager.list([manager.list()])
        before = objects(manager)
        held = [outer[0] for _ in range(100)]
        assert objects(manager) == before
        del outer[0]
        assert objects(manager) == before
        del held[1:]
        held[0].append(1)
        held.clear()
        assert objects(manager) == before - 1


@on(MANOR_SERVED)
def test_large_inner_objects_give_their_memory_back_at_once(subject: Subject) -> None:
    with subject.manager() as manager:
        outer, pid = manager.dict(), subject.server_pid(manager)
        before = memory_of(pid)
        outer["big"] = manager.list([bytes(50_000_000)])
        assert memory_of(pid) - before > 40_000_000
        del outer["big"]
        objects(manager)
        assert memory_of(pid) - before < 20_000_000


@on(*MANOR)
def test_large_inner_objects_in_shared_memory_give_it_back(subject: Subject) -> None:
    with subject.manager() as manager:
        outer = manager.dict()
        objects(manager)  # the server is up: it is what gives memory back
        before = manager.stats()
        outer["big"] = manager.list([bytes(50_000_000)])
        assert manager.stats()["bytes_backed"] - before["bytes_backed"] > 40_000_000
        del outer["big"]
        assert manager.stats()["bytes_used"] < before["bytes_used"] + 1_000_000
        until(lambda: manager.stats()["bytes_backed"] - before["bytes_backed"] < 20_000_000, RELEASED_S)


@on(*MANOR)
def test_a_call_that_fails_keeps_nothing_of_its_arguments(subject: Subject) -> None:
    with subject.manager() as manager:
        outer, keeper = manager.list(), manager.Keeper()
        before = objects(manager)
        failures: list[Callable[[], Any]] = [
            lambda: outer.insert("no index", manager.list()),
            lambda: outer.remove(manager.list([1])),
            lambda: keeper.fail(manager.list([1])),
            lambda: keeper.keep(manager.list(), "one too many"),
            lambda: keeper._callmethod("missing", (manager.list(),)),
            lambda: outer.extend([manager.list(), lambda: None]),
            lambda: manager.Value("i", manager.list(), True, "one too many"),
        ]
        for fail in failures:
            for _ in range(3):
                with pytest.raises(Exception):  # noqa: B017 - whatever it raises
                    fail()
            assert objects(manager) == before
