"""When there is no room: `ArenaFull`, which is a `MemoryError`, everything as before, and room again after removing."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from manor import ArenaFull
from tests.conformance.subjects import MANOR_FORK, MANOR_TCP, Subject

ARENA_BYTES = 8 << 20
PIECE = bytes(100_000)
HUGE = bytes(16 << 20)


@pytest.fixture(params=[MANOR_FORK, MANOR_TCP], ids=lambda subject: str(subject.name))
def manager(request: pytest.FixtureRequest) -> Iterator[Any]:
    subject: Subject = request.param
    with subject.manager(arena_bytes_max=ARENA_BYTES) as started:
        yield started


def fill(manager: Any, piece: object = PIECE) -> Any:
    """A list with as many pieces as there is room for."""
    ballast = manager.list()
    with pytest.raises(ArenaFull):
        for _ in range(ARENA_BYTES):
            ballast.append(piece)
    return ballast


def fill_to_the_brim(manager: Any) -> list[Any]:
    """Lists that leave no room for anything."""
    return [
        fill(manager),
        fill(manager, bytes(3_000)),
        fill(manager, b"a hundred bytes or so " * 5),
        fill(manager, "é" * 9),
    ]


MAKERS: list[Any] = [
    pytest.param(lambda m: m.dict(a=1, b="two"), id="dict"),
    pytest.param(lambda m: m.list([1, "two", 3.0]), id="list"),
    pytest.param(lambda m: m.set([1, "two"]), id="set"),
    pytest.param(lambda m: m.Value("i", 7), id="Value"),
    pytest.param(lambda m: m.Namespace(a=1), id="Namespace"),
]
CHANGES: dict[str, list[Callable[[Any], object]]] = {
    "dict": [
        lambda d: d.__setitem__("a", HUGE),
        lambda d: d.__setitem__("new", HUGE),
        lambda d: d.__setitem__("k" * len(HUGE), 1),
        lambda d: d.setdefault("new", HUGE),
        lambda d: d.update(a=HUGE),
        lambda d: d.update([("a", HUGE)]),
    ],
    "list": [
        lambda x: x.append(HUGE),
        lambda x: x.extend([1, 2, HUGE, 3]),
        lambda x: x.insert(1, HUGE),
        lambda x: x.__setitem__(1, HUGE),
        lambda x: x.__setitem__(slice(0, 2), [1, HUGE]),
        lambda x: x.__iadd__([HUGE]),
    ],
    "set": [lambda s: s.add(HUGE), lambda s: s.update([HUGE])],
    "Value": [lambda v: v.set(HUGE), lambda v: setattr(v, "value", HUGE)],
    "Namespace": [lambda n: setattr(n, "a", HUGE), lambda n: setattr(n, "b", HUGE)],
}


@pytest.mark.parametrize("make", MAKERS)
def test_what_is_larger_than_the_arena_is_refused_and_nothing_changes(manager: Any, make: Any) -> None:
    proxy = make(manager)
    before = str(proxy)
    used = manager.stats()["bytes_used"]
    for change in CHANGES[proxy._token.typeid]:
        with pytest.raises(ArenaFull) as caught:
            change(proxy)
        assert isinstance(caught.value, MemoryError)
        assert str(proxy) == before
    assert manager.stats()["bytes_used"] == used


@pytest.mark.parametrize(
    ("typeid", "changes"),
    [
        ("dict", [lambda d: d.update(a=2, b=HUGE, c=3), lambda d: d.__ior__({"a": 4, "b": HUGE, "c": 3})]),
        ("set", [lambda s: s.update([2, HUGE, 3]), lambda s: s.update([4], [HUGE, 5])]),
    ],
)
def test_an_update_is_one_operation_for_each_item_also_when_there_is_no_room(
    manager: Any, typeid: str, changes: list[Callable[[Any], object]]
) -> None:
    container = getattr(manager, typeid)()
    for number, change in enumerate(changes, 1):
        with pytest.raises(ArenaFull):
            change(container)
        assert set(container) >= ({"a"} if typeid == "dict" else {2 * number})
        assert not {"b", "c", HUGE} & set(container)
        assert typeid == "set" or container["a"] == 2 * number


def test_a_full_arena_still_answers_and_has_room_again_after_removing(manager: Any) -> None:
    kept = manager.dict(a=1)
    ballast = fill(manager)
    count = len(ballast)
    assert count >= ARENA_BYTES // len(PIECE) // 2
    for container, change, args in (
        (ballast, "append", (PIECE,)),
        (ballast, "extend", ([PIECE],)),
        (kept, "__setitem__", ("b", PIECE)),
    ):
        with pytest.raises(ArenaFull):
            getattr(container, change)(*args)
    assert len(ballast) == count
    assert ballast[0] == ballast[-1] == PIECE
    assert kept.copy() == {"a": 1}
    del ballast[:2]
    kept["b"] = PIECE
    assert kept["b"] == PIECE
    ballast.clear()
    assert len(fill(manager)) >= count - 2, "one piece is elsewhere"


def test_without_any_room_objects_are_refused_and_the_old_ones_work_on(manager: Any) -> None:
    kept, count = manager.dict(a=1), manager.Value("i", 0)
    ballast = fill_to_the_brim(manager)
    with pytest.raises(ArenaFull):
        _ = [manager.list() for _ in range(ARENA_BYTES)]
    with pytest.raises(ArenaFull):
        manager.dict({number: str(number) for number in range(100_000)})
    kept["a"] = 2
    count.value = 3
    assert (kept["a"], count.value) == (2, 3)
    for each in ballast:
        each.clear()
    assert manager.list(range(10_000))[-1] == 9_999


def grow(container: Any, name: str) -> None:
    method = getattr(container, name)
    for number in range(ARENA_BYTES):
        method(*{"append": (number,), "__setitem__": (number, number), "add": (number,)}[name])


@pytest.mark.parametrize(("typeid", "name"), [("list", "append"), ("dict", "__setitem__"), ("set", "add")])
@pytest.mark.parametrize("manager", [MANOR_FORK], indirect=True, ids=["manor-fork"])
def test_a_container_that_grows_until_the_arena_is_full_keeps_what_it_has(manager: Any, typeid: str, name: str) -> None:
    container = getattr(manager, typeid)()
    with pytest.raises(ArenaFull):
        grow(container, name)
    length = len(container)
    assert length > 10_000
    assert sorted(container) == list(range(length))
    for number in (0, length // 2, length - 1):
        assert number in container
    assert length not in container
    with pytest.raises(ArenaFull):
        grow(container, name)
    container.clear()
    assert len(container) == 0
    with pytest.raises(ArenaFull):
        grow(container, name)
    assert len(container) >= length * 9 // 10
