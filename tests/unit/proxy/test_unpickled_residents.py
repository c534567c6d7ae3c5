"""A proxy of shared memory is unpickled in one native step, or else in the longer way: with the same outcome."""

import pickle
from collections.abc import Iterator
from typing import Any

import pytest

from manor._proxy.resident.proxies import CLASSES
from manor._resident import attachment
from manor._resident.pickled import TYPEIDS, rebuild_resident
from manor.errors import ManagerDied, ObjectGone
from manor.managers import SyncManager


@pytest.fixture
def manager() -> Iterator[Any]:
    with SyncManager() as found:
        yield found


def made_by(manager: Any, typeid: str) -> Any:
    args = {"Value": ("i", 1), "Array": ("i", [1]), "Barrier": (2,), "defaultdict": (int,)}
    return getattr(manager, typeid)(*args.get(typeid, ()))


def record_of(proxy: Any) -> bytes:
    return bytes(proxy.__reduce__()[1][0])


def test_every_class_has_a_number_of_its_own() -> None:
    assert sorted(TYPEIDS) == sorted(CLASSES)
    assert TYPEIDS[:3] == ("dict", "list", "set")


@pytest.mark.parametrize("typeid", TYPEIDS)
def test_it_is_a_proxy_of_the_same_object(manager: Any, typeid: str) -> None:
    proxy = made_by(manager, typeid)
    unpickled = pickle.loads(pickle.dumps(proxy))
    assert type(unpickled) is type(proxy)
    assert unpickled._handle == proxy._handle
    assert unpickled._arena is proxy._arena
    assert unpickled._tag == proxy._tag


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_protocol_of_pickles_will_do(manager: Any, protocol: int) -> None:
    proxy = manager.dict(a=1)
    assert pickle.loads(pickle.dumps(proxy, protocol))["a"] == 1


def test_a_process_with_many_managers_finds_the_right_one() -> None:
    managers = [SyncManager() for _ in range(6)]
    try:
        for manager in managers:
            manager.start()
        proxies = [manager.list([number]) for number, manager in enumerate(managers)]
        assert [pickle.loads(pickle.dumps(proxy))[0] for proxy in proxies] == list(range(6))
    finally:
        for manager in managers:
            manager.shutdown()


def test_a_process_that_is_not_attached_takes_the_longer_way(manager: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = manager.dict(a=1)
    record = record_of(proxy)
    with monkeypatch.context() as patch:
        patch.delitem(attachment.arenas, proxy._attachment.server)
        found = rebuild_resident(record)
        assert found["a"] == 1
        found["a"] = 2
    assert proxy["a"] == 2


def test_an_object_that_is_gone_is_not_found_again(manager: Any) -> None:
    proxy = manager.dict()
    record = bytearray(record_of(proxy))
    record[24] += 1  # of another generation
    with pytest.raises(ObjectGone):
        rebuild_resident(bytes(record))


def test_it_is_not_made_when_its_manager_is_gone() -> None:
    with SyncManager() as manager:
        data = pickle.dumps(manager.dict())
    with pytest.raises(ManagerDied):
        pickle.loads(data)
