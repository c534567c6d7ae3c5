"""A manager is there before its server runs: what works at once, what waits, and what is said if it never does."""

import gc
import os
import signal
import sys
import threading
import types
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import manor
from tests.conformance.children import Child, Ending, forked
from tests.conformance.late_servers import Gate, late, own_late
from tests.conformance.owners import GONE_S, OWNED
from tests.conformance.probe import Probe
from tests.conformance.subjects import KEY, LIMIT_S, MANOR_SPAWN, ManorManager, Subject, on, run_in_child, until


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "gate"


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as found:
        yield found


@on(*OWNED)
def test_containers_work_before_the_server_runs(subject: Subject, path: Path) -> None:
    with late(subject, path) as (manager, gate):
        scores = manager.dict(a=1, name="kept")
        scores["b"] = manager.list([1, 2])
        assert scores["b"][1] == 2
        assert manager.names() == []
        named = manager.dict(name="scores")
        named["c"] = 3
        gate.open()
        assert manager.get("scores")["c"] == 3
        assert manager.stats()["objects"] == {"dict": 2, "list": 1}
        assert manager._number_of_objects() == 3


@on(*OWNED)
def test_a_call_that_needs_the_server_waits_for_it_in_every_thread(
    subject: Subject, path: Path, pool: ThreadPoolExecutor
) -> None:
    with late(subject, path) as (manager, gate):
        started = threading.Barrier(3)

        def ask() -> int:
            started.wait()
            return manager.Probe().pid()  # type: ignore[no-any-return]

        calls = [pool.submit(ask) for _ in range(2)]
        started.wait()
        with pytest.raises(manor.CallTimeout), manor.deadline(0.05):
            manager.Probe()
        assert not any(call.done() for call in calls)
        gate.open()
        assert [call.result(LIMIT_S) for call in calls] == [manager._process.pid] * 2
        assert manager.Probe().pid() == manager._process.pid


def add(items: Any) -> int:
    items.append(3)
    return len(items)


@on(*OWNED)
def test_processes_that_are_started_meanwhile_get_working_proxies(
    subject: Subject, path: Path, pool: ThreadPoolExecutor
) -> None:
    with late(subject, path) as (manager, gate):
        items = manager.list([1])
        length = pool.submit(run_in_child, subject.context, add, items)
        gate.open()
        assert length.result(LIMIT_S) == 2
        assert items[:] == [1, 3]


@on(*OWNED)
def test_a_child_that_is_forked_meanwhile_can_use_the_server(
    subject: Subject, path: Path, pool: ThreadPoolExecutor
) -> None:
    with late(subject, path) as (manager, gate):

        def ask_in_child() -> Any:
            with forked(lambda _: manager.Probe().pid()) as child:
                return child.hear()

        answer = pool.submit(ask_in_child)
        gate.open()
        assert answer.result(LIMIT_S) == manager._process.pid


@on(*OWNED)
def test_shutdown_meanwhile_ends_it_in_order(
    subject: Subject, path: Path, pool: ThreadPoolExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    with late(subject, path) as (manager, gate):
        items = manager.list([1])
        end = pool.submit(manager.shutdown)
        gate.open()
        end.result(LIMIT_S)
        assert manager._process.exitcode == 0
        with pytest.raises(manor.ManagerDied, match="was shut down"):
            items.append(2)
    assert [each.name for each in tmp_path.iterdir()] == ["gate"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
@on(*OWNED)
def test_signals_that_it_handles_do_not_find_it_unprepared(
    subject: Subject, path: Path, number: signal.Signals
) -> None:
    with late(subject, path) as (manager, gate):
        os.kill(manager._process.pid, number)
        gate.open()
        if number == signal.SIGINT:
            assert manager.Probe().pid() == manager._process.pid
        else:
            manager.join(LIMIT_S)
            assert manager._process.exitcode == 0


@on(*OWNED)
def test_it_ends_with_an_owner_that_is_killed_meanwhile(
    subject: Subject, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    gate = Gate(path)
    with Child(subject.context, own_late, subject.name, str(path)) as child, Ending(child.hear()) as server:
        with Ending(child.pid) as owner:
            os.kill(child.pid, signal.SIGKILL)
            assert owner.within(LIMIT_S)
        gate.open()
        assert server.within(LIMIT_S)
    gate.close()
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith("manor-")] == []


@on(*OWNED)
def test_one_that_is_killed_meanwhile_is_one_exception_for_the_first_who_needs_it(subject: Subject, path: Path) -> None:
    with late(subject, path) as (manager, _):
        items = manager.list([1])
        with Ending(manager._process.pid) as server:
            os.kill(server.pid, signal.SIGKILL)
            assert server.within(GONE_S)
        with pytest.raises(manor.ManagerStartError, match="killed by SIGKILL before it listened"):
            manager.Probe()
        with pytest.raises(manor.ManagerDied, match="could not start"):
            manager.Probe()
        items.append(2)
        assert items[:] == [1, 2]


def nobody(probe: Probe) -> bool:
    return probe.mortals() == 0


@on(*OWNED)
def test_what_the_very_first_calls_leave_behind_is_freed(subject: Subject) -> None:
    for _ in range(5):
        with ManorManager(None, KEY, ctx=subject.context) as manager:
            shelf = manager.list([manager.Mortal()])
            gc.collect()
            del shelf[:]
            until(partial(nobody, manager.Probe()))


@pytest.fixture
def only_here(monkeypatch: pytest.MonkeyPatch) -> type:
    """A class that no other process can import."""
    module = types.ModuleType("known_here_only")
    found = type("Odd", (), {"__module__": module.__name__})
    monkeypatch.setattr(module, "Odd", found, raising=False)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return found


def started_with(odd: type, subject: Subject) -> Any:
    """A manager whose server cannot start, since it cannot import a class."""

    class Manager(ManorManager):
        pass

    Manager.register("Odd", odd)
    manager: Any = Manager(None, KEY, ctx=subject.context)
    manager.start()
    return manager


@on(MANOR_SPAWN)
def test_a_class_that_the_server_cannot_import_is_one_exception_that_says_so(subject: Subject, only_here: type) -> None:
    manager = started_with(only_here, subject)
    with pytest.raises(manor.ManagerStartError, match="known_here_only") as caught:
        manager.Odd()
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)
    with pytest.raises(manor.ManagerDied, match="known_here_only"):
        manager.Pool(1)
    manager.shutdown()


@on(MANOR_SPAWN)
def test_a_failure_that_nobody_met_is_a_warning_in_the_end(subject: Subject, only_here: type) -> None:
    manager = started_with(only_here, subject)
    manager.dict(a=1)
    with pytest.warns(manor.ManorWarning, match="known_here_only"):
        manager.shutdown()


def test_what_cannot_be_pickled_for_the_server_is_an_error_of_start() -> None:
    class Manager(ManorManager):
        pass

    lock = threading.Lock()
    Manager.register("Odd", lambda: lock)
    manager: Any = Manager(None, KEY, ctx=MANOR_SPAWN.context)
    with warnings.catch_warnings(), pytest.raises((AttributeError, TypeError), match="lock"):
        manager.start()
