"""Proxies inside containers: they keep what they stand for alive as long as they are there, and no longer."""

import gc
import pickle
from collections.abc import Callable
from typing import Any

import manor
from tests.conformance.subjects import (
    CHEAP,
    MANOR,
    MANOR_FORK,
    Subject,
    objects,
    on,
    standard_library_left_out,
    until,
)

UNCOUNTED = "it does not count what only a container holds"


@on(*CHEAP)
def test_an_inner_object_outlives_the_proxy_that_put_it_there(subject: Subject, manager: Any) -> None:
    outer, words = manager.list(), manager.dict()
    outer.append(manager.list([1]))
    outer.append([{"deep": manager.list([2])}])
    words["key"] = manager.dict(a=manager.list([3]))
    gc.collect()
    assert outer[0][:] == [1]
    assert outer[1][0]["deep"][:] == [2]
    assert words["key"]["a"][:] == [3]
    words["key"]["a"].append(4)
    assert words["key"]["a"][:] == [3, 4]


@on(*CHEAP)
def test_what_is_taken_out_is_alive(subject: Subject, manager: Any) -> None:
    outer = manager.list([manager.list([n]) for n in range(3)])
    words = manager.dict({n: manager.list([n]) for n in range(3)})
    queue, keeper = manager.Queue(), manager.Keeper()
    queue.put(manager.list(["queued"]))
    keeper.keep(manager.list(["kept"]))
    gc.collect()
    taken = [outer.pop(), outer.pop(0), words.pop(1), words.popitem()[1], queue.get(), keeper.first()]
    keeper.forget()
    gc.collect()
    assert [proxy[:] for proxy in taken] == [[2], [0], [1], [2], ["queued"], ["kept"]]
    for proxy in taken:
        proxy.append("alive")


@standard_library_left_out(UNCOUNTED)
def test_an_inner_object_in_two_containers_lives_until_it_is_in_none(subject: Subject) -> None:
    with subject.manager() as manager:
        one, other = manager.list(), manager.dict()
        before = objects(manager)
        inner = manager.list([1])
        one.append(inner)
        one.append(inner)
        other["key"] = inner
        del inner
        assert objects(manager) == before + 1
        del one[:]
        assert other["key"][:] == [1]
        assert objects(manager) == before + 1
        other.clear()
        assert objects(manager) == before


def replace(outer: Any) -> None:
    outer[0] = None


def replace_by_slice(outer: Any) -> None:
    outer[:] = [None]


def take_and_drop(outer: Any) -> None:
    outer.pop()


def clear_by_slice(outer: Any) -> None:
    del outer[:]


def remove_by_value(outer: Any) -> None:
    outer.remove(outer[0])


def multiply_by_nothing(outer: Any) -> None:
    outer *= 0


def clear(outer: Any) -> None:
    outer.clear()


REMOVALS = [replace, replace_by_slice, take_and_drop, clear_by_slice, remove_by_value, multiply_by_nothing, clear]


@standard_library_left_out(UNCOUNTED)
def test_every_way_to_remove_an_inner_proxy_frees_it(subject: Subject) -> None:
    with subject.manager() as manager:
        outer = manager.list()
        before = objects(manager)
        for remove in REMOVALS:
            outer[:] = [manager.list([1])]
            assert objects(manager) == before + 1
            remove(outer)
            assert objects(manager) == before, remove


@standard_library_left_out(UNCOUNTED)
def test_every_way_to_remove_a_value_from_a_dict_frees_it(subject: Subject) -> None:
    with subject.manager() as manager:
        words = manager.dict()
        before = objects(manager)
        removals: list[Callable[[], Any]] = [
            words.clear,
            words.popitem,
            lambda: words.pop("key"),
            lambda: words.update(key=None),
            lambda: words.__setitem__("key", manager.list()) or words.clear(),
            lambda: words.__delitem__("key"),
        ]
        for remove in removals:
            words["key"] = manager.list([1])
            assert objects(manager) == before + 1
            remove()
            assert objects(manager) == before


