"""Coroutine methods of proxies: the call waits in a thread, the caller's event loop goes on.

Threads that wait are kept for a moment after a call, since each has a connection of its own.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import os
import queue
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from manor._codec.raised import Raised
from manor._wire import chains

if TYPE_CHECKING:
    from manor._proxy.base import BaseProxy

__all__ = ["async_generator", "async_method", "await_call"]

_IDLE_S: Final = 0.25


class _Worker:
    """A thread that runs one function after the other, and ends when there is none for a while."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="manor-await", daemon=True).start()

    def run(self, job: Callable[[], object]) -> None:
        """Have a function run."""
        self._jobs.put(job)

    def _work(self) -> None:
        while True:
            try:
                self._jobs.get(timeout=_IDLE_S)()
            except queue.Empty:
                with _lock:
                    if self in _idle:
                        _idle.remove(self)
                        return
                continue
            with _lock:
                _idle.append(self)


_lock = threading.Lock()
_idle: list[_Worker] = []


def _forget_workers() -> None:
    """In a forked child: their threads are not there."""
    global _lock
    _lock = threading.Lock()
    _idle.clear()


os.register_at_fork(after_in_child=_forget_workers)


def _in_thread(job: Callable[[], object]) -> None:
    with _lock:
        worker = _idle.pop() if _idle else None
    (worker or _Worker()).run(job)


def _start(proxy: BaseProxy, method: str, args: tuple[Any, ...], kwds: Mapping[str, Any]) -> asyncio.Future[Any]:
    """Call a method in a thread; return what becomes its result."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()
    context = contextvars.copy_context()
    call = chains.for_another_thread(functools.partial(proxy._callmethod, method, args, kwds))

    def settle(result: Any, error: BaseException | None) -> None:
        if future.done():
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    def job() -> None:
        result, error = None, None
        try:
            result = context.run(call)
        except BaseException as raised:
            error = raised
        try:
            loop.call_soon_threadsafe(settle, result, error)
        except RuntimeError:  # the loop is closed: nobody waits
            return

    _in_thread(job)
    return future


async def await_call(proxy: BaseProxy, method: str, args: tuple[Any, ...], kwds: dict[str, Any]) -> Any:
    """Call a coroutine method of a hosted object; cancelling this cancels that, and waits for its end."""
    key = os.urandom(16)
    future = _start(proxy, "#AWAIT", (key, method, args, kwds), {})
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        if future.done():
            raise
    _start(proxy, "#CANCEL", (key,), {})
    return await future


def async_method(name: str) -> Callable[..., Any]:
    """Return a coroutine method that calls the hosted object's."""

    async def call(self: BaseProxy, /, *args: Any, **kwds: Any) -> Any:
        return await await_call(self, name, args, kwds)

    return call


def async_generator(name: str) -> Callable[..., Any]:
    """Return a method that returns what the hosted object's asynchronous generator gives."""

    async def call(self: BaseProxy, /, *args: Any, **kwds: Any) -> Any:
        stream = await _start(self, name, args, kwds)
        step: tuple[str, tuple[Any, ...]] = ("__anext__", ())
        try:
            while True:
                found, item = await await_call(stream, *step, {})
                if not found:
                    return
                try:
                    sent = yield item
                except Exception as error:  # which somebody throws in
                    step = "athrow", (Raised(error),)
                else:
                    step = ("__anext__", ()) if sent is None else ("asend", (sent,))
        finally:
            await await_call(stream, "aclose", (), {})

    return call
