"""Iterating over a list, a dict, a set or an array: what the built-in would give, a round trip for each chunk."""

import multiprocessing.managers
import pickle
from collections.abc import Generator, Iterator
from typing import Any

import pytest

import manor.managers
from manor._proxy.link import Link
from tests.conformance.subjects import (
    BUILT_IN,
    CHEAP,
    MANOR,
    MANOR_SERVED,
    MANOR_TCP,
    ManorManager,
    StandardManager,
    Subject,
    on,
    register,
    standard_library_fails,
    standard_library_left_out,
)

SIZES = [0, 1, 255, 256, 257, 1279, 1280, 1281, 5000]
WITH_BUILT_IN = (BUILT_IN, *CHEAP)


class Crew:
    """A class of a user's that answers with an iterator, which stays in the server."""

    def __init__(self, names: list[str]) -> None:
        self.names = names

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)


def squares(count: int) -> Generator[int, int | None, None]:
    received: int | None = None
    for number in range(count):
        received = yield number * number + (received or 0)


register("Crew", Crew, exposed=("__iter__",), method_to_typeid={"__iter__": "Iterator"})
ManorManager.register("squares", squares, manor.managers.IteratorProxy)
StandardManager.register("squares", squares, multiprocessing.managers.IteratorProxy)  # type: ignore[attr-defined]


