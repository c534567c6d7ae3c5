"""A program that prints how long `shutdown()` takes: `python -m tests.conformance.shutting_down LIBRARY METHOD`.

A program of its own, since a spawned server imports what its owner's main module does: here, hardly anything.
"""

import importlib
import multiprocessing
import sys
import threading
import time
from contextlib import suppress
from typing import Any

ROUNDS = 5
CLIENTS = 5


def wait_for_ever(begun: Any, items: Any) -> None:
    with suppress(ConnectionError, EOFError):
        begun.wait()
        items.get()


def shut_down(manager: Any, clients: int) -> float:
    """Return how many seconds it takes, while threads wait."""
    manager.start()
    assert manager._number_of_objects() == 0  # the server is there: its start is not what is measured
    begun, items = manager.Barrier(clients + 1), manager.Queue()
    threads = [threading.Thread(target=wait_for_ever, args=(begun, items)) for _ in range(clients)]
    for thread in threads:
        thread.start()
    begun.wait()
    start = time.perf_counter()
    manager.shutdown()
    took = time.perf_counter() - start
    for thread in threads:
        thread.join()
    return took


def main(library: str, method: str) -> None:
    managers: Any = importlib.import_module(library)
    clients = 0 if library == "multiprocessing.managers" else CLIENTS  # there they would hang
    context = multiprocessing.get_context(method)
    print(*(shut_down(managers.SyncManager(ctx=context), clients) for _ in range(ROUNDS)))


if __name__ == "__main__":
    main(*sys.argv[1:])
