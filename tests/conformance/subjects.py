"""Who is tested: manor by every way to reach a server, beside the standard library.

A test takes the fixture `subject` (and `manager`, a started one that the tests of a file share). It runs once for each
of SUBJECTS unless one of the markers at the end of this file says otherwise. Types of a test's own are entered with
`register` when its module is imported: `register("Counter", Counter)` gives every manager here a method `Counter`.
"""

import builtins
import contextlib
import gc
import multiprocessing.managers
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from typing import TYPE_CHECKING, Any

import pytest

import manor.managers

LIMIT_S = 60.0  # for what takes a moment, on a machine that does much else
KEY = b"the key of the servers over TCP!"


class ManorManager(manor.managers.SyncManager):
    """Takes what `register` enters; importable by name, so that it can be spawned."""

    if TYPE_CHECKING:

        def __getattr__(self, typeid: str) -> Any: ...


class StandardManager(multiprocessing.managers.SyncManager):
    """As ManorManager."""


def register(typeid: str, *args: Any, **kwds: Any) -> None:
    """Enter a type in the managers of all subjects; the arguments are those of `BaseManager.register`."""
    ManorManager.register(typeid, *args, **kwds)
    StandardManager.register(typeid, *args, **kwds)


class Keeper:
    """A user's object that keeps what it is given, and passes it on."""

    def __init__(self) -> None:
        self.kept: list[Any] = []

    def keep(self, thing: Any) -> None:
        self.kept.append(thing)

    def fail(self, thing: Any) -> None:
        raise ValueError("no")

    def first(self) -> Any:
        return self.kept[0]

    def forget(self) -> None:
        self.kept.clear()


register("Keeper", Keeper)


class ChildFailed(Exception):
    """A child ended without an answer, or with an exception that cannot be pickled."""


@dataclass(frozen=True)
class Subject:
    """A library, the way that its processes start, and the way to its server."""

    name: str
    managers: Any  # the module
    method: str
    over_tcp: bool = False
    resident: bool = True
    """Whether the standard types live in shared memory, where the library has some."""

    @property
    def is_standard(self) -> bool:
        return self.managers is multiprocessing.managers

    @property
    def context(self) -> Any:
        return multiprocessing.get_context(self.method)

    @property
    def manager_class(self) -> Any:
        return StandardManager if self.is_standard else ManorManager

    @contextlib.contextmanager
    def manager(self, **options: Any) -> Iterator[Any]:
        """A started manager; options are keyword arguments of the manager's class."""
        if not self.resident:
            options = {"resident": False, **options}
        if self in {BUILT_IN, THREADING}:
            yield self.managers
        elif self.over_tcp:
            with self._connected(options) as manager:
                yield manager
        else:
            with self.manager_class(ctx=self.context, **options) as manager:
                yield manager

    @contextlib.contextmanager
    def _connected(self, options: dict[str, Any]) -> Iterator[Any]:
        options = {"authkey": KEY, **options}
        reader, writer = self.context.Pipe(duplex=False)
        server = self.context.Process(target=_serve, args=(self.manager_class, options, writer))
        server.start()
        writer.close()
        try:
            with reader:
                assert reader.poll(LIMIT_S), "the server does not start"
                address = reader.recv()
            manager = self.manager_class(address, **options)
            manager.connect()
            yield manager
        finally:
            server.terminate()
            server.join(LIMIT_S)
            server.close()

    def server_pid(self, manager: Any) -> int:
        if self.over_tcp:
            return int(manager.list()._token.route.pid)
        return int(manager._process.pid)

    def run_in_child(self, function: Callable[..., Any], *args: Any, limit_s: float = LIMIT_S) -> Any:
        """Call a function of a module in a new process; return its result, or raise its exception."""
        return run_in_child(self.context, function, *args, limit_s=limit_s)


def run_in_child(context: BaseContext, function: Callable[..., Any], *args: Any, limit_s: float = LIMIT_S) -> Any:
    """Call a function of a module in a new process; return its result, or raise its exception."""
    reader, writer = context.Pipe(duplex=False)
    child: Any = context.Process(target=_answer, args=(writer, function, args))  # type: ignore[attr-defined]
    child.start()
    writer.close()
    end = time.monotonic() + limit_s
    try:
        if not wait([reader], limit_s):
            raise TimeoutError(f"{function.__qualname__} did not return within {limit_s} s in a child")
        succeeded, result = reader.recv()
        child.join(max(0.0, end - time.monotonic()))
    except EOFError:
        child.join(max(0.0, end - time.monotonic()))
        raise ChildFailed(f"{function.__qualname__} ended its process: exit code {child.exitcode}") from None
    finally:
        reader.close()
        if child.is_alive():
            child.kill()
            child.join()
        child.close()
    if succeeded:
        return result
    raise result


