"""Coroutines of hosted objects: they run on one event loop, in one thread of the server.

Each *step* of a coroutine, from one await to the next, is taken in a turn of its object. So between two awaits nothing
else happens in the object, and while a coroutine waits others can call it: what an author of coroutines expects.

The thread that carries out the client's call waits for the end. It stops waiting when the client no longer does, and
has the coroutine cancelled.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import os
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Iterator
from concurrent.futures import Future, InvalidStateError
from typing import Any, Final

from manor._server.calls import current
from manor._server.waiting import Abandoned, over
from manor._server.whole.chains import Chain, chain_here, here, lock, task_chain
from manor._server.whole.task_turns import Task, waiting_for
from manor._server.whole.turns import Turn
from manor.errors import WouldDeadlock

__all__ = ["cancel", "cancellable", "run"]

_EARLY_MAX: Final = 1024
_running: Final[dict[bytes, Callable[[], None]]] = {}
_cancelled_early: Final[deque[bytes]] = deque(maxlen=_EARLY_MAX)
_loop: asyncio.AbstractEventLoop | None = None
_chain_of_loop: Chain


class _Key(threading.local):
    value: bytes | None = None


_key = _Key()


@contextlib.contextmanager
def cancellable(key: bytes) -> Iterator[None]:
    """Have what this thread runs cancelled by ``cancel`` with that key."""
    outer, _key.value = _key.value, key
    try:
        yield
    finally:
        _key.value = outer


def cancel(key: bytes) -> None:
    """Cancel a coroutine; one that has not begun yet will be at once."""
    with lock:
        stop = _running.get(key)
        if stop is None:
            _cancelled_early.append(key)
    if stop is not None:
        stop()


def run(coroutine: Coroutine[Any, Any, Any], turn: Turn | None, typeid: str, method: str) -> Any:
    """Run a coroutine on the server's loop and return what it returns.

    Args:
        coroutine: It has not begun.
        turn: The turn that each of its steps needs; None for none.
        typeid: Whose method it is, for messages.
        method: Which one.

    Raises:
        CancelledError: It was cancelled.
        Abandoned: Nobody wants its result any more, and it is being cancelled.
        WouldDeadlock: It, or this thread, would wait for itself.
    """
    loop = _running_loop()
    call = f"{typeid if turn is None else turn.what}.{method}"
    task = Task(call, _chain_of_loop, chain_here())
    try:
        if chain_here() is _chain_of_loop:
            raise WouldDeadlock(f"{call}() would wait for ever: it runs on the event loop, whose thread calls it")
        with waiting_for(task):  # before it begins, and may wait for us
            steps = coroutine if turn is None else _in_turns(coroutine, turn, task.chain, method)
            return _outcome(*_begin(loop, steps, task.chain))
    except WouldDeadlock:
        if inspect.getcoroutinestate(coroutine) == inspect.CORO_CREATED:
            coroutine.close()
        raise


def _outcome(done: Future[Any], stop: Callable[[], None]) -> Any:
    """Wait for the outcome of what was begun, for as long as somebody wants it."""
    key, context = _key.value, current()
    if key is not None:
        with lock:
            _running[key] = stop
            early = key in _cancelled_early
        if early:
            stop()

    def abandon() -> None:
        stop()
        with contextlib.suppress(InvalidStateError):  # it is done
            done.set_exception(Abandoned())

    if context is not None:
        context.cancellation.add(abandon)
    try:
        result = done.result()
        if over(context):
            raise Abandoned
        return result
    finally:
        if context is not None:
            context.cancellation.discard(abandon)
        if key is not None:
            with lock:
                _running.pop(key, None)


def _begin(loop: asyncio.AbstractEventLoop, coroutine: Any, chain: Chain) -> tuple[Future[Any], Callable[[], None]]:
    """Run a coroutine on the loop; return what becomes its outcome, and what cancels it."""
    done: Future[Any] = Future()
    tasks: list[asyncio.Task[Any]] = []

    async def outcome() -> Any:
        task_chain.set(chain)
        return await coroutine

    def finish(task: asyncio.Task[Any]) -> None:
        with contextlib.suppress(InvalidStateError):  # nobody waits any more
            if task.cancelled():
                done.set_exception(asyncio.CancelledError())
            elif (error := task.exception()) is not None:
                done.set_exception(error)
            else:
                done.set_result(task.result())

    def begin() -> None:
        tasks.append(loop.create_task(outcome()))
        tasks[0].add_done_callback(finish)

    def stop() -> None:
        if tasks:
            tasks[0].cancel()

    loop.call_soon_threadsafe(begin)
    return done, lambda: _soon(loop, stop)


def _soon(loop: asyncio.AbstractEventLoop, action: Callable[[], object]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has ended with the server
        loop.call_soon_threadsafe(action)


class _in_turns:  # noqa: N801 - reads as what it does
    """Awaits a coroutine whose steps are each taken in a turn."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], turn: Turn, task: Chain, method: str) -> None:
        self._coroutine = coroutine
        self._turn = turn
        self._task = task
        self._method = method

    def __await__(self) -> Generator[Any, Any, Any]:
        coroutine = self._coroutine
        value: Any = None
        error: BaseException | None = None
        while True:
            try:
                yield from self._take_turn().__await__()
            except BaseException as cancelled:  # while it waits for its turn: the coroutine is to see it, in one
                error = error or cancelled
                yield from self._take_turn().__await__()
            try:
                awaited = coroutine.send(value) if error is None else coroutine.throw(error)
            except StopIteration as stop:
                return stop.value
            finally:
                self._turn.leave()
            value = error = None
            try:
                value = yield awaited
            except BaseException as thrown:
                error = thrown

    async def _take_turn(self) -> None:
        loop = asyncio.get_running_loop()
        come = loop.create_future()

        def arrive() -> None:
            if not come.done():
                come.set_result(None)

        def wake() -> None:
            _soon(loop, arrive)

        if not self._turn.ask(self._task, f"{self._turn.what}.{self._method}", wake):
            try:
                await come
            except BaseException:
                self._turn.withdraw(self._task, wake)
                raise
        self._turn.enter_asked(self._task, self._method)


def _forget_loop() -> None:
    """In a forked child: the loop's thread is not there."""
    global _loop
    _loop = None
    _running.clear()


os.register_at_fork(after_in_child=_forget_loop)


def _running_loop() -> asyncio.AbstractEventLoop:
    global _loop
    with lock:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            ready = threading.Event()
            threading.Thread(target=_serve, args=(_loop, ready), name="manor-loop", daemon=True).start()
            ready.wait()
        return _loop


def _serve(loop: asyncio.AbstractEventLoop, ready: threading.Event) -> None:
    global _chain_of_loop
    _chain_of_loop = chain_here()
    here.runs_tasks = True
    asyncio.set_event_loop(loop)
    ready.set()
    loop.run_forever()
