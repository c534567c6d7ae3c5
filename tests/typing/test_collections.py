"""What type checkers see of the types of `collections`: `make types` proves it, and running it that it is true."""

from __future__ import annotations

import collections
from collections.abc import Iterator
from typing import Any, assert_type

from manor import Manager, to_local
from manor.managers import ChainMapProxy, CounterProxy, DefaultDictProxy, DequeProxy, ListProxy, OrderedDictProxy


def use(
    recent: DequeProxy[int],
    counts: CounterProxy[str],
    groups: DefaultDictProxy[str, ListProxy[int]],
    ordered: OrderedDictProxy[str, int],
    chain: ChainMapProxy[str, int],
) -> None:
    assert_type(recent[0], int)
    assert_type(recent.popleft(), int)
    assert_type(iter(recent), Iterator[int])
    assert_type(recent.copy(), collections.deque[int])
    assert_type(recent.maxlen, int | None)
    assert_type(counts["a"], int)
    assert_type(counts.most_common(1), list[tuple[str, int]])
    assert_type(counts.elements(), Iterator[str])
    assert_type(counts + counts, collections.Counter[str])
    assert_type(counts | counts, collections.Counter[str])
    assert_type(counts | {"a": 1}, dict[str, int])
    assert_type(counts.total(), int)
    assert_type(groups["k"], ListProxy[int])
    assert_type(groups["k"][0], int)
    assert_type(groups.copy(), collections.defaultdict[str, ListProxy[int]])
    assert_type(ordered.popitem(last=False), tuple[str, int])
    assert_type(ordered.copy(), collections.OrderedDict[str, int])
    assert_type(chain["c"], int)
    assert_type(chain.new_child(), ChainMapProxy[str, int])
    assert_type(chain.parents, ChainMapProxy[str, int])
    recent += [1]
    counts += counts
    assert_type(recent, DequeProxy[int])
    assert_type(counts, CounterProxy[str])


def test_the_types_that_checkers_see_are_the_types_that_are_there() -> None:
    with Manager() as manager:
        assert_type(manager.deque([1]), DequeProxy[int])
        assert_type(manager.Counter("ab"), CounterProxy[Any])
        assert_type(manager.defaultdict(list), DefaultDictProxy[Any, Any])
        assert_type(manager.OrderedDict(a=1), OrderedDictProxy[Any, Any])
        assert_type(manager.ChainMap({"a": 1}), ChainMapProxy[Any, Any])
        recent = manager.deque([1, 2], 5)
        counts: CounterProxy[str] = manager.Counter("aab")
        groups: DefaultDictProxy[str, ListProxy[int]] = manager.defaultdict(list, k=[1])
        ordered: OrderedDictProxy[str, int] = manager.OrderedDict(a=1, b=2)
        chain: ChainMapProxy[str, int] = manager.ChainMap({"c": 1}, {})
        use(recent, counts, groups, ordered, chain)
        assert list(recent) == [2, 1]
        assert counts == {"a": 4, "b": 2}
        assert to_local(groups) == {"k": [1]}
        assert ordered == {"b": 2}
