"""Which managers can be passed to a process that is started by spawn: those that have started no server."""

import copy
import importlib
import multiprocessing
import pickle
from typing import Any

import pytest

KEY = b"sixteen bytes..."
SPAWN = multiprocessing.get_context("spawn")


def count(manager: Any, results: Any) -> None:
    """In the child: make an object by what was passed, and use it."""
    shared = manager.list(["made in the child"])
    results.put((len(shared), shared[0]))


@pytest.fixture(params=["multiprocessing.managers", "manor.managers"])
def managers(request: pytest.FixtureRequest) -> Any:
    return importlib.import_module(request.param)


def test_one_that_is_connected_makes_objects_in_the_child(managers: Any) -> None:
    with managers.SyncManager(address=("127.0.0.1", 0), authkey=KEY) as server:
        client = managers.SyncManager(address=server.address, authkey=KEY)
        client.connect()
        results = SPAWN.SimpleQueue()
        child = SPAWN.Process(target=count, args=(client, results))
        child.start()
        assert results.get() == (1, "made in the child")
        child.join()
        assert child.exitcode == 0
        results.close()
        child.close()


def test_one_that_runs_a_server_is_refused(managers: Any) -> None:
    with managers.SyncManager() as manager, pytest.raises(TypeError):
        SPAWN.Process(target=count, args=(manager, None)).start()


def test_none_can_be_pickled_for_anybody_else(managers: Any) -> None:
    with pytest.raises(TypeError):
        pickle.dumps(managers.SyncManager(address="somewhere", authkey=KEY))


def test_a_copy_is_made_of_any(managers: Any) -> None:
    with managers.SyncManager() as manager:
        assert list(copy.copy(manager).list([1])) == [1]


def test_leaving_one_that_is_connected_ends_no_server() -> None:
    managers = importlib.import_module("manor.managers")
    with managers.SyncManager(address=("127.0.0.1", 0), authkey=KEY) as server:
        kept = server.list([1], name="kept")
        client = managers.SyncManager(address=server.address, authkey=KEY)
        client.connect()
        with client:
            client.get("kept").append(2)
        assert kept == [1, 2]
