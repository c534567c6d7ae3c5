"""An automatic proxy is unpickled by a shorter way than others, and is none the worse for it."""

import pickle
from collections.abc import Iterator
from typing import Any

import pytest

from manor._proxy.auto import AutoProxy
from manor._proxy.base import RebuildProxy
from manor.errors import ManagerDied
from manor.managers import BaseManager


class Counter:
    def __init__(self) -> None:
        self._count = 0

    def add(self, number: int) -> int:
        self._count += number
        return self._count


class Manager(BaseManager):
    pass


Manager.register("Counter", Counter)


@pytest.fixture
def manager() -> Iterator[Any]:
    with Manager() as found:
        yield found


def test_it_has_all_that_a_proxy_made_by_its_type_has(manager: Any) -> None:
    proxy = manager.Counter()
    unpickled = pickle.loads(pickle.dumps(proxy))
    made = RebuildProxy(AutoProxy, proxy._token, "pickle", {"exposed": proxy._exposed_})
    assert type(unpickled) is type(made) is type(proxy)
    ours, theirs = vars(unpickled).copy(), vars(made).copy()
    tokens = [found.pop("_token") for found in (ours, theirs)]
    assert ours == theirs
    assert pickle.dumps(tokens[0]) == pickle.dumps(tokens[1])


def test_it_keeps_the_object_alive(manager: Any) -> None:
    proxy = manager.Counter()
    proxy.add(1)
    data = pickle.dumps(proxy)
    del proxy
    unpickled = pickle.loads(data)
    assert unpickled.add(1) == 2
    assert pickle.loads(pickle.dumps(unpickled)).add(1) == 3


def test_it_is_not_made_when_its_server_is_gone(manager: Any) -> None:
    data = pickle.dumps(manager.Counter())
    manager.shutdown()
    with pytest.raises(ManagerDied):
        pickle.loads(data)
