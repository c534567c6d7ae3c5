"""Counters, deques and deep containers that several processes change at once lose nothing."""

from typing import Any

from manor import to_local
from tests.conformance.collections_subjects import on_routes
from tests.conformance.subjects import Subject
from tests.conformance.test_atomic_races import in_children

PROCESSES, ROUNDS = 3, 60


def count(counts: Any) -> None:
    for _ in range(ROUNDS):
        counts.update({"update": 2})
        counts.update(["word", "word"])
        counts.subtract(subtract=1)
        counts.add("add")
        counts += {"plus": 1}


@on_routes
def test_what_processes_count_adds_up(subject: Subject, manager: Any) -> None:
    counts = manager.Counter(subtract=PROCESSES * ROUNDS + 1)
    in_children(subject, PROCESSES, count, counts)
    total = PROCESSES * ROUNDS
    assert counts == {"update": 2 * total, "word": 2 * total, "add": total, "plus": total, "subtract": 1}


def group(shared: Any, other: Any) -> None:
    for number in range(ROUNDS):
        shared.setdefault(number, []).append(1)
        other.setdefault(number, {}).setdefault("k", []).append(1)


@on_routes
def test_each_key_of_a_deep_dict_gets_one_default(subject: Subject, manager: Any) -> None:
    shared, other = manager.dict(deep=True), manager.dict(deep=True)
    in_children(subject, PROCESSES, group, shared, other)
    assert to_local(shared) == {number: [1] * PROCESSES for number in range(ROUNDS)}
    assert to_local(other) == {number: {"k": [1] * PROCESSES} for number in range(ROUNDS)}


def work_at_both_ends(todo: Any, done: Any) -> None:
    for number in range(ROUNDS):
        todo.append(number)
        todo.appendleft(number)
        done.extend([todo.pop(), todo.popleft()])
        done.rotate(1)


@on_routes
def test_each_item_of_a_deque_is_taken_once(subject: Subject, manager: Any) -> None:
    todo, done = manager.deque(), manager.deque()
    in_children(subject, PROCESSES, work_at_both_ends, todo, done)
    assert not todo
    assert sorted(done) == sorted(2 * PROCESSES * [*range(ROUNDS)])