def _serve(manager_class: Any, options: dict[str, Any], writer: Connection) -> None:
    server = manager_class(("127.0.0.1", 0), **options).get_server()
    writer.send(server.address)
    writer.close()
    server.serve_forever()


def _answer(writer: Connection, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    try:
        answer = True, function(*args)
    except BaseException as error:
        error.add_note("in a child:\n" + "".join(traceback.format_tb(error.__traceback__)))
        answer = False, error
    try:
        writer.send(answer)
    except Exception:
        writer.send((False, ChildFailed(f"{answer[1]!r} cannot be sent:\n{traceback.format_exc()}")))
    finally:
        writer.close()


def outcome(action: Callable[..., Any], *args: Any) -> tuple[Any, ...]:
    """What an action returns, or the type and the text of what it raises."""
    try:
        return "returns", action(*args)
    except Exception as error:
        return "raises", type(error), str(error)


def objects(manager: Any) -> int:
    """How many objects a manager hosts, when all proxies that nobody refers to have gone."""
    gc.collect()
    return int(manager._number_of_objects())


def until(condition: Callable[[], bool], limit_s: float = LIMIT_S) -> None:
    """Ask a server, which must be a round trip, until it is so."""
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, f"not within {limit_s} s"


MANOR_FORK = Subject("manor-fork", manor.managers, "fork")
MANOR_SPAWN = Subject("manor-spawn", manor.managers, "spawn")
MANOR_TCP = Subject("manor-tcp", manor.managers, "fork", over_tcp=True)
MANOR_SERVED = Subject("manor-served", manor.managers, "fork", resident=False)
STANDARD_FORK = Subject("standard-fork", multiprocessing.managers, "fork")
STANDARD_SPAWN = Subject("standard-spawn", multiprocessing.managers, "spawn")
BUILT_IN = Subject("built-in", builtins, "fork")  # its "manager" makes the built-in list, dict and set themselves
THREADING = Subject("threading", threading, "fork")  # as above: the locks of one process

MANOR = (MANOR_FORK, MANOR_SPAWN, MANOR_TCP)
STANDARD = (STANDARD_FORK, STANDARD_SPAWN)
SUBJECTS = (*MANOR, *STANDARD)
CONTAINERS = (*MANOR, MANOR_SERVED)  # the ways to reach a container: mapped, through the server, in the server
CHEAP = (*CONTAINERS, STANDARD_FORK)  # where the way that processes start makes no difference to the standard library
SHARED_LOCKS = (MANOR_FORK, MANOR_SERVED, MANOR_TCP, STANDARD_FORK)  # what several processes can use
LOCKS = (THREADING, *SHARED_LOCKS)
OUR_LOCKS = (THREADING, MANOR_FORK, MANOR_SERVED, MANOR_TCP)  # where the standard library's proxies have no such method


def on(*subjects: Subject) -> pytest.MarkDecorator:
    """Run a test on these subjects only."""
    return _parametrized([pytest.param(subject, id=subject.name) for subject in subjects])


def standard_library_fails(
    reason: str, *, on: tuple[Subject, ...] = SUBJECTS, before: tuple[int, int] = (99, 0)
) -> pytest.MarkDecorator:
    """Expect the test to fail on the standard library, each time, if the interpreter is older than `before`."""
    fails = pytest.mark.xfail(strict=True, reason=f"standard library: {reason}")
    return _parametrized(
        [
            pytest.param(
                subject, id=subject.name, marks=[fails] if subject.is_standard and sys.version_info < before else []
            )
            for subject in on
        ]
    )


def standard_library_left_out(reason: str) -> pytest.MarkDecorator:
    """Leave the standard library out: it hangs, it races, or it has nothing of the kind; the reason says which."""
    return on(*MANOR)


def _parametrized(parameters: list[Any]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("subject", parameters, indirect=True)
