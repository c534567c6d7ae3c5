"""When ``name=`` names the object that is made, and when it is something else."""

import re
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from typing import Any

import pytest

import manor
from tests.conformance.accounts import Account
from tests.conformance.subjects import ManorManager, objects, until
from tests.conformance.test_names import named

__all__ = ["named"]


class Stack(list[Any]):
    """A type of a program's own."""


def seven() -> int:
    return 7


ManorManager.register("Stack", Stack)
ManorManager.register("NamedAccount", Account, attributes=True)


def test_a_name_may_stand_beside_other_keywords_that_are_no_items(named: Any) -> None:
    named.Queue(maxsize=1, name="jobs").put("job")
    named.deque(maxlen=2, deep=True, name="recent").extend([[1], [2], [3]])
    named.Semaphore(value=1, name="permits").acquire()
    assert named.get("jobs").full()
    assert named.get("recent")[0][:] == [2]
    assert not named.get("permits").acquire(False)
    assert named.names() == ["jobs", "recent", "permits"]


@pytest.mark.parametrize("typeid", ["dict", "OrderedDict"])
def test_beside_items_the_keyword_name_is_an_item(named: Any, typeid: str) -> None:
    make = getattr(named, typeid)
    assert make(name="ada", age=3).copy() == {"name": "ada", "age": 3}
    assert make({"name": "ada"}).copy() == {"name": "ada"}
    assert make(name="ada").copy() == {}
    assert named.defaultdict(int, name="x", age=3).copy() == defaultdict(int, name="x", age=3)
    assert named.names() == ["ada"]


def test_a_count_of_the_key_name_is_a_count(named: Any) -> None:
    assert named.Counter(name=3).copy() == {"name": 3}
    assert named.Counter("a", name=3).copy() == {"name": 3, "a": 1}
    assert named.Counter("a", name="counts").copy() == {"a": 1}
    assert named.Namespace(name="ada").name == "ada"
    assert named.names() == ["counts"]


@pytest.mark.parametrize("typeid", ["dict", "OrderedDict", "defaultdict"])
def test_a_name_that_is_no_text_says_how_to_give_an_item(named: Any, typeid: str) -> None:
    with pytest.raises(TypeError, match=re.escape(f"{typeid}(name=...) names the object") + '.*{"name": 3}'):
        getattr(named, typeid)(name=3)
    with pytest.raises(TypeError, match="must be a str, not 3"):
        named.Lock(name=3)


def test_a_type_of_a_programs_own_has_its_keywords_for_itself(named: Any) -> None:
    with pytest.raises(TypeError, match="keyword"):
        named.Stack(name="x")
    assert named.names() == []


def test_whoever_asks_for_the_same_kind_gets_the_object_that_is_there(named: Any) -> None:
    named.defaultdict(list, name="groups")["a"].append(1)
    assert named.defaultdict(named.list, name="groups")["a"][:] == [1]
    assert named.defaultdict(name="groups")["a"][:] == [1]
    named.deque(maxlen=2, name="recent").extend("abc")
    assert list(named.deque(maxlen=2, name="recent")) == ["b", "c"]
    named.defaultdict(seven, name="sevens")
    others: tuple[Callable[[], Any], ...] = (
        lambda: named.defaultdict(int, name="groups"),
        lambda: named.defaultdict(list, {"a": [1]}, name="groups"),
        lambda: named.defaultdict(int, name="sevens"),
        lambda: named.deque(maxlen=3, name="recent"),
        lambda: named.deque("a", 2, name="recent"),
        lambda: named.OrderedDict(name="recent"),
    )
    for other in others:
        with pytest.raises(manor.NameInUse, match=r"manager\.get\(.*manager\.remove\("):
            other()


def test_options_name_what_keywords_cannot(named: Any) -> None:
    named.options(name="settings").Namespace(name="x", depth=3)
    named.options(name="ages").dict(ada=36, name="x")
    named.options(name="stack").Stack([1, 2]).append(3)
    named.options(name="account").NamedAccount(5).deposit(1)
    assert (named.get("settings").name, named.get("settings").depth) == ("x", 3)
    assert named.get("ages").copy() == {"ada": 36, "name": "x"}
    assert named.options(name="stack").Stack().pop() == 3
    assert named.options(name="account").NamedAccount().balance == 6
    assert named.options(name="deep").dict(deep=True).copy() == {}
    assert named.options(name="deep").dict(deep=True).copy() == {}
    assert named.options().list([1])[:] == [1]
    with pytest.raises(manor.NameInUse):
        named.options(name="stack").Stack([1])
    with pytest.raises(TypeError, match="names the dict already"):
        named.options(name="again").dict(name="x")


def test_options_say_what_they_have(named: Any) -> None:
    with pytest.raises(AttributeError, match="'Heap' is none of them"):
        named.options(name="heap").Heap()
    with pytest.raises(TypeError, match=r"register\('Stack', \.\.\., attributes=True, concurrency="):
        named.options(concurrency="threads").Stack()


def test_a_name_of_a_served_object_holds_it_until_it_is_removed(named: Any) -> None:
    before = objects(named)
    named.OrderedDict(name="ordered")["inner"] = named.list([1])
    assert isinstance(named.get("ordered"), type(named.OrderedDict()))
    assert named.get("ordered")["inner"][:] == [1]
    assert named.get("ordered").copy().keys() == OrderedDict(inner=0).keys()
    named.remove("ordered")
    until(lambda: objects(named) == before)
