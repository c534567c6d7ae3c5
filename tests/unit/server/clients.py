"""Clients for testing hosted objects without a server: threads that carry out calls, one by one, as the server's do."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any, Generic, TypeVar, cast

from manor._server.calls import Call, as_current, current
from manor._server.waiting import Cancellation

T = TypeVar("T")
LIMIT_S = 30.0  # for what takes a moment


class ClientProcess:
    """Stands in for the server's record of a client process."""

    def __init__(self, pid: int = 4711) -> None:
        self.pid = pid
        self.name = f"Process-{pid}"


class Pending(Generic[T]):
    """A call under way."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.future: Future[T] = Future()

    def result(self) -> T:
        return self.future.result(LIMIT_S)

    def error(self) -> BaseException | None:
        return self.future.exception(LIMIT_S)

    def cancel(self) -> None:
        self.call.cancellation.cancel()


class Client:
    """A thread of a client process, with the server thread that serves it."""

    _serials = iter(range(1, 1_000_000))

    def __init__(self, process: ClientProcess | None = None, thread: int | None = None) -> None:
        self.process = process or ClientProcess()
        self.thread = thread or next(self._serials)
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._server_thread = threading.Thread(target=self._serve, daemon=True)
        self._server_thread.start()

    def another_session(self) -> "Client":
        """The same thread of the same process, with another server thread to serve it."""
        return Client(self.process, self.thread)

    def start(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> Pending[T]:
        """Begin a call."""
        pending: Pending[T] = Pending(Call(self.process, self.thread, Cancellation()))

        def carry_out() -> None:
            try:
                with as_current(pending.call):
                    result = function(*args, **kwargs)
            except BaseException as error:
                pending.future.set_exception(error)
            else:
                pending.future.set_result(result)

        self._work.put(carry_out)
        return pending

    def run(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Make a call whose answer arrives."""
        return self.start(function, *args, **kwargs).result()

    def lose(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Make a call whose answer gets lost, so that it is undone."""
        pending = self.start(function, *args, **kwargs)
        result = pending.result()
        self.undo(pending)
        return result

    def undo(self, pending: Pending[Any]) -> None:
        def undo_all() -> None:
            for step in reversed(pending.call.undo):
                step()

        self.run(undo_all)

    def close(self) -> None:
        self._work.put(None)
        self._server_thread.join(LIMIT_S)

    def _serve(self) -> None:
        while carry_out := self._work.get():
            carry_out()


@contextmanager
def clients(count: int, process: ClientProcess | None = None) -> Iterator[list[Client]]:
    """Clients, each in a process of its own unless one is given."""
    made = [Client(process or ClientProcess(number)) for number in range(count)]
    try:
        yield made
    finally:
        for client in made:
            client.close()


class _Watched(deque[Any]):
    """The waiters of a condition, telling whoever is interested that there is another one."""

    def __init__(self, condition: threading.Condition) -> None:
        super().__init__()
        self._guard = threading.Lock()
        self._appended = threading.Condition(self._guard)
        self._condition = condition

    def append(self, waiter: Any) -> None:
        with self._appended:
            super().append(waiter)
            self._appended.notify_all()

    def insert(self, place: int, waiter: Any) -> None:
        with self._appended:
            super().insert(place, waiter)
            self._appended.notify_all()

    def wait_for_length(self, length: int) -> None:
        with self._appended:
            assert self._appended.wait_for(lambda: len(self) >= length, LIMIT_S), f"{len(self)} of {length} wait"


def watch(condition: threading.Condition) -> Callable[[int], None]:
    """A function that returns when so many wait on the condition. Call it before anybody waits."""
    inside = cast(Any, condition)
    assert not inside._waiters
    inside._waiters = watched = _Watched(condition)

    def until_waiting(count: int) -> None:
        watched.wait_for_length(count)
        with condition:  # the last one has let go of the lock, that is, it waits
            pass

    return until_waiting


def waiting_on(condition: threading.Condition) -> int:
    """How many waiters the condition has."""
    return len(cast(Any, condition)._waiters)


def hook(subject: object, name: str, before: Callable[[], object]) -> None:
    """Have `before` called whenever the object's method `name` is."""
    original = getattr(subject, name)

    def hooked(*args: Any, **kwargs: Any) -> Any:
        before()
        return original(*args, **kwargs)

    setattr(subject, name, hooked)


def linger_on_waking(condition: threading.Condition, client: Client) -> Callable[[], None]:
    """Have the client stop short when it has been woken, before it has the condition's lock; call what returns then."""
    resumed = threading.Event()

    def linger() -> None:
        call = current()
        if call is not None and call.process is client.process:
            assert resumed.wait(LIMIT_S)

    hook(condition, "_acquire_restore", linger)
    return resumed.set
