"""Iterating over a list, a dict, a set or an array: what the built-in would give, a round trip for each chunk."""

import gc
import itertools
import multiprocessing.managers
import pickle
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import manor.managers
from manor._proxy.link import Link
from tests.conformance.subjects import (
    BUILT_IN,
    CHEAP,
    MANOR,
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


def squares(count: int) -> Iterator[int]:
    received = 0
    for number in range(count):
        received = (yield number * number + received) or 0


register("Crew", Crew, exposed=("__iter__",), method_to_typeid={"__iter__": "Iterator"})
ManorManager.register("squares", squares, manor.managers.IteratorProxy)
StandardManager.register("squares", squares, multiprocessing.managers.IteratorProxy)


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


@standard_library_left_out("it has no limits, and sets since 3.14 only")
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


@standard_library_left_out("it makes a round trip for each item, so none of this arises")
def test_the_first_item_does_not_wait_for_the_last(subject: Subject, manager: Any, round_trips: list[str]) -> None:
    for proxy in (manager.list(range(5000)), manager.dict(dict.fromkeys(range(5000))), manager.set(range(5000))):
        round_trips.clear()
        next(iter(proxy))
        assert len(round_trips) == 1


# Changes while iterating

Change = Callable[[Any], object]
LIST_CHANGES: dict[str, Change] = {
    "append": lambda numbers: numbers.append(-1),
    "extend": lambda numbers: numbers.extend(range(-300, 0)),
    "insert at the front": lambda numbers: numbers.insert(0, -1),
    "insert at the end": lambda numbers: numbers.insert(len(numbers), -1),
    "pop": lambda numbers: numbers.pop(),
    "pop the first": lambda numbers: numbers.pop(0),
    "remove": lambda numbers: numbers.remove(299),
    "delete the first half": lambda numbers: numbers.__delitem__(slice(0, 150)),
    "delete the second half": lambda numbers: numbers.__delitem__(slice(150, 300)),
    "delete every other": lambda numbers: numbers.__delitem__(slice(None, None, 2)),
    "replace the last": lambda numbers: numbers.__setitem__(-1, "new"),
    "replace a slice": lambda numbers: numbers.__setitem__(slice(2, 4), range(1000, 1020)),
    "reverse": lambda numbers: numbers.reverse(),
    "sort": lambda numbers: numbers.sort(reverse=True),
    "double": lambda numbers: numbers.__imul__(2),
    "empty": lambda numbers: numbers.__delitem__(slice(None)),
}


def seen(iterator: Iterator[Any], place: int, change: Change, container: Any) -> list[Any]:
    """What an iterator gives when the container is changed after `place` items."""
    found = list(itertools.islice(iterator, place))
    change(container)
    return found + list(itertools.islice(iterator, 2000))


@on(*CHEAP)
def test_a_change_of_the_list_in_the_loop_has_the_effect_that_it_has_on_the_built_in(
    subject: Subject, manager: Any
) -> None:
    places = [10, 257] if subject.is_standard else [0, 1, 10, 255, 256, 257, 299, 300]
    for name, place in itertools.product(LIST_CHANGES, places):
        model, proxy, change = list(range(300)), manager.list(range(300)), LIST_CHANGES[name]
        expected = seen(iter(model), place, change, model)
        assert seen(iter(proxy), place, change, proxy) == expected, f"{name} after {place} items"


@standard_library_left_out("its reversed() is that of a copy, so it sees no change")
def test_a_change_while_going_backwards_has_the_effect_that_it_has_on_the_built_in(
    subject: Subject, manager: Any
) -> None:
    for name, place in itertools.product(LIST_CHANGES, [1, 10, 255, 256, 257, 299, 300]):
        model, proxy, change = list(range(300)), manager.list(range(300)), LIST_CHANGES[name]
        expected = seen(reversed(model), place, change, model)
        assert seen(reversed(proxy), place, change, proxy) == expected, f"{name} after {place} items"


@on(*WITH_BUILT_IN)
def test_a_loop_sees_what_its_own_body_appends(subject: Subject, manager: Any) -> None:
    numbers = manager.list([0])
    visited = []
    for number in numbers:
        visited.append(number)
        if number < 700:
            numbers.append(number + 1)
    assert visited == list(range(701))


@pytest.mark.parametrize("size", [10, 600])
@on(*WITH_BUILT_IN)
def test_a_loop_that_removes_each_item_visits_every_other(subject: Subject, manager: Any, size: int) -> None:
    numbers = manager.list(range(size))
    visited = []
    for number in numbers:
        visited.append(number)
        numbers.remove(number)
    assert visited == list(range(0, size, 2))
    assert list(numbers) == list(range(1, size, 2))


@on(*WITH_BUILT_IN)
def test_a_change_before_the_first_item_is_seen(subject: Subject, manager: Any) -> None:
    numbers = manager.list([1])
    iterator = iter(numbers)
    numbers[0] = 2
    numbers.append(3)
    assert list(iterator) == [2, 3]


@on(*CHEAP)
def test_a_change_through_another_proxy_of_this_process_is_seen_at_once(subject: Subject, manager: Any) -> None:
    numbers = manager.list(range(100))
    other = pickle.loads(pickle.dumps(numbers))
    iterator = iter(numbers)
    assert next(iterator) == 0
    other[1] = "changed"
    assert next(iterator) == "changed"
    thread = threading.Thread(target=numbers.__setitem__, args=(2, "by a thread"))
    thread.start()
    thread.join()
    assert next(iterator) == "by a thread"


def append_all(proxy: Any, values: list[Any]) -> None:
    proxy.extend(values)


def delete_slice(proxy: Any, start: int, end: int) -> None:
    del proxy[start:end]


def set_item(proxy: Any, key: Any, value: Any) -> None:
    proxy[key] = value


def test_what_another_process_appends_is_seen(subject: Subject, manager: Any) -> None:
    numbers = manager.list(range(300))
    iterator = iter(numbers)
    found = [next(iterator)]
    subject.run_in_child(append_all, numbers, ["new", "newer"])
    assert found + list(iterator) == [*range(300), "new", "newer"]


def test_a_loop_ends_where_the_list_ends_after_another_process_has_cut_it(subject: Subject, manager: Any) -> None:
    numbers = manager.list(range(2000))
    iterator = iter(numbers)
    found = list(itertools.islice(iterator, 10))
    subject.run_in_child(delete_slice, numbers, 300, 2000)
    found += iterator
    assert found == list(range(300))


# A dict or a set that changes

DICT_CHANGES: list[Change] = [
    lambda words: words.__setitem__("new", 1),
    lambda words: words.__delitem__(299),
    lambda words: words.pop(0),
    lambda words: words.popitem(),
    lambda words: words.setdefault("new"),
    lambda words: words.update(new=1),
    lambda words: words.clear(),
]


@on(*WITH_BUILT_IN)
def test_a_dict_whose_size_the_loop_changes_raises_at_the_next_key(subject: Subject, manager: Any) -> None:
    places = [10, 257] if subject.is_standard else [1, 10, 255, 256, 257, 299]
    for change, place in itertools.product(DICT_CHANGES, places):
        words = manager.dict(dict.fromkeys(range(300)))
        iterator = iter(words)
        assert list(itertools.islice(iterator, place)) == list(range(place))
        change(words)
        with pytest.raises(RuntimeError, match="changed size during iteration"):
            next(iterator)


@on(BUILT_IN, *MANOR)  # |= is the standard library's since 3.14
def test_an_update_by_operator_is_a_change_too(subject: Subject, manager: Any) -> None:
    words = manager.dict(dict.fromkeys(range(300)))
    iterator = iter(words)
    next(iterator)
    words |= {"new": 1}
    with pytest.raises(RuntimeError, match="changed size during iteration"):
        next(iterator)


@on(*WITH_BUILT_IN)
def test_a_dict_that_grows_in_the_last_turn_of_the_loop_raises(subject: Subject, manager: Any) -> None:
    words = manager.dict({"only": 1})
    with pytest.raises(RuntimeError, match="changed size during iteration"):
        for _ in words:
            words["another"] = 2


@on(*WITH_BUILT_IN)
def test_new_values_for_old_keys_are_no_change_of_size(subject: Subject, manager: Any) -> None:
    words = manager.dict(dict.fromkeys(range(600), 0))
    for key in words:
        words[key] += key
    assert dict(words) == {key: key for key in range(600)}


@pytest.mark.parametrize("change", ["add", "delete"])
def test_a_dict_whose_size_another_process_changes_raises_at_the_next_chunk(
    subject: Subject, manager: Any, change: str
) -> None:
    words = manager.dict(dict.fromkeys(range(5000)))
    iterator = iter(words)
    next(iterator)
    if change == "add":
        subject.run_in_child(set_item, words, "new", 1)
    else:
        subject.run_in_child(words_pop, words)
    with pytest.raises(RuntimeError, match="changed size during iteration"):
        list(iterator)


def words_pop(words: Any) -> None:
    words.popitem()


SET_CHANGES: list[Change] = [
    lambda members: members.add("new"),
    lambda members: members.remove(299),
    lambda members: members.discard(299),
    lambda members: members.pop(),
    lambda members: members.clear(),
    lambda members: members.update(["new"]),
    lambda members: members.intersection_update(range(10)),
    lambda members: members.difference_update(range(10)),
    lambda members: members.symmetric_difference_update(range(10)),
]


@on(BUILT_IN, *MANOR)
def test_a_set_whose_size_the_loop_changes_raises_at_the_next_member(subject: Subject, manager: Any) -> None:
    for change, place in itertools.product(SET_CHANGES, [1, 255, 256, 299]):
        members = manager.set(range(300))
        iterator = iter(members)
        list(itertools.islice(iterator, place))
        change(members)
        with pytest.raises(RuntimeError, match="changed size during iteration"):
            next(iterator)


@on(BUILT_IN, *MANOR)
def test_adding_a_member_that_is_there_is_no_change(subject: Subject, manager: Any) -> None:
    members = manager.set(range(300))
    for member in members:
        members.add(member)
    assert len(members) == 300


# Several iterators, and long lives


@on(*WITH_BUILT_IN)
def test_two_iterators_do_not_disturb_each_other(subject: Subject, manager: Any) -> None:
    numbers, words = manager.list(range(300)), manager.dict(dict.fromkeys(range(300)))
    for proxy in (numbers, words):
        assert list(zip(proxy, proxy, strict=True)) == [(number, number) for number in range(300)]
        one, other = iter(proxy), iter(proxy)
        list(itertools.islice(one, 280))
        assert list(other) == list(range(300))
        assert list(one) == list(range(280, 300))
    assert [(a, b) for a in manager.list("ab") for b in manager.list("xy")] == [*itertools.product("ab", "xy")]


@on(*WITH_BUILT_IN)
def test_threads_may_each_have_an_iterator_of_one_container(subject: Subject, manager: Any) -> None:
    numbers, words = manager.list(range(600)), manager.dict(dict.fromkeys(range(600)))
    found: list[list[int]] = []
    threads = [
        threading.Thread(target=lambda proxy=proxy: found.append(list(iter(proxy)))) for proxy in (numbers, words) * 2
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [list(range(600))] * 4


@on(*WITH_BUILT_IN)
def test_an_iterator_outlives_the_name_of_its_container(subject: Subject, manager: Any) -> None:
    iterators = [iter(manager.list(range(600))), iter(manager.dict(dict.fromkeys(range(600))))]
    for iterator in iterators:
        next(iterator)
    gc.collect()
    assert [list(iterator) for iterator in iterators] == [list(range(1, 600))] * 2


@on(*CHEAP)
def test_an_exhausted_iterator_stays_exhausted(subject: Subject, manager: Any) -> None:
    numbers = manager.list([1])
    iterator = iter(numbers)
    assert list(iterator) == [1]
    numbers.append(2)
    assert list(iterator) == []


@on(*CHEAP)
def test_a_loop_that_is_left_early_leaves_nothing_in_the_server(subject: Subject) -> None:
    with subject.manager() as manager:
        words = manager.dict(dict.fromkeys(range(5000)))
        before = manager._number_of_objects()
        for _ in range(20):
            for _key in words:
                break
        del _key
        gc.collect()
        assert manager._number_of_objects() == before


@standard_library_left_out("it has no error of its own for that")
def test_an_iterator_of_a_manager_that_is_gone_says_so(subject: Subject) -> None:
    with subject.manager() as manager:
        iterator = iter(manager.dict(dict.fromkeys(range(5000))))
        next(iterator)
    with pytest.raises(manor.ManagerDied):
        list(iterator)


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
