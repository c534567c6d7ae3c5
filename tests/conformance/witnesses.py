"""What different processes find when a server has ended: each holds a proxy, and tells what its calls raise."""

import contextlib
import json
import os
import pickle
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from tests.conformance.subjects import LIMIT_S, Subject

LATER_CALLS = 50


@dataclass(frozen=True)
class Account:
    """What calls on a proxy of a server that has ended raised."""

    kinds: list[str]  # the names of the exception's classes, of the first call
    message: str
    same_later: bool  # whether every later call said the same
    first_s: float
    later_s: float  # the quickest: the others may have waited for a processor

    def check(self, *said: str) -> None:
        """Assert that it is what a dead server's clients are promised."""
        assert {"ConnectionError", "EOFError", "ManorError", "ManagerDied"} <= set(self.kinds), self
        for text in said:
            assert text in self.message, self
        assert self.same_later, self
        assert self.first_s < 2.0, self
        assert self.later_s < 0.005, self


def account_of(call: Callable[[], object]) -> Account:
    """Make a call again and again."""
    errors: list[BaseException] = []
    seconds: list[float] = []
    for _ in range(1 + LATER_CALLS):
        start = time.perf_counter()
        try:
            call()
        except Exception as error:
            errors.append(error)
        seconds.append(time.perf_counter() - start)
    assert len(errors) == len(seconds), f"{len(seconds) - len(errors)} calls of a dead server returned"
    first = errors[0]
    return Account(
        kinds=[kind.__name__ for kind in type(first).__mro__],
        message=str(first),
        same_later=all(type(error) is type(first) and str(error) == str(first) for error in errors),
        first_s=seconds[0],
        later_s=min(seconds[1:]),
    )


def wait_for_end(descriptor: int) -> None:
    """Return when the process of that pidfd has ended."""
    poller = select.poll()
    poller.register(descriptor, select.POLLIN)
    assert poller.poll(LIMIT_S * 1000), "the server does not end"


@contextlib.contextmanager
def watched(pid: int) -> Iterator[Callable[[], None]]:
    """Watch a process before it is told to end; what is given waits until it has."""
    descriptor = os.pidfd_open(pid)
    try:
        yield lambda: wait_for_end(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def in_child(subject: Subject, proxy: Any) -> Iterator[Callable[[], Account]]:
    """A child process that has called *proxy*; what is given makes it tell."""
    here, there = subject.context.Pipe()
    child = subject.context.Process(target=_tell_in_child, args=(proxy, there, here))
    child.start()
    there.close()
    try:
        assert here.poll(LIMIT_S), "the child does not call"
        assert here.recv() == "called"

        def tell() -> Account:
            here.send("tell")
            assert here.poll(LIMIT_S), "the child's calls do not end"
            found = here.recv()
            assert isinstance(found, Account)
            return found

        yield tell
    finally:
        here.close()
        child.join(LIMIT_S)
        child.close()


def _tell_in_child(proxy: Any, pipe: Any, parents_end: Any) -> None:
    parents_end.close()
    proxy.pid()
    pipe.send("called")
    with contextlib.suppress(EOFError):  # the test has failed already
        pipe.recv()
        pipe.send(account_of(proxy.pid))


@contextlib.contextmanager
def in_foreign_process(proxy: Any) -> Iterator[Callable[[], Account]]:
    """As `in_child`, in a program that has nothing to do with this one."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "tests.conformance.witnesses"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        try:
            pickle.dump(proxy, program.stdin)
            program.stdin.flush()
            assert program.stdout.readline() == b"called\n"

            def tell() -> Account:
                found, _ = program.communicate(b"tell\n", timeout=LIMIT_S)
                return Account(**json.loads(found))

            yield tell
        finally:
            if program.poll() is None:
                program.kill()


def main() -> None:
    proxy = pickle.load(sys.stdin.buffer)
    proxy.pid()
    print("called", flush=True)
    sys.stdin.buffer.readline()
    print(json.dumps(asdict(account_of(proxy.pid))))


if __name__ == "__main__":
    main()
