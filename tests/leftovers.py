"""Finds the processes and threads that a test left running. From /proc: nothing to install."""

import contextlib
import multiprocessing
import os
import select
import signal
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from multiprocessing import forkserver, resource_tracker
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """One running process; the start time tells it from a later one with the same number."""

    pid: int
    parent: int
    session: int
    started: int  # clock ticks after the machine's start

    @property
    def command(self) -> str:
        try:
            return Path(f"/proc/{self.pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            return ""

    @property
    def description(self) -> str:
        return f"process {self.pid} (parent {self.parent}): {self.command[:200]}"

    def wait(self, timeout_s: float) -> None:
        """Return when the process has ended, or after the time-out."""
        try:
            descriptor = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return
        try:
            select.select([descriptor], [], [], max(0.0, timeout_s))
        finally:
            os.close(descriptor)

    def end(self) -> None:
        """Abort the process, so that it prints its stacks; kill it if it doesn't end."""
        for number in (signal.SIGABRT, signal.SIGCONT, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)
            if number != signal.SIGABRT:
                self.wait(2.0)


def process_of(pid: int) -> Process | None:
    """Return what /proc says of a process, or None when it has ended (a zombie has)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    if fields[0] in {"Z", "X"}:
        return None
    return Process(pid=pid, parent=int(fields[1]), session=int(fields[3]), started=int(fields[19]))


def running() -> dict[int, Process]:
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return {process.pid: process for process in map(process_of, pids) if process}


def standing() -> set[int | None]:
    """The processes that multiprocessing keeps as long as the interpreter lives."""
    tracker = getattr(resource_tracker, "_resource_tracker")  # noqa: B009 mypy knows no such name
    server = getattr(forkserver, "_forkserver")  # noqa: B009 as above
    return {tracker._pid, server._forkserver_pid}


def ours() -> set[Process]:
    """Return all descendants of this process, and orphaned Python processes of its session."""
    everyone = running()
    keep = standing()
    return {p for p in everyone.values() if p.pid not in keep and (descends(p, everyone) or orphaned(p, everyone))}


def descends(process: Process, everyone: dict[int, Process]) -> bool:
    ancestor: Process | None = process
    while ancestor:
        if ancestor.parent == os.getpid():
            return True
        ancestor = everyone.get(ancestor.parent)
    return False


def orphaned(process: Process, everyone: dict[int, Process]) -> bool:
    # The kernel gives an orphan to process 1, or to a process that asked for orphans, which has its own session.
    session = os.getsid(0)
    parent = everyone.get(process.parent)
    given_away = process.parent == 1 or parent is None or parent.session != session
    return process.session == session and given_away and "python" in process.command


class Processes:
    """The processes that a test started and did not end."""

    def __init__(self) -> None:
        self._before = ours()

    def left_after(self, settle_s: float) -> list[Process]:
        """Return those that are still there when they had the given time to end."""
        deadline = time.monotonic() + settle_s
        multiprocessing.active_children()  # reaps
        while left := ours() - self._before:
            remaining_s = deadline - time.monotonic()
            if remaining_s <= 0:
                break
            next(iter(left)).wait(remaining_s)
            multiprocessing.active_children()
        return sorted(left, key=lambda process: process.pid)


def join_threads(threads: Iterable[threading.Thread], settle_s: float) -> list[threading.Thread]:
    """Return the threads that have not ended within the given time."""
    deadline = time.monotonic() + settle_s
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return [thread for thread in threads if thread.is_alive()]
