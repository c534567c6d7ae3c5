"""Collections: what is seldom used, and what their originals refuse."""

import collections
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.conformance.collections_subjects import PLAIN, on_routes
from tests.conformance.subjects import Subject, outcome


@pytest.mark.parametrize("args", [([1, 2],), ([1, 2], 2)], ids=["unbounded", "bounded"])
@on_routes
def test_the_bound_of_a_deque_cannot_be_changed(subject: Subject, manager: Any, args: Any) -> None:
    numbers = manager.deque(*args)
    bound = collections.deque(*args).maxlen
    with pytest.raises(AttributeError, match="maxlen"):
        numbers.maxlen = 1
    with pytest.raises(AttributeError, match="maxlen"):
        del numbers.maxlen
    assert numbers.maxlen == bound


def types_and_items(made: Any) -> Any:
    return (type(made), dict(made)) if isinstance(made, Mapping) else made


LIKE_THE_ORIGINALS: list[Any] = [
    pytest.param("Counter", lambda c: c | {"b": 3}, id="Counter | dict"),
    pytest.param("Counter", lambda c: {"b": 3} | c, id="dict | Counter"),
    pytest.param("Counter", lambda c: c | collections.Counter(b=3), id="Counter | Counter"),
    pytest.param("Counter", lambda c: c | [("b", 3)], id="Counter | list"),
    pytest.param("Counter", lambda c: c + {"b": 3}, id="Counter + dict"),
    pytest.param("Counter", lambda c: c.__missing__("c"), id="Counter.__missing__"),
    pytest.param("Counter", lambda c: c.fromkeys("ab"), id="Counter.fromkeys"),
    pytest.param("ChainMap", lambda c: c.__missing__("c"), id="ChainMap.__missing__"),
    pytest.param("ChainMap", lambda c: c.fromkeys(iter("xy")), id="ChainMap.fromkeys"),
    pytest.param("ChainMap", lambda c: c.fromkeys("xy", 1), id="ChainMap.fromkeys with a value"),
    pytest.param("ChainMap", lambda c: c.fromkeys(5), id="ChainMap.fromkeys of nothing"),
    pytest.param("OrderedDict", lambda d: d.fromkeys("xy", 1), id="OrderedDict.fromkeys"),
]


@pytest.mark.parametrize(("typeid", "action"), LIKE_THE_ORIGINALS)
@on_routes
def test_what_is_seldom_used_does_what_the_originals_do(
    subject: Subject, manager: Any, typeid: str, action: Callable[[Any], Any]
) -> None:
    def run(thing: Any) -> tuple[Any, ...]:
        found = outcome(lambda: types_and_items(action(thing)))
        return found if found[0] == "returns" else found[:2]

    contents = {"a": 1, "b": 1}
    assert run(getattr(manager, typeid)(contents)) == run(PLAIN[typeid](contents))
