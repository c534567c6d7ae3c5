"""Where containers in shared memory differ from those of a server: docs/differences.md names these tests."""

from collections.abc import Iterator
from typing import Any

import pytest

from manor import NameInUse
from tests.conformance.subjects import (
    MANOR,
    MANOR_FORK,
    MANOR_SPAWN,
    MANOR_TCP,
    STANDARD_FORK,
    Subject,
    on,
    standard_library_fails,
)

MAPPED = (MANOR_FORK, MANOR_SPAWN)
"""Processes that work on the memory themselves."""
BESIDE_STANDARD = (*MANOR, STANDARD_FORK)


@standard_library_fails("dict(name=...) makes an item", on=BESIDE_STANDARD)
def test_the_keyword_name_alone_names_a_dict(subject: Subject, manager: Any) -> None:
    scores = manager.dict(name="the scores")
    scores["ada"] = 3
    assert manager.get("the scores").copy() == {"ada": 3}
    manager.remove("the scores")


@on(*BESIDE_STANDARD)
def test_an_item_called_name_can_be_given_otherwise(subject: Subject, manager: Any) -> None:
    assert manager.dict({"name": "x"}).copy() == {"name": "x"}
    assert manager.dict(name="x", age=1).copy() == {"name": "x", "age": 1}
    assert manager.Namespace(name="x").name == "x"


@standard_library_fails("only a dict takes a keyword", on=BESIDE_STANDARD)
def test_lists_values_and_arrays_take_a_name(subject: Subject, manager: Any) -> None:
    manager.list([1], name="a list").append(2)
    manager.Value("i", 3, name="a value").value = 4
    manager.Array("i", [5], name="an array")[0] = 6
    assert manager.get("a list")[:] == [1, 2]
    assert manager.get("a value").value == 4
    assert list(manager.get("an array")) == [6]
    for name in ("a list", "a value", "an array"):
        manager.remove(name)


@on(*MANOR)  # sets are the standard library's since 3.14
def test_a_set_takes_a_name_which_no_other_type_can_have_then(subject: Subject, manager: Any) -> None:
    members = manager.set(name="a set")
    members.add(1)
    assert manager.set(name="a set") == {1}
    with pytest.raises(NameInUse, match="set already"):
        manager.list(name="a set")
    manager.remove("a set")


@standard_library_fails("what was sorted before the error stays so", on=BESIDE_STANDARD)
def test_a_failed_sort_leaves_a_list_as_it_was(subject: Subject, manager: Any) -> None:
    numbers = manager.list([2, 3, 1, "a"])
    with pytest.raises(TypeError, match="not supported"):
        numbers.sort()
    assert numbers[:] == [2, 3, 1, "a"]


@standard_library_fails("functions travel to the server", on=(*MAPPED, STANDARD_FORK))
def test_functions_given_to_a_list_run_in_the_process_that_calls(subject: Subject, manager: Any) -> None:
    seen = []

    def backwards(number: int) -> int:
        seen.append(number)
        return -number

    numbers = manager.list([2, 3, 1])
    numbers.sort(key=backwards)
    assert numbers[:] == [3, 2, 1]
    assert set(seen) == {1, 2, 3}


def countdown() -> Iterator[int]:
    yield from (3, 2, 1)


@standard_library_fails("arguments travel to the server", on=(*MAPPED, STANDARD_FORK))
def test_a_container_is_made_of_anything_iterable(subject: Subject, manager: Any) -> None:
    assert manager.list(countdown())[:] == [3, 2, 1]


@standard_library_fails("the size is the same as before", on=(*MAPPED, STANDARD_FORK))
def test_a_loop_over_a_dict_notices_an_addition_and_a_removal(subject: Subject, manager: Any) -> None:
    words = manager.dict(a=1, b=2, c=3)
    iterator = iter(words)
    next(iterator)
    words["d"] = 4
    del words["a"]
    with pytest.raises(RuntimeError, match="changed size during iteration"):
        list(iterator)


@on(*MAPPED)
def test_an_update_is_seen_item_by_item(subject: Subject, manager: Any) -> None:
    words, members = manager.dict(), manager.set()
    words.update((number, len(words)) for number in range(3))
    assert words.copy() == {0: 0, 1: 1, 2: 2}
    members.update(10 + len(members) for _ in range(3))
    assert members.copy() == {10, 11, 12}


@standard_library_fails("before 3.14 it has no sets; later, the order is that of hashes", on=BESIDE_STANDARD)
def test_a_set_keeps_the_order_in_which_members_were_added(subject: Subject, manager: Any) -> None:
    members = manager.set()
    for member in (30, 1, 20, 1):
        members.add(member)
    assert list(members) == [30, 1, 20]


class Caseless:
    """Equal to whatever is spelled the same but for the case."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Caseless) and other.text.lower() == self.text.lower()

    def __hash__(self) -> int:
        return hash(self.text.lower())


@standard_library_fails("the built-in dict finds both", on=BESIDE_STANDARD)
def test_keys_of_a_users_class_are_one_key_if_their_pickles_are(subject: Subject, manager: Any) -> None:
    words = manager.dict()
    words[Caseless("a")] = 1
    assert Caseless("A") == Caseless("a")
    assert words[Caseless("a")] == 1
    assert Caseless("A") not in words


@on(*MAPPED)
def test_a_repr_tells_type_id_length_and_manager(subject: Subject, manager: Any) -> None:
    words = manager.dict(a=1, b=2)
    for part in ("typeid 'dict'", f"id {words._id}", "2 items", f"of the manager at {manager.address!r}"):
        assert part in repr(words)


@on(*MANOR)
def test_stats_count_bytes_objects_and_processes(subject: Subject, manager: Any) -> None:
    before = manager.stats()
    kept = manager.list()
    kept.append(bytes(1 << 20))
    after = manager.stats()
    assert after["objects"]["list"] == before["objects"].get("list", 0) + 1
    assert after["bytes_used"] - before["bytes_used"] >= 1 << 20
    assert after["bytes_used"] <= after["bytes_backed"] <= after["bytes_reserved"]
    assert after["slots"] == len(after["processes"]) == (1 if subject is MANOR_TCP else 2)
    assert subject.server_pid(manager) in after["processes"]
