"""A key of a manager's own: no process of this machine and user needs it, and whoever gives a wrong one is refused."""

import contextlib
import multiprocessing
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import loky
import pytest

import manor
from tests.conformance.subjects import (
    LIMIT_S,
    MANOR,
    MANOR_FORK,
    MANOR_SPAWN,
    MANOR_TCP,
    STANDARD_FORK,
    STANDARD_SPAWN,
    ManorManager,
    Subject,
    on,
    standard_library_fails,
)

OWN_KEY = b"a key that no other process has by default"
NOBODY = 65534
LOCAL = (MANOR_FORK, MANOR_SPAWN)
REFUSED = (manor.AuthenticationError, multiprocessing.AuthenticationError)


@pytest.fixture(scope="module")
def manager(subject: Subject) -> Iterator[Any]:
    with subject.manager(authkey=OWN_KEY) as started:
        yield started


def read(proxy: Any) -> Any:
    return proxy[:]


def use(data: bytes) -> Any:
    """Everything that a process may do with a proxy of which it has nothing but a pickle."""
    outer = pickle.loads(data)
    outer.append(["by", os.getpid() > 0])
    inner = outer[0]
    inner.append("inner")
    words = outer[1]
    words["new"] = inner
    assert list(words) == ["key", "new"]
    copied = pickle.loads(pickle.dumps(inner))
    assert copied == inner
    return outer[:1] and [inner[:], words["new"][:], outer[-1]]


EXPECTED = [["x", "inner"], ["x", "inner"], ["by", True]]


@pytest.fixture
def nested(manager: Any) -> Any:
    return manager.list([manager.list(["x"]), manager.dict(key=1)])


# A key of the user's own


@standard_library_fails("an unpickled proxy tries the process's default key", on=(*MANOR, STANDARD_FORK))
def test_proxies_nest_and_pickle_under_a_key_of_ones_own(subject: Subject, manager: Any, nested: Any) -> None:
    assert use(pickle.dumps(nested)) == EXPECTED
    nested.append(nested[0])
    assert nested[-1] == ["x", "inner"]


@standard_library_fails(
    "an unpickled proxy tries the process's default key", on=(*MANOR, STANDARD_FORK, STANDARD_SPAWN)
)
def test_a_child_uses_a_pickle_under_a_key_of_ones_own(subject: Subject, manager: Any, nested: Any) -> None:
    assert subject.run_in_child(use, pickle.dumps(nested)) == EXPECTED


def use_directly(outer: Any) -> Any:
    return use(pickle.dumps(outer))


@standard_library_fails("an inner proxy tries the process's default key", on=(*MANOR, STANDARD_FORK, STANDARD_SPAWN))
def test_a_child_uses_an_argument_under_a_key_of_ones_own(subject: Subject, manager: Any, nested: Any) -> None:
    assert subject.run_in_child(use_directly, nested) == EXPECTED


def authkey_is(key: bytes) -> bool:
    return bytes(multiprocessing.current_process().authkey) == key


@on(*LOCAL)
def test_the_key_stays_with_the_manager(subject: Subject, manager: Any, nested: Any) -> None:
    assert OWN_KEY not in pickle.dumps(nested)
    assert not authkey_is(OWN_KEY)
    assert not subject.run_in_child(authkey_is, OWN_KEY)


@on(*MANOR)
def test_a_pool_uses_proxies_under_a_key_of_ones_own(subject: Subject, manager: Any, nested: Any) -> None:
    with subject.context.Pool(1) as pool:
        assert pool.apply_async(use_directly, (nested,)).get(LIMIT_S) == EXPECTED
        pool.close()
        pool.join()


@on(*MANOR)
def test_an_executor_uses_proxies_under_a_key_of_ones_own(subject: Subject, manager: Any, nested: Any) -> None:
    with ProcessPoolExecutor(1, mp_context=subject.context) as executor:
        assert executor.submit(use_directly, nested).result(LIMIT_S) == EXPECTED


@on(*LOCAL)
@pytest.mark.leaves_processes  # loky's resource tracker stays, as that of multiprocessing does
def test_loky_uses_proxies_under_a_key_of_ones_own(subject: Subject, manager: Any, nested: Any) -> None:
    with loky.ProcessPoolExecutor(1) as executor:
        assert executor.submit(use_directly, nested).result(LIMIT_S) == EXPECTED
        executor.shutdown(wait=True, kill_workers=True)


PROGRAM = """
import pickle, sys
sys.path[:0] = {path!r}
from tests.conformance.test_keys import use
print(use(sys.stdin.buffer.read()), end="")
"""


@on(*MANOR)
def test_a_program_of_the_same_user_uses_a_pickle_with_no_key(subject: Subject, manager: Any, nested: Any) -> None:
    found = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(path=sys.path)],
        input=pickle.dumps(nested),
        capture_output=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert (found.stdout.decode(), found.stderr.decode()) == (str(EXPECTED), "")


