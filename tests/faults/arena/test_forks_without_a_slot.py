"""Children that are forked while every slot is taken: what they inherited reaches the same objects by the server."""

import gc
import pickle
import warnings
from collections.abc import Iterator
from contextlib import ExitStack
from multiprocessing.connection import Connection
from typing import Any

import pytest

from manor import ManorWarning
from manor.managers import DictProxy, ListProxy
from tests.conformance.children import forked
from tests.conformance.runtime_folders import runtime_folder
from tests.conformance.subjects import MANOR_FORK, ManorManager
from tests.faults.arena.test_forks_and_slots import taken_by_a_child

__all__ = ["runtime_folder"]


class Inherited:
    """What the children of a test find."""

    def __init__(self, manager: Any) -> None:
        self.manager = manager
        self.dict = manager.dict(a=1)
        self.list = manager.list([1, 2, 3])
        self.dict["inner"] = self.list
        self.value = manager.Value("i", 5)
        self.space = manager.Namespace(x=1)
        self.set = manager.set([1])
        self.array = manager.Array("i", [1, 2])


@pytest.fixture
def inherited() -> Iterator[Inherited]:
    with ExitStack() as stack:
        manager = stack.enter_context(MANOR_FORK.manager())
        found = Inherited(manager)
        stack.enter_context(taken_by_a_child(manager._process.pid, manager.stats()["bytes_reserved"]))
        yield found


def quiet(work: Any) -> Any:
    def run(pipe: Connection) -> Any:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = work(pipe)
        return found, [str(each.message) for each in caught if issubclass(each.category, ManorWarning)]

    return run


def test_what_was_inherited_is_read_and_changed_through_the_server_with_one_warning(inherited: Inherited) -> None:
    on = inherited

    def work(_: Connection) -> list[Any]:
        on.dict["b"] = 2
        on.dict.add("a", 1)
        on.list.append(4)
        on.list += [5]
        on.value.value = 6
        on.space.y = 2
        on.set.add(2)
        on.array[0] = 7
        on.dict["new"] = on.manager.list(["made by the child"])
        on.dict["again"] = on.list
        return [
            sorted(on.dict.keys()), on.list[:], len(on.list), 4 in on.list, list(on.list), on.value.value, on.space.x,
            sorted(on.set), list(on.array), on.dict["inner"][-1], isinstance(on.dict, DictProxy), str(on.list),
            isinstance(on.list, ListProxy), on.list == [1, 2, 3, 4, 5], pickle.loads(pickle.dumps(on.list))[0],
        ]  # fmt: skip

    with forked(quiet(work)) as child:
        found, warned = child.hear()
    assert found == [
        ["a", "again", "b", "inner", "new"], [1, 2, 3, 4, 5], 5, True, [1, 2, 3, 4, 5], 6, 1,
        [1, 2], [7, 2], 5, True, "[1, 2, 3, 4, 5]", True, True, 1,
    ]  # fmt: skip
    assert len(warned) == 1
    assert "forked while every slot of the arena was taken" in warned[0]
    assert (on.dict["a"], on.dict["b"], on.dict["new"][:]) == (2, 2, ["made by the child"])
    assert on.list[:] == on.dict["again"][:] == [1, 2, 3, 4, 5]
    assert (on.value.value, on.space.y, sorted(on.set), list(on.array)) == (6, 2, [1, 2], [7, 2])


def test_a_child_keeps_what_its_parent_drops(inherited: Inherited) -> None:
    on = inherited
    del on.dict["inner"]

    def work(pipe: Connection) -> Any:
        pipe.send("forked")
        pipe.recv()
        return on.list[:]

    with forked(quiet(work)) as child:
        assert child.hear() == "forked"
        del on.list
        gc.collect()
        child.tell()
        assert child.hear()[0] == [1, 2, 3]


def test_a_grandchild_goes_through_the_server_too(inherited: Inherited) -> None:
    on = inherited

    def work(_: Connection) -> Any:
        on.dict["child"] = 1
        with forked(lambda _: on.dict.update(grandchild=1)) as grandchild:
            grandchild.hear()
        return sorted(map(str, on.dict.keys()))

    with forked(quiet(work)) as child:
        assert child.hear()[0] == ["a", "child", "grandchild", "inner"]


def test_other_managers_of_the_process_are_not_touched(inherited: Inherited) -> None:
    with ManorManager(ctx=MANOR_FORK.context) as other:
        near = other.dict(a=1)

        def work(_: Connection) -> Any:
            near["b"] = inherited.dict["a"]
            return type(near).__mro__[1].__name__, near["b"]

        with forked(quiet(work)) as child:
            assert child.hear()[0] == ("ResidentContainer", 1)
        assert near["b"] == 1


@pytest.mark.usefixtures("runtime_folder")
def test_proxies_of_named_objects_of_a_named_manager_go_through_the_server_likewise() -> None:
    with ManorManager(ctx=MANOR_FORK.context, name="scores") as manager:
        table = manager.dict(name="table")
        table["a"] = 1

        def work(_: Connection) -> list[Any]:
            table["b"] = 2
            return [table["a"], len(table), isinstance(table, DictProxy)]

        with taken_by_a_child(manager._process.pid, manager.stats()["bytes_reserved"]), forked(quiet(work)) as child:
            found, said = child.hear()
        assert found == [1, 2, True]
        assert len(said) == 1
        assert table["b"] == 2


class Parent:
    """In a server: forks."""

    def append(self, items: Any) -> list[Any]:
        with forked(quiet(lambda _: items.append("grandchild") or items[:])) as child:
            found: list[Any] = child.hear()
            return found


def test_a_child_of_the_server_goes_through_the_server_too(inherited: Inherited) -> None:
    on = inherited
    parent = on.manager.create(Parent)
    found, [warned] = parent.append(on.list)
    assert found == on.list[:] == [1, 2, 3, "grandchild"]
    assert "forked while every slot of the arena was taken" in warned
