"""A client over TCP lives, and its connection breaks: what it held goes on, and it is told that its manager is gone."""

from multiprocessing.connection import Connection
from typing import Any

import pytest

from manor import ManagerDied
from tests.conformance.children import Child
from tests.conformance.deaths import RELEASED_S
from tests.conformance.relay import relay
from tests.conformance.subjects import KEY, LIMIT_S, MANOR_TCP, ManorManager, Subject, on, until

KINDS = ["Lock", "RLock", "Condition", "BoundedSemaphore"]


def hold(test: Connection, name: str) -> None:
    manager = ManorManager(test.recv(), authkey=KEY)
    manager.connect()
    lock = manager.get(name)
    lock.acquire()
    test.send("holds")
    test.recv()
    try:
        lock.release()
    except ManagerDied:
        test.send("it is gone")


@on(MANOR_TCP)
@pytest.mark.filterwarnings("ignore::manor.OwnerDiedWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_what_a_client_held_whose_connection_broke_is_given_back(subject: Subject, manager: Any, kind: str) -> None:
    lock = getattr(manager, kind)(name=kind)
    with Child(subject.context, hold, kind) as child:  # before the relay, whose sockets it would inherit
        with relay(manager.address) as line:
            child.tell(line.address)
            child.hear()
            assert lock.locked()
        until(lambda: not lock.locked(), RELEASED_S)
        assert lock.owner_died
        assert lock.acquire(True, LIMIT_S)
        child.tell()
        assert child.hear() == "it is gone"
        assert lock.locked()  # its release took nothing from the next one
        lock.release()