def use_as_from_elsewhere(data: bytes, key: bytes) -> Any:
    """Use a pickle as a process does that cannot reach the server's own socket."""
    multiprocessing.current_process().authkey = key
    with elsewhere():
        return use(data)


@contextlib.contextmanager
def elsewhere() -> Iterator[None]:
    import manor._proxy.links  # its view of what is near is replaced in this process only

    links: Any = manor._proxy.links
    near, links._is_near = links._is_near, lambda _: False
    try:
        yield
    finally:
        links._is_near = near


@on(MANOR_TCP)
def test_a_process_elsewhere_needs_the_key_as_its_own(subject: Subject, manager: Any, nested: Any) -> None:
    data = pickle.dumps(nested)
    spawned = MANOR_SPAWN  # a child that has inherited no connection
    assert spawned.run_in_child(use_as_from_elsewhere, data, OWN_KEY) == EXPECTED
    with pytest.raises(manor.AuthenticationError):
        spawned.run_in_child(use_as_from_elsewhere, data, b"another key")


def rebuild_elsewhere(parts: tuple[Any, ...], key: bytes) -> Any:
    """What unpickling does with an argument of a spawned process, to which its parent's key was sent along."""
    function, (proxytype, token, serializer, options) = parts
    with elsewhere():
        return function(proxytype, token, serializer, {**options, "authkey": key})[:]


@on(MANOR_TCP)
def test_a_spawned_process_elsewhere_uses_the_key_that_its_parent_sent_along(subject: Subject, manager: Any) -> None:
    parts = manager.list(["x"]).__reduce__()
    assert MANOR_SPAWN.run_in_child(rebuild_elsewhere, parts, OWN_KEY) == ["x"]
    with pytest.raises(manor.AuthenticationError):
        MANOR_SPAWN.run_in_child(rebuild_elsewhere, parts, b"another key")


# A wrong key


@on(*MANOR, STANDARD_FORK)
def test_connecting_with_a_wrong_key_is_refused(subject: Subject, manager: Any) -> None:
    address = manager.address
    for wrong in (b"wrong", b"", OWN_KEY[:-1], OWN_KEY + b"x", bytes(multiprocessing.current_process().authkey)):
        with pytest.raises(multiprocessing.AuthenticationError):
            subject.manager_class(address, wrong).connect()
    right = subject.manager_class(address, OWN_KEY)
    right.connect()
    assert right.list([1])[:] == [1]


@on(*MANOR)
def test_a_manager_without_a_key_connects_with_the_default_key_and_is_refused(subject: Subject, manager: Any) -> None:
    with pytest.raises(REFUSED):
        ManorManager(manager.address).connect()


@on(*MANOR)
def test_a_proxy_that_is_made_with_a_wrong_key_is_refused(subject: Subject, manager: Any) -> None:
    proxy, queue = manager.list([1]), manager.Queue()
    for proxytype, token in ((manor.managers.ListProxy, proxy._token), (manor.managers.AutoProxy, queue._token)):
        with pytest.raises(REFUSED):
            proxytype(token, "pickle", authkey=b"wrong")
        right = proxytype(token, "pickle", authkey=OWN_KEY)
        assert str(right) == str(proxy if proxytype is manor.managers.ListProxy else queue)
        without = proxytype(token, "pickle")
        assert str(without) == str(right)
    assert proxy[:] == [1]


def make_with_wrong_key(token: Any) -> Any:
    return manor.managers.ListProxy(token, "pickle", authkey=b"wrong")[:]


@on(*MANOR)
def test_a_child_that_gives_a_wrong_key_is_refused(subject: Subject, manager: Any) -> None:
    proxy = manager.list([1])
    with pytest.raises(manor.AuthenticationError):
        subject.run_in_child(make_with_wrong_key, proxy._token)
    assert proxy[:] == [1]


@on(*LOCAL)
def test_results_of_a_proxy_with_the_right_key_go_by_its_connection(subject: Subject, manager: Any) -> None:
    outer = manager.dict(a=manager.list([1]))
    with_key: Any = manor.managers.DictProxy(outer._token, "pickle", authkey=OWN_KEY)
    assert list(with_key) == ["a"]
    assert with_key["a"][:] == [1]
    pool = manager.Pool(1)
    pool_with_key = manor.managers.PoolProxy(pool._token, "pickle", authkey=OWN_KEY)
    assert list(pool_with_key.imap(abs, [-1, -2])) == [1, 2]
    pool.terminate()


@on(MANOR_FORK)
def test_a_server_that_does_not_know_the_key_is_refused_by_the_client(subject: Subject, tmp_path: Path) -> None:
    """Somebody else listens where the server is expected, and would take any client."""
    with (
        MANOR_FORK.manager(authkey=b"the impostor's own key", address=str(tmp_path / "impostor")) as impostor,
        pytest.raises(REFUSED),
    ):
        ManorManager(impostor.address, OWN_KEY).connect()
