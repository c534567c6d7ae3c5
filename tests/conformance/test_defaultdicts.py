"""Defaultdicts: what the factory makes is shared, and each key gets one of it."""

import collections
import sys
from functools import partial
from typing import Any

import pytest

import manor.managers
from manor import to_local
from tests.conformance.collections_subjects import FORK, SERVED, SPAWN, on_routes
from tests.conformance.subjects import LIMIT_S, Subject, objects, on, until

FACTORIES: list[Any] = [list, dict, set, collections.deque, collections.Counter]


def put_in(container: Any) -> None:
    if hasattr(type(container), "append"):
        container.append(1)
    elif isinstance(container, manor.managers.SetProxy):
        container.add(1)
    else:
        container[1] = 1


@pytest.mark.parametrize("factory", FACTORIES)
@on_routes
def test_a_defaultdicts_containers_are_shared(subject: Subject, manager: Any, factory: Any) -> None:
    groups = manager.defaultdict(factory)
    put_in(groups["k"])
    subject.run_in_child(put_in, groups["k"])
    assert len(groups["k"]) == (2 if hasattr(factory, "append") else 1)
    assert groups.get("other") is None
    assert list(groups) == ["k"]
    assert groups.default_factory is factory
    assert type(to_local(groups)) is collections.defaultdict
    assert type(to_local(groups)["k"]) is factory


@on_routes
def test_what_is_assigned_in_a_defaultdict_of_containers_is_shared_as_well(subject: Subject, manager: Any) -> None:
    groups = manager.defaultdict(list, {"given": [1]})
    groups["given"].append(2)
    groups["set"] = [3]
    groups["set"].append(4)
    groups.setdefault("default", [5]).append(6)
    assert to_local(groups) == {"given": [1, 2], "set": [3, 4], "default": [5, 6]}


def nested() -> Any:
    return collections.defaultdict(list)


def bounded() -> Any:
    return collections.deque(maxlen=2)


@on_routes
def test_a_factory_of_ones_own_runs_in_the_server_and_what_it_makes_is_shared(subject: Subject, manager: Any) -> None:
    groups = manager.defaultdict(nested)
    groups["a"]["b"].append(1)
    groups["a"]["b"].append(2)
    assert to_local(groups) == {"a": {"b": [1, 2]}}
    assert type(to_local(groups)["a"]) is collections.defaultdict
    recent = manager.defaultdict(bounded)
    for number in range(4):
        recent["k"].append(number)
    assert list(recent["k"]) == [2, 3]


def race(groups: Any, numbers: list[int]) -> None:
    for number in numbers:
        groups[number].append(1)


@pytest.mark.parametrize("factory", [list, nested])
@on_routes
def test_each_key_of_a_defaultdict_gets_one_container_however_many_ask_at_once(
    subject: Subject, manager: Any, factory: Any
) -> None:
    groups = manager.defaultdict(factory)
    if factory is nested:
        groups[0]["x"]  # there is one
        target, args = race_nested, (groups,)
    else:
        target, args = race, (groups,)
    numbers = list(range(200))
    children = [subject.context.Process(target=target, args=(*args, numbers)) for _ in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join(LIMIT_S)
        assert child.exitcode == 0
    found = to_local(groups)
    assert all((found[number] if factory is list else found[number]["x"]) == [1, 1] for number in numbers)


def race_nested(groups: Any, numbers: list[int]) -> None:
    for number in numbers:
        groups[number]["x"].append(1)


@on_routes
def test_a_managers_own_methods_can_be_factories(subject: Subject, manager: Any) -> None:
    groups = manager.defaultdict(manager.list)
    groups["k"].append(1)
    assert groups.default_factory is list
    assert to_local(groups) == {"k": [1]}


@on_routes
def test_values_of_other_factories_are_copies(subject: Subject, manager: Any) -> None:
    totals = manager.defaultdict(int, a=1)
    totals["a"] += 1
    totals["b"] += 1
    assert totals.add("c", 5) == 5
    assert totals == {"a": 2, "b": 1, "c": 5}
    totals["list"] = [1]
    assert type(totals["list"]) is list
    with pytest.raises(AttributeError):
        totals.default_factory = str


@on_routes
def test_a_factory_may_be_a_lambda_or_a_function_in_a_function(subject: Subject, manager: Any) -> None:
    first = 5

    def three() -> list[int]:
        return [first, 0, 0]

    groups = manager.defaultdict(lambda: [])  # noqa: PIE807 - a lambda on purpose
    groups["k"].append(1)
    subject.run_in_child(put_in, groups["k"])
    assert to_local(groups) == {"k": [1, 1]}
    inner = manager.defaultdict(three, {"given": [1]})
    inner["k"].append(1)
    assert to_local(inner) == {"given": [1], "k": [5, 0, 0, 1]}
    assert manager.defaultdict(lambda: 7)["k"] == 7
    assert manager.defaultdict(partial(three))["k"][0] == 5


@on(SPAWN)
def test_a_factory_by_value_finds_nothing_inherited_under_spawn(subject: Subject) -> None:
    with subject.manager() as manager:
        groups = manager.defaultdict(lambda: collections.defaultdict(lambda: []))  # noqa: PIE807 - as above
        groups["a"]["b"].append(1)
        groups["a"]["b"].append(2)
        found = to_local(groups)
        assert found == {"a": {"b": [1, 2]}}
        assert found["x"]["y"] == []
        copied = groups["a"].copy()
        assert copied.default_factory() == groups["a"].default_factory() == []


@on_routes
def test_a_name_and_a_lambda_go_together(subject: Subject, manager: Any) -> None:
    def named(value: int) -> Any:
        return manager.defaultdict(lambda: [], name="by lambda") if value else None  # noqa: PIE807 - as above

    named(1)["k"].append(1)
    assert to_local(named(2)) == {"k": [1]}
    with pytest.raises(manor.NameInUse):
        manager.defaultdict(lambda: {}, name="by lambda")  # noqa: PIE807 - as above


@on(SPAWN)
def test_without_cloudpickle_a_lambda_as_a_factory_says_what_to_write(
    subject: Subject, manager: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cloudpickle", None)
    with pytest.raises(manor.NotPicklable, match=r"define it at the top of a module.* such as list.* cloudpickle"):
        manager.defaultdict(lambda: 0)


@on(FORK, SERVED)
def test_containers_go_with_their_keys(subject: Subject, manager: Any) -> None:
    before = objects(manager)
    groups = manager.defaultdict(list)
    for number in range(100):
        groups[number].append(number)
    assert objects(manager) == before + 101
    for number in range(50):
        del groups[number]
    until(lambda: objects(manager) == before + 51)
    groups.clear()
    until(lambda: objects(manager) == before + 1)
