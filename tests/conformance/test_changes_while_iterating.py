"""What a loop sees of changes to the container that it runs over, by itself and by other processes."""

import itertools
import pickle
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conformance.subjects import (
    BUILT_IN,
    CHEAP,
    MANOR,
    Subject,
    on,
    standard_library_left_out,
)

WITH_BUILT_IN = (BUILT_IN, *CHEAP)


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
    words = manager.dict(dict.fromkeys(range(300), 0))
    for key in words:
        words[key] += key
    assert words.copy() == {key: key for key in range(300)}


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