@standard_library_left_out(UNCOUNTED)
def test_a_container_that_goes_takes_what_is_in_it_along(subject: Subject) -> None:
    with subject.manager() as manager:
        before = objects(manager)
        outer = manager.list([manager.dict(a=manager.list([manager.Value("i", 1)])), manager.Lock()])
        assert objects(manager) == before + 5
        del outer
        assert objects(manager) == before


@on(*MANOR)
def test_a_chain_of_thousands_of_containers_goes_at_once(subject: Subject) -> None:
    with subject.manager() as manager:
        before = objects(manager)
        outer = manager.list()
        for _ in range(3000):
            outer = manager.list([outer])
        assert objects(manager) == before + 3001
        del outer
        assert objects(manager) == before


@on(*MANOR)
def test_changing_places_frees_nothing(subject: Subject, manager: Any) -> None:
    outer = manager.list([manager.list([n]) for n in range(3)])
    outer[0], outer[1] = outer[1], outer[0]
    outer.reverse()
    outer.sort(key=len)
    outer += outer
    other = manager.list(outer)
    outer.clear()
    gc.collect()
    assert [inner[:] for inner in other] == [[2], [0], [1]] * 2


@standard_library_left_out("it hashes each proxy by itself")
def test_proxies_are_members_and_keys_by_the_identity_of_their_object(subject: Subject) -> None:
    with subject.manager() as manager:
        members, words, inner = manager.set(), manager.dict(), manager.list([1])
        before = objects(manager)
        members.add(inner)
        words[inner] = "found"
        assert inner in members
        assert words[inner] == "found"
        assert manager.list([1]) not in members
        members.add(members.pop())
        del inner
        (found,) = members
        assert found[:] == [1]
        del found
        assert objects(manager) == before
        members.clear()
        words.clear()
        assert objects(manager) == before - 1


def fill(outer: Any, manager_address: Any = None) -> None:
    outer.append(pickle.loads(pickle.dumps(outer[0])))


def take_all(outer: Any) -> list[Any]:
    return [outer.pop()[:] for _ in range(len(outer))]


def test_an_inner_object_outlives_the_child_that_put_it_there(subject: Subject, manager: Any) -> None:
    outer = manager.list([manager.list([1])])
    subject.run_in_child(fill, outer)
    gc.collect()
    assert subject.run_in_child(take_all, outer) == [[1], [1]]
    assert len(outer) == 0


@standard_library_left_out("a proxy of another manager arrives without that manager's key")
def test_a_container_keeps_an_object_of_another_manager_alive(subject: Subject, manager: Any) -> None:
    with MANOR_FORK.manager(limits=manor.Limits(pickle_lease_s=0.2)) as other:
        outer = manager.list()
        before = objects(other)
        outer.append(other.list([1]))
        leased_later = other.list()
        pickle.dumps(leased_later)
        del leased_later
        until(lambda: objects(other) == before + 1)  # leases end in turn, so the inner list's has
        outer.clear()
        until(lambda: objects(other) == before)  # its server says so to the other


@on(*MANOR)
def test_an_object_of_another_manager_is_alive_when_it_is_taken_out(subject: Subject, manager: Any) -> None:
    with MANOR_FORK.manager() as other:
        outer = manager.list([other.list([1])])
        gc.collect()
        inner = outer.pop()
        inner.append(2)
        assert inner[:] == [1, 2]


@on(*MANOR)
def test_a_cycle_of_containers_lives_until_the_manager_ends(subject: Subject) -> None:
    with subject.manager() as manager:
        before = objects(manager)
        one, other = manager.list(), manager.dict()
        one.append(other)
        other["back"] = one
        selfish = manager.list()
        selfish.append(selfish)
        assert selfish[0][0][0]._token.id == selfish._token.id
        assert one[0]["back"][0]._token.id == other._token.id
        del one, other, selfish
        assert objects(manager) == before + 3
