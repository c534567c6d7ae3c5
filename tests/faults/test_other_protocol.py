"""The standard library's manager and ours speak different protocols: each side says so, in time, and goes on."""

import multiprocessing
import multiprocessing.managers
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import manor.managers
from manor.limits import Limits
from tests.faults.stage import KEY, Attacked, attacked
from tests.faults.strangers import LIMIT_S

PATIENT_S = 0.3


@pytest.fixture(scope="module")
def server() -> Iterator[Attacked]:
    with attacked(Limits(handshake_s=PATIENT_S)) as found:
        yield found


@pytest.fixture(scope="module", params=["tcp", "path"])
def standard(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A manager of the standard library, started, at either kind of address."""
    path: Path = tmp_path_factory.mktemp("standard") / "socket"
    address = ("127.0.0.1", 0) if request.param == "tcp" else str(path)
    context = multiprocessing.get_context("fork")
    with multiprocessing.managers.SyncManager(address, KEY, ctx=context) as manager:
        yield manager


@pytest.mark.parametrize("over", ["tcp", "path"])
def test_a_client_of_the_standard_library_is_hung_up_on(server: Attacked, over: str) -> None:
    client = multiprocessing.managers.BaseManager(getattr(server, over), KEY)
    start = time.monotonic()
    with pytest.raises((EOFError, ConnectionResetError)):  # it waits to be spoken to, and is, by nobody
        client.connect()
    assert time.monotonic() - start < PATIENT_S + LIMIT_S
    server.check_unharmed()


def test_a_server_of_the_standard_library_is_none_of_manors_and_our_client_says_so(standard: Any) -> None:
    client = manor.managers.BaseManager(standard.address, KEY)
    start = time.monotonic()
    with pytest.raises(manor.ProtocolError, match="no manor process: it began with"):
        client.connect()
    assert time.monotonic() - start < LIMIT_S
    assert standard.dict(a=1).copy() == {"a": 1}  # it goes on


def test_a_proxy_of_ours_for_an_object_of_the_standard_librarys_server_is_an_error_of_manors(standard: Any) -> None:
    theirs = standard.list([1, 2])._token
    token = manor.managers.Token(theirs.typeid, theirs.address, theirs.id)
    start = time.monotonic()
    with pytest.raises(manor.ManagerDied, match="cannot be reached: the peer is no manor process"):
        manor.managers.ListProxy(token, "pickle", authkey=KEY)
    assert time.monotonic() - start < LIMIT_S
