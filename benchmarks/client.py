"""A process that makes calls when it is told to."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.subject import FORK


@contextlib.contextmanager
def client(target: Callable[..., None], *args: Any) -> Iterator[Any]:
    """Start `target` with the arguments and a connection; 0 sent over the connection tells it to end."""
    ours, theirs = FORK.Pipe()
    process = FORK.Process(target=target, args=(*args, theirs))
    process.start()
    theirs.close()  # if the client dies, receiving from it is an error and no wait
    try:
        yield ours
    finally:
        with contextlib.suppress(OSError):
            ours.send(0)
        process.join()