@pytest.fixture
def round_trips(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The methods that the test's process has called in a server so far."""
    calls: list[str] = []
    where: Any = multiprocessing.managers.BaseProxy if subject.is_standard else Link
    name, at = ("_callmethod", 0) if subject.is_standard else ("call", 1)
    original = getattr(where, name)

    def counted(self: Any, *args: Any, **kwds: Any) -> Any:
        calls.append(args[at])
        return original(self, *args, **kwds)

    monkeypatch.setattr(where, name, counted)
    return calls


# Whole containers


@on(*WITH_BUILT_IN)
def test_a_list_gives_its_items_in_order(subject: Subject, manager: Any) -> None:
    for size in SIZES:
        assert list(iter(manager.list(range(size)))) == list(range(size))


@on(*WITH_BUILT_IN)
def test_a_reversed_list_gives_its_items_from_the_end(subject: Subject, manager: Any) -> None:
    for size in SIZES:
        assert list(reversed(manager.list(range(size)))) == list(range(size - 1, -1, -1))


@on(*WITH_BUILT_IN)
def test_a_dict_gives_its_keys_in_order_of_insertion(subject: Subject, manager: Any) -> None:
    for size in SIZES:
        items = [(f"key {-number}", number) for number in range(size)]
        assert list(iter(manager.dict(items))) == [key for key, _ in items]


@standard_library_fails("a dict proxy has no __reversed__", on=WITH_BUILT_IN, before=(3, 14))
def test_a_reversed_dict_gives_its_keys_newest_first(subject: Subject, manager: Any) -> None:
    for size in SIZES:
        keys = [f"key {number}" for number in range(size)]
        assert list(reversed(manager.dict(dict.fromkeys(keys)))) == keys[::-1]


@on(BUILT_IN, *MANOR)  # the standard library has had sets since 3.14
def test_a_set_gives_each_of_its_members_once(subject: Subject, manager: Any) -> None:
    for size in SIZES:
        assert sorted(iter(manager.set(range(size)))) == list(range(size))


@on(*CHEAP)
def test_an_array_gives_its_items_in_order(subject: Subject, manager: Any) -> None:
    for size in SIZES:
        assert list(iter(manager.Array("q", range(size)))) == list(range(size))


@on(*WITH_BUILT_IN)
def test_whatever_takes_an_iterable_takes_a_container(subject: Subject, manager: Any) -> None:
    numbers, words = manager.list([3, 1, 2]), manager.dict(b=1, a=2)
    first, *rest = numbers
    assert (first, rest, sum(numbers), max(numbers)) == (3, [1, 2], 6, 3)
    assert (sorted(numbers), [*words], tuple(words), set(words)) == ([1, 2, 3], ["b", "a"], ("b", "a"), {"a", "b"})
    assert list(zip(numbers, words, strict=False)) == [(3, "b"), (1, "a")]
    assert dict(words) == {"b": 1, "a": 2}
    assert [*map(str, numbers)] == ["3", "1", "2"]
    assert list(enumerate(numbers)) == [(0, 3), (1, 1), (2, 2)]


def test_a_namespace_and_a_value_cannot_be_iterated_over(subject: Subject, manager: Any) -> None:
    for proxy in (manager.Namespace(x=1), manager.Value("i", 7)):
        with pytest.raises(TypeError, match="not iterable"):
            iter(proxy)


@on(*CHEAP)
def test_items_arrive_as_copies_and_proxies_as_proxies(subject: Subject, manager: Any) -> None:
    inner = manager.list(["x"])
    outer = manager.list([[1], inner])
    plain, proxy = outer
    plain.append(2)
    proxy.append("y")
    assert (outer[0], inner[:]) == ([1], ["x", "y"])


# Round trips


@pytest.mark.parametrize(("size", "trips_max"), [(255, 2), (256, 2), (257, 3), (1280, 3), (5000, 5)])
@standard_library_fails("a list proxy has no __iter__: a round trip for each item", on=CHEAP)
def test_a_list_costs_a_round_trip_for_each_chunk(
    subject: Subject, manager: Any, round_trips: list[str], size: int, trips_max: int
) -> None:
    proxy = manager.list(range(size))
    round_trips.clear()
    assert sum(1 for _ in proxy) == size
    assert len(round_trips) <= trips_max


@pytest.mark.parametrize(("size", "trips_max"), [(1, 1), (255, 1), (257, 2), (5000, 4)])
@standard_library_fails("a dict's iterator gives one key for each round trip", on=CHEAP)
def test_a_dict_costs_a_round_trip_for_each_chunk(
    subject: Subject, manager: Any, round_trips: list[str], size: int, trips_max: int
) -> None:
    proxy = manager.dict(dict.fromkeys(range(size)))
    round_trips.clear()
    assert sum(1 for _ in proxy) == size
    assert len(round_trips) <= trips_max


@standard_library_fails("a round trip for each item", on=CHEAP)
def test_arrays_and_reversed_lists_cost_a_round_trip_for_each_chunk(
    subject: Subject, manager: Any, round_trips: list[str]
) -> None:
    array, numbers = manager.Array("q", range(5000)), manager.list(range(5000))
    round_trips.clear()
    assert sum(1 for _ in array) == 5000
    assert len(round_trips) <= 5
    assert sum(1 for _ in reversed(numbers)) == 5000
    assert len(round_trips) <= 10


@on(MANOR_TCP, MANOR_SERVED)  # nothing is fetched from a container that is mapped
def test_no_chunk_has_more_items_than_the_limit_says(subject: Subject, round_trips: list[str]) -> None:
    with subject.manager(limits=manor.Limits(chunk_items_max=10)) as manager:
        for proxy in (
            manager.list(range(100)),
            manager.dict(dict.fromkeys(range(100))),
            manager.Array("q", range(100)),
        ):
            round_trips.clear()
            assert sorted(proxy) == list(range(100))
            assert 10 <= len(round_trips) <= 12


@on(MANOR_TCP, MANOR_SERVED)
def test_the_first_item_does_not_wait_for_the_last(subject: Subject, manager: Any, round_trips: list[str]) -> None:
    for proxy in (manager.list(range(5000)), manager.dict(dict.fromkeys(range(5000))), manager.set(range(5000))):
        round_trips.clear()
        next(iter(proxy))
        assert len(round_trips) == 1


# Every process


def visit(data: bytes) -> list[Any]:
    """Iterate over pickled proxies in a process that has not seen them before."""
    return [list(iter(proxy)) for proxy in pickle.loads(data)]


def test_a_list_and_an_array_can_be_iterated_over_in_a_child(subject: Subject, manager: Any) -> None:
    proxies = [manager.list(range(600)), manager.Array("q", range(600))]
    assert subject.run_in_child(visit, pickle.dumps(proxies)) == [list(range(600))] * 2


@standard_library_fails("an unpickled proxy has no manager, and so no registry to find the iterator's proxy in")
def test_a_dict_can_be_iterated_over_in_a_child(subject: Subject, manager: Any) -> None:
    words = manager.dict(dict.fromkeys(range(600)))
    assert subject.run_in_child(visit, pickle.dumps([words])) == [list(range(600))]


@standard_library_left_out("it has sets since 3.14 only")
def test_a_set_can_be_iterated_over_in_a_child(subject: Subject, manager: Any) -> None:
    assert sorted(subject.run_in_child(visit, pickle.dumps([manager.set(range(600))]))[0]) == list(range(600))


@standard_library_fails("an unpickled proxy has no manager, and so no registry to find the iterator's proxy in")
def test_a_proxy_inside_a_container_can_be_iterated_over(subject: Subject, manager: Any) -> None:
    manager_list = manager.list([manager.dict(a=1, b=2)])
    assert list(manager_list[0]) == ["a", "b"]


@standard_library_fails("an unpickled proxy has no manager, and so no registry to find the iterator's proxy in")
def test_iterators_of_a_users_class_work_in_a_child(subject: Subject, manager: Any) -> None:
    crew = manager.Crew(["ann", "bob"])
    assert list(crew.__iter__()) == ["ann", "bob"]
    assert subject.run_in_child(visit_crew, pickle.dumps(crew)) == ["ann", "bob"]


def visit_crew(data: bytes) -> list[str]:
    return list(pickle.loads(data).__iter__())


@on(*CHEAP)
def test_a_generator_in_the_server_is_an_iterator_here(subject: Subject, manager: Any) -> None:
    assert list(manager.squares(4)) == [0, 1, 4, 9]
    generator = manager.squares(10)
    assert (next(generator), generator.send(100)) == (0, 101)
    generator.close()
    with pytest.raises(StopIteration):
        next(generator)
