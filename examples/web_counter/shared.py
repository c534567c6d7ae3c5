"""What the workers of the box office share, and how each of them finds it."""

import os
from typing import Any, NamedTuple

from manor import Manager
from manor.managers import SyncManager

ADDRESS = "BOX_OFFICE_MANAGER"  # in the environment, which workers inherit

_started: list[SyncManager] = []


class Shared(NamedTuple):
    """The same objects in every worker."""

    tickets: Any  # a dict: the number of each order's ticket
    lock: Any  # held while one is sold
    requests: Any  # a Value: how many were answered


def start() -> None:
    """Start the manager in this process; it ends with this process, however that ends."""
    manager = Manager()
    box_office = manager.dict(name="box office")
    box_office["tickets"] = manager.dict()
    box_office["lock"] = manager.Lock()
    box_office["requests"] = manager.Value("q", 0)
    _started.append(manager)
    os.environ[ADDRESS] = str(manager.address)


def find() -> Shared:
    """Find what was put there by whoever started the manager; without any, start one."""
    if ADDRESS not in os.environ:
        start()
    manager = SyncManager(address=os.environ[ADDRESS])
    manager.connect()
    box_office = manager.get("box office")
    return Shared(*(box_office[name] for name in Shared._fields))


def stop() -> None:
    """Shut down the manager, if it was started here."""
    while _started:
        _started.pop().shutdown()
