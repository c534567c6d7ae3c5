"""Created objects of classes for which Python has conventions: named tuples, members of enumerations, awaitables."""

import asyncio
import enum
import inspect
import pickle
import sys
from collections.abc import Generator
from typing import Any, NamedTuple

import pytest

import manor
from tests.conformance.accounts import Account, Numbers, Point
from tests.conformance.subjects import MANOR, MANOR_SERVED, Subject, on

pytestmark = on(*MANOR, MANOR_SERVED)


class Colour(enum.Enum):
    RED = 1
    BLUE = 2

    def shout(self) -> str:
        return f"{self.name}!"


class Size(enum.IntEnum):
    SMALL = 1


class Place(NamedTuple):
    row: int
    column: int = 0


class Ready:
    """May be awaited any number of times."""

    def __init__(self) -> None:
        self.count = 0
        self.was_cancelled = False

    def __await__(self) -> Generator[Any, None, int]:
        yield from asyncio.sleep(0).__await__()
        self.count += 1
        return self.count


class Never:
    """Notes that whoever waited for it gave up."""

    def __init__(self) -> None:
        self.log: list[str] = []

    def __await__(self) -> Generator[Any, None, None]:
        self.log.append("begun")
        try:
            yield from asyncio.Event().wait().__await__()
        finally:
            self.log.append("ended")


class Refusing:
    """Its instances are made with what cannot travel."""

    def __init__(self, *args: Any) -> None: ...


def isawaitable(thing: Any) -> bool:
    return inspect.isawaitable(thing)


def test_a_member_of_an_enumeration_equals_the_member(manager: Any) -> None:
    red: Any = manager.create(Colour, 1)
    assert red == Colour.RED
    assert Colour.RED == red  # noqa: SIM300 - the other way round
    assert red != Colour.BLUE
    assert red != 1
    assert red == manager.create(Colour, 1)
    assert red != manager.create(Colour, 2)
    assert (red.name, red.value, red.shout()) == ("RED", 1, "RED!")
    small: Any = manager.create(Size, 1)
    assert small == Size.SMALL
    assert small == 1


def test_a_named_tuple_has_its_methods_and_fields(manager: Any) -> None:
    place = manager.create(Place, 1, 2)
    assert place._asdict() == {"row": 1, "column": 2}
    assert place._replace(row=5) == Place(5, 2)
    assert place._make([3, 4]) == Place(3, 4)
    assert place._fields == Place._fields
    assert place._field_defaults == {"column": 0}
    with pytest.raises((TypeError, ValueError), match="depth"):
        place._replace(depth=1)
    assert pickle.loads(pickle.dumps(place))._asdict() == {"row": 1, "column": 2}


def test_an_awaitable_is_awaited_in_the_server(manager: Any) -> None:
    ready: Any = manager.create(Ready)
    assert isawaitable(ready)

    async def one() -> int:
        found: int = await ready
        return found

    async def wait() -> list[int]:
        return [await ready, *await asyncio.gather(one(), one())]

    assert sorted(asyncio.run(wait())) == [1, 2, 3]
    assert ready.count == 3


def test_who_gives_up_an_awaitable_ends_it_there(manager: Any) -> None:
    never: Any = manager.create(Never)

    async def wait() -> None:
        waiting = asyncio.ensure_future(never)
        while "begun" not in await asyncio.to_thread(lambda: never.log):
            pass
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(wait())
    assert never.log == ["begun", "ended"]


@pytest.mark.parametrize(("cls", "args"), [(Account, ()), (Point, (1,)), (Place, (1,)), (Numbers, ())])
def test_the_signature_of_a_proxys_class_is_that_of_the_class(manager: Any, cls: Any, args: Any) -> None:
    kind: Any = type(manager.create(cls, *args))
    assert inspect.signature(kind) == inspect.signature(cls)
    named = type(manager.options(name=f"signature of {cls.__name__}").create(cls, *args))
    assert inspect.signature(named) == inspect.signature(cls)

    class Derived(kind):  # type: ignore[misc]
        def __init__(self, own: int) -> None: ...

    assert str(inspect.signature(Derived)) == "(own: int) -> None"


def test_the_signature_of_an_object_is_that_of_its_call(manager: Any) -> None:
    assert inspect.signature(manager.create(Account)) == inspect.signature(Account())
    with pytest.raises(TypeError):
        inspect.signature(manager.create(Numbers))


def test_a_class_that_cannot_travel_is_named(manager: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cloudpickle", None)

    class Local: ...

    with pytest.raises(manor.NotPicklable) as caught:
        manager.create(Local)
    text = str(caught.value)
    assert text.startswith("the manager's server cannot import ")
    assert "Local: define it at the top of a module" in text
    assert "Blueprint" not in text


def test_an_argument_of_a_class_that_cannot_travel_is_told_from_the_class(subject: Subject, manager: Any) -> None:
    with pytest.raises(manor.NotPicklable, match=r"argument 2 of manager\.create\(\) cannot be sent .*generator"):
        manager.create(Refusing, (number for number in range(3)))
