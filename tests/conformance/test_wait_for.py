"""`wait_for`: waiting until a container changes, however the container is reached."""

from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import pytest

import manor
from tests.conformance.children import Child
from tests.conformance.meeting import SHORT_S, all_of, elapsed_s, threads
from tests.conformance.subjects import CONTAINERS, LIMIT_S, Subject, on
from tests.conformance.watching import LONG_S, Predicate, watching

EVERYWHERE = on(*CONTAINERS)

# What there is already


@EVERYWHERE
@pytest.mark.parametrize("args", [(), (None,), (0,), (-1,), (LIMIT_S,)])
@pytest.mark.parametrize("value", [None, 0, "", [1]], ids=repr)
def test_what_is_there_is_returned_at_once(manager: Any, args: tuple[Any, ...], value: Any) -> None:
    assert manager.dict(a=value).wait_for("a", *args) == value
    assert manager.Value("i", value).wait_for(value, *args) == value
    assert manager.set(["a"]).wait_for("a", *args) is None
    assert manager.list([value]).wait_for(len, *args) == 1
    assert manager.Array("i", [5]).wait_for(lambda array: array[0], *args) == 5
    assert manor.wait_for(manager.Namespace(a=7), lambda names: names.a, *args) == 7


@EVERYWHERE
@pytest.mark.parametrize("timeout", [0, -1, SHORT_S])
def test_what_does_not_come_ends_in_a_timeout(manager: Any, timeout: float) -> None:
    with elapsed_s(timeout), pytest.raises(TimeoutError, match=f"key 'b' did not come within {timeout} s"):
        manager.dict(a=1).wait_for("b", timeout)
    with pytest.raises(TimeoutError, match="key 'a' did not come"):
        manager.dict(a=1).wait_for("a", timeout, predicate=lambda value: value > 1)
    with elapsed_s(timeout), pytest.raises(TimeoutError, match="member 2 did not come"):
        manager.set([1]).wait_for(2, timeout)
    with elapsed_s(timeout), pytest.raises(TimeoutError, match=r"not what is expected \(2\)"):
        manager.Value("i", 1).wait_for(2, timeout)


@EVERYWHERE
@pytest.mark.parametrize("timeout", [0, -1, SHORT_S])
def test_a_predicate_that_does_not_come_true_gives_its_last_value(manager: Any, timeout: float) -> None:
    with elapsed_s(timeout):
        assert manager.list().wait_for(len, timeout) == 0
    with elapsed_s(timeout):
        assert manager.Array("i", [0]).wait_for(lambda array: array[0], timeout) == 0
    with elapsed_s(timeout):
        assert manor.wait_for(manager.Namespace(a=""), lambda names: names.a, timeout) == ""


# What comes


def renamed(names: Any) -> None:
    names.a = 2


def set_item(container: Any) -> None:
    container[0] = 2


CHANGES: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any], Predicate]] = {
    "dict-new": (lambda m: m.dict(), lambda d: d.update({0: 2}), lambda d: d.get(0)),
    "dict-set": (lambda m: m.dict({0: 1}), set_item, lambda d: d[0] == 2),
    "dict-long": (lambda m: m.dict({0: "x" * 99}), lambda d: d.update({0: "y" * 99}), lambda d: d[0] == "y" * 99),
    "dict-default": (lambda m: m.dict(), lambda d: d.setdefault(0, 1), lambda d: 0 in d),
    "dict-pop": (lambda m: m.dict({0: 1}), lambda d: d.pop(0), lambda d: not d),
    "dict-del": (lambda m: m.dict({0: 1}), lambda d: d.__delitem__(0), lambda d: not len(d)),
    "dict-popitem": (lambda m: m.dict({0: 1}), lambda d: d.popitem(), lambda d: not len(d)),
    "dict-clear": (lambda m: m.dict({0: 1}), lambda d: d.clear(), lambda d: not len(d)),
    "dict-add": (lambda m: m.dict({0: 1}), lambda d: d.add(0), lambda d: d[0] == 2),
    "dict-update_with": (lambda m: m.dict({0: 1}), lambda d: d.update_with(0, str), lambda d: d[0] == "1"),
    "dict-compare_and_set": (lambda m: m.dict({0: 1}), lambda d: d.compare_and_set(0, 1, 2), lambda d: d[0] == 2),
    "list-append": (lambda m: m.list(), lambda x: x.append(1), len),
    "list-extend": (lambda m: m.list(), lambda x: x.extend([1, 2]), lambda x: len(x) == 2),
    "list-insert": (lambda m: m.list([1]), lambda x: x.insert(0, 2), lambda x: x[0] == 2),
    "list-set": (lambda m: m.list([1]), set_item, lambda x: x[0] == 2),
    "list-pop": (lambda m: m.list([1]), lambda x: x.pop(), lambda x: not len(x)),
    "list-del": (lambda m: m.list([1, 2, 3]), lambda x: x.__delitem__(slice(0, 2)), lambda x: len(x) == 1),
    "list-clear": (lambda m: m.list([1]), lambda x: x.clear(), lambda x: not len(x)),
    "list-sort": (lambda m: m.list([2, 1]), lambda x: x.sort(), lambda x: x[0] == 1),
    "list-reverse": (lambda m: m.list([2, 1]), lambda x: x.reverse(), lambda x: x[0] == 1),
    "list-remove": (lambda m: m.list([2, 1]), lambda x: x.remove(2), lambda x: x[0] == 1),
    "list-add": (lambda m: m.list([1]), lambda x: x.add(0), lambda x: x[0] == 2),
    "list-update_with": (lambda m: m.list([1]), lambda x: x.update_with(0, str), lambda x: x[0] == "1"),
    "set-add": (lambda m: m.set(), lambda s: s.add(1), lambda s: 1 in s),
    "set-update": (lambda m: m.set(), lambda s: s.update([1, 2]), lambda s: len(s) == 2),
    "set-discard": (lambda m: m.set([1]), lambda s: s.discard(1), lambda s: 1 not in s),
    "set-pop": (lambda m: m.set([1]), lambda s: s.pop(), lambda s: not len(s)),
    "set-clear": (lambda m: m.set([1]), lambda s: s.clear(), lambda s: not len(s)),
    "value-set": (lambda m: m.Value("i", 1), lambda v: v.set(2), lambda v: v.value == 2),
    "value-long": (lambda m: m.Value("i", 1), lambda v: v.set("x" * 99), lambda v: v.value == "x" * 99),
    "value-add": (lambda m: m.Value("i", 1), lambda v: v.add(), lambda v: v.value == 2),
    "value-update_with": (lambda m: m.Value("i", 1), lambda v: v.update_with(str), lambda v: v.value == "1"),
    "value-compare_and_set": (lambda m: m.Value("i", 1), lambda v: v.compare_and_set(1, 2), lambda v: v.value == 2),
    "array-set": (lambda m: m.Array("i", [1]), set_item, lambda a: a[0] == 2),
    "namespace-set": (lambda m: m.Namespace(a=1), renamed, lambda n: n.a == 2),
    "namespace-del": (lambda m: m.Namespace(a=1), lambda n: n.__delattr__("a"), lambda n: not hasattr(n, "a")),
}


