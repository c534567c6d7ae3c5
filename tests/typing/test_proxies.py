"""What type checkers see: `make types` proves it, and running it proves that the annotations do not lie."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, assert_type

from manor import Manager, wait_for
from manor.managers import (
    AcquirerProxy,
    ArrayProxy,
    BarrierProxy,
    ConditionProxy,
    DictProxy,
    EventProxy,
    ListProxy,
    NamespaceProxy,
    SetProxy,
    SyncManager,
    ValueProxy,
)


def count(totals: DictProxy[str, int], names: ListProxy[str], seen: SetProxy[str], value: ValueProxy[int]) -> None:
    assert_type(totals["a"], int)
    assert_type(totals.get("a"), int | None)
    assert_type(totals.get("a", ""), int | str)
    assert_type(iter(totals), Iterator[str])
    assert_type(totals.items(), list[tuple[str, int]])
    assert_type(totals.copy(), dict[str, int])
    assert_type(totals | {"b": 1}, dict[str, int])
    assert_type(names[0], str)
    assert_type(names[1:], list[str])
    assert_type(names + ["x"], list[str])  # noqa: RUF005 - the operator is what is tested
    assert_type(names.pop(), str)
    assert_type(seen.copy(), set[str])
    assert_type(seen | {"x"}, set[str])
    assert_type(value.value, int)
    assert_type(totals.wait_for("a", predicate=bool), int)
    assert_type(names.wait_for(len), int)
    assert_type(value.wait_for(1), int)
    assert_type(wait_for(seen, lambda seen: seen.copy()), set[str])
    seen.wait_for("s", timeout=1)
    totals |= {"c": 3}
    names += ["y"]
    seen |= {"z"}
    assert_type(totals, DictProxy[str, int])
    assert_type(names, ListProxy[str])
    assert_type(seen, SetProxy[str])


def test_the_types_that_checkers_see_are_the_types_that_are_there() -> None:
    with Manager() as manager:
        assert_type(manager, SyncManager)
        assert_type(manager.Lock(), AcquirerProxy)
        assert_type(manager.Condition(), ConditionProxy)
        assert_type(manager.Event(), EventProxy)
        assert_type(manager.Barrier(2), BarrierProxy)
        assert_type(manager.Namespace(), NamespaceProxy)
        assert_type(manager.Array("i", [1]), ArrayProxy)
        assert_type(manager.list([1]), ListProxy[int])
        assert_type(manager.set("a"), SetProxy[str])
        assert_type(manager.Value("i", 1), ValueProxy[int])
        assert_type(manager.dict(a=1), DictProxy[Any, Any])
        totals: DictProxy[str, int] = manager.dict(a=1)
        names: ListProxy[str] = manager.list(["n", "m"])
        seen: SetProxy[str] = manager.set(["s"])
        count(totals, names, seen, manager.Value("i", 1))
        assert totals.copy() == {"a": 1, "c": 3}
        assert names == ["n", "y"]
        assert seen == {"s", "z"}
