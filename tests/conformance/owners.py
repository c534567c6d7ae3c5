"""Processes that own a server, to be killed by a test."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

from tests.conformance.children import Child, Ending
from tests.conformance.subjects import (
    LIMIT_S,
    MANOR_FORK,
    MANOR_SPAWN,
    SUBJECTS,
    Subject,
    register,
)
from tests.leftovers import running

GONE_S = 5.0  # the promise is 1 s, on a machine that is not busy; nothing else would end it within 5
OWNED = (MANOR_FORK, MANOR_SPAWN)  # nobody owns the server of the other subject


class Busy:
    """Has threads that do not end by themselves."""

    def start(self) -> None:
        threading.Thread(target=threading.Event().wait, name="not a daemon", daemon=False).start()

    def wait_for_ever(self) -> None:
        threading.Event().wait()


def named(name: str) -> Subject:
    """Return a subject, which itself cannot be pickled."""
    return next(subject for subject in SUBJECTS if subject.name == name)


def new_manager(subject: Subject, *args: Any, **options: Any) -> Any:
    """Return a manager that has not been started."""
    return subject.manager_class(*args, ctx=subject.context, **options)


def answers(manager: Any) -> None:
    """Wait until the server is there: what is told of its end is not how long a new interpreter takes to begin."""
    assert manager._number_of_objects() >= 0


def own(test: Connection, name: str, use: str, options: dict[str, Any]) -> None:
    """Start a server; tell its process id, and those of other processes that *use* asks for; wait to be killed."""
    subject = named(name)
    manager = new_manager(subject, **options)
    manager.start()
    answers(manager)
    others = []
    if use == "siblings":
        children = [subject.context.Process(target=signal.pause) for _ in range(2)]
        for child in children:
            child.start()
        if (bare := os.fork()) == 0:
            signal.pause()
        others = [*(child.pid for child in children), bare]
    elif use == "pool":
        pool = manager.Pool(2)
        server = subject.server_pid(manager)
        others = [process.pid for process in running().values() if process.parent == server]
        assert pool.apply(len, ([others],)) == 1
        assert len(others) == 2
    elif use == "busy":
        busy = manager.Busy()
        busy.start()
        threading.Thread(target=busy.wait_for_ever, daemon=True).start()
    test.send((subject.server_pid(manager), others))
    test.recv()


def own_alone(test: Connection, name: str, items: str) -> None:
    """As `own`, in a process group of its own that gets Ctrl-C and goes on; use the server when told to."""
    os.setsid()
    subject = named(name)
    with new_manager(subject) as manager:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server has not inherited it
        queue = getattr(manager, items)()
        answers(manager)  # it no longer starts, during which it puts signals off
        test.send(subject.server_pid(manager))
        test.recv()
        answers(manager)  # items need no server
        queue.put("still there")
        test.send(queue.get())
        test.recv()


@contextlib.contextmanager
def owner(subject: Subject, use: str = "", **options: Any) -> Iterator[tuple[Child, Ending, list[Ending]]]:
    """An owner, its server, and other processes of either."""
    with Child(subject.context, own, subject.name, use, options) as child, contextlib.ExitStack() as stack:
        server, others = child.hear()
        endings = [stack.enter_context(Ending(pid)) for pid in set(others)]
        yield child, stack.enter_context(Ending(server)), endings  # it ends first: a pool replaces its workers


def killed(child: Child) -> None:
    """Kill it without waiting for whoever inherited its pipes."""
    with Ending(child.pid) as ending:
        os.kill(child.pid, signal.SIGKILL)
        assert ending.within(LIMIT_S)


register("Busy", Busy)