@EVERYWHERE
@pytest.mark.parametrize("change", CHANGES)
def test_every_change_is_told_to_all_who_wait(manager: Any, change: str) -> None:
    make, act, is_done = CHANGES[change]
    container = make(manager)
    with threads(2) as pool:
        waits = [watching(pool, container, is_done) for _ in range(2)]
        act(container)
        assert all(all_of([future for _, future in waits]))
    assert all(asked.times >= 3 for asked, _ in waits)


def answer_when_there(test: Connection, container: Any, what: Any) -> None:
    test.send("waits")
    test.send(container.wait_for(what, LONG_S))


@EVERYWHERE
def test_other_processes_are_told(subject: Subject, manager: Any) -> None:
    results, members, value = manager.dict(), manager.set(), manager.Value("i", 0)
    with (
        Child(subject.context, answer_when_there, results, "a") as one,
        Child(subject.context, answer_when_there, results, "a") as two,
        Child(subject.context, answer_when_there, members, "a") as three,
        Child(subject.context, answer_when_there, value, 3) as four,
    ):
        children = [one, two, three, four]
        assert [child.hear() for child in children] == ["waits"] * 4
        results["b"] = 1
        results["a"] = None
        members.update("ba")
        value.value = 3
        assert [child.hear() for child in children] == [None, None, None, 3]


@EVERYWHERE
def test_a_value_that_is_there_waits_for_its_predicate(manager: Any) -> None:
    states, value = manager.dict(job="queued"), manager.Value("i", 0)
    with threads(2) as pool:
        done = pool.submit(states.wait_for, "job", LONG_S, predicate=lambda state: state == "done")
        high = pool.submit(value.wait_for, lambda number: number > 2, LONG_S)
        states.update(job="running")
        value.set(2)
        states.update(job="done")
        value.set(3)
        assert all_of([done, high]) == ["done", 3]


@EVERYWHERE
def test_two_who_wait_do_not_keep_each_other_awake(manager: Any) -> None:
    container = manager.dict()
    with threads(2) as pool:
        waits = [watching(pool, container, lambda d: d.get("a") or len(d) < 0 or "b" in d.copy()) for _ in range(2)]
        container["c"] = 1
        with elapsed_s(SHORT_S), pytest.raises(TimeoutError):
            container.wait_for("a", SHORT_S)
        container["a"] = 1
        assert all_of([future for _, future in waits]) == [1, 1]
    assert all(asked.times <= 2 + 2 for asked, _ in waits)


@EVERYWHERE
def test_a_container_can_be_waited_for_again_and_again(manager: Any) -> None:
    ask, answer = manager.Value("i", 0), manager.dict()

    def reply() -> None:
        for number in range(1, 51):
            ask.wait_for(number, LONG_S)
            answer[number] = -number

    with threads(1) as pool:
        replying = pool.submit(reply)
        for number in range(1, 51):
            ask.set(number)
            assert answer.wait_for(number, LONG_S) == -number
        replying.result(LIMIT_S)
