"""``SharedMemoryManager``: blocks of ``multiprocessing.shared_memory`` that end with the manager."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from multiprocessing import ProcessError, resource_tracker, util
from multiprocessing.shared_memory import ShareableList
from multiprocessing.shared_memory import SharedMemory as Block
from typing import Any

from manor._server.server import Server
from manor._wire.calls import SERVER
from manor.managers.base import BaseManager
from manor.managers.registering import State

__all__ = ["SharedMemoryManager", "SharedMemoryServer", "_SharedMemoryTracker"]


class _SharedMemoryTracker:
    """Remembers the names of blocks, and unlinks them."""

    def __init__(self, name: str, segment_names: Iterable[str] = ()) -> None:
        self.shared_memory_context_name = name
        self.segment_names: list[str] = list(segment_names)

    def register_segment(self, segment_name: str) -> None:
        """Remember a block."""
        util.debug(f"Register segment {segment_name!r} in pid {os.getpid()}")
        self.segment_names.append(segment_name)

    def destroy_segment(self, segment_name: str) -> None:
        """Unlink a block; one that is gone already is no error."""
        util.debug(f"Destroy segment {segment_name!r} in pid {os.getpid()}")
        self.segment_names.remove(segment_name)
        try:
            segment = Block(segment_name)
        except FileNotFoundError:
            return
        segment.close()
        segment.unlink()

    def unlink(self) -> None:
        """Unlink every block."""
        for name in self.segment_names[:]:
            self.destroy_segment(name)

    def __del__(self) -> None:
        util.debug(f"Call {self.__class__.__name__}.__del__ in {os.getpid()}")
        self.unlink()


class SharedMemoryServer(Server):
    """A server that also keeps the names of shared memory blocks."""

    def __init__(self, *args: Any, **kwds: Any) -> None:
        """As ``Server``."""
        super().__init__(*args, **kwds)
        self.shared_memory_context: _SharedMemoryTracker = _SharedMemoryTracker(f"shm_{os.getpid()}")
        tracker = self.shared_memory_context
        self.functions.add("track_segment", lambda _, name: tracker.register_segment(name))
        self.functions.add("release_segment", lambda _, name: tracker.destroy_segment(name))
        self.functions.add("list_segments", lambda _: list(tracker.segment_names))

    def close(self) -> None:
        """Unlink every block, then end."""
        self.shared_memory_context.unlink()
        super().close()


class SharedMemoryManager(BaseManager):
    """Makes ``SharedMemory`` and ``ShareableList`` objects whose blocks are unlinked when the manager ends."""

    _Server = SharedMemoryServer

    def __init__(self, *args: Any, **kwds: Any) -> None:
        """As ``BaseManager``; the resource tracker is started first, so that the server shares it."""
        resource_tracker.ensure_running()
        super().__init__(*args, **kwds)

    def __del__(self) -> None:
        util.debug(f"{self.__class__.__name__}.__del__ by pid {os.getpid()}")

    def get_server(self) -> SharedMemoryServer:
        """Return a server for this process to run."""
        if self._state.value != State.INITIAL:
            if self._state.value == State.STARTED:
                raise ProcessError("Already started SharedMemoryServer")
            raise ProcessError("SharedMemoryManager has shut down")
        return self._entered(
            self._Server(self._registry, self._address, self._authkey, self._serializer, limits=self._limits)
        )

    def _call(self, name: str, *args: Any) -> Any:
        if self._state.value != State.STARTED:
            raise ValueError("SharedMemoryManager is not running: start it, or use it in a with block")
        return self._started_link().call(SERVER, name, args)

    def SharedMemory(self, size: int) -> Block:  # noqa: N802 - the standard library's name
        """Return a new block of at least *size* bytes."""
        block: Block = self._tracked(lambda: Block(None, create=True, size=size), lambda block: block)
        return block

    def ShareableList(self, sequence: Iterable[Any]) -> Any:  # noqa: N802 - the standard library's name
        """Return a new list of fixed length in shared memory."""
        return self._tracked(lambda: ShareableList(sequence), lambda found: found.shm)

    def _tracked(self, make: Callable[[], Any], block_of: Callable[[Any], Block]) -> Any:
        self._call("dummy")
        made = make()
        block = block_of(made)
        try:
            self._call("track_segment", block.name)
        except BaseException:
            block.unlink()
            raise
        return made
