"""Records behave as named tuples do, but for what makes those slow to define."""

import copy
import pickle
from collections.abc import Callable
from typing import NamedTuple

import pytest

from manor._record import Record


class Ours(Record):
    """A record of the tests."""

    __slots__ = ()

    what: int
    name: str
    number: int = 7
    flag: bool = False

    def described(self) -> str:
        return f"{self.name} {self.number}"


class Theirs(NamedTuple):
    what: int
    name: str
    number: int = 7
    flag: bool = False


MAKERS: dict[str, Callable[[type[Ours] | type[Theirs]], tuple[object, ...]]] = {
    "all by position": lambda kind: kind(1, "a", 2, True),
    "the first by position": lambda kind: kind(1, "a"),
    "one default by position": lambda kind: kind(1, "a", 3),
    "all by name": lambda kind: kind(name="a", flag=True, what=1, number=2),
    "some by name": lambda kind: kind(1, "a", flag=True),
    "required ones by name": lambda kind: kind(1, name="a"),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_it_is_the_tuple_that_a_named_tuple_is(make: Callable[[type[Ours] | type[Theirs]], tuple[object, ...]]) -> None:
    ours, theirs = make(Ours), make(Theirs)
    assert isinstance(ours, Ours)
    assert ours == theirs == tuple(ours)
    assert hash(ours) == hash(theirs)
    assert repr(ours) == repr(theirs).replace("Theirs", "Ours")
    assert (ours.what, ours.name, ours.number, ours.flag) == tuple(ours)


@pytest.mark.parametrize(
    ("items", "named"),
    [
        ((), {}),
        ((1,), {}),
        ((1, "a", 2, True, 5), {}),
        ((1,), {"number": 3}),
        ((1, "a"), {"unknown": 3}),
        ((1, "a"), {"what": 3}),
    ],
    ids=["nothing", "too few", "too many", "a required one is missing", "an unknown name", "one twice"],
)
def test_wrong_fields_are_refused(items: tuple[object, ...], named: dict[str, object]) -> None:
    for kind in (Ours, Theirs):
        with pytest.raises(TypeError, match=kind.__name__):
            kind(*items, **named)  # type: ignore[arg-type]


def test_it_cannot_be_changed() -> None:
    record = Ours(1, "a")
    with pytest.raises(AttributeError):
        record.what = 2  # type: ignore[misc]
    with pytest.raises(AttributeError):
        record.other = 2  # type: ignore[attr-defined]


def test_it_travels() -> None:
    record = Ours(1, "a", flag=True)
    for there in (copy.copy(record), copy.deepcopy(record), *(pickle.loads(pickle.dumps(record, p)) for p in range(6))):
        assert type(there) is Ours
        assert there == record
        assert there.described() == "a 7"


def test_its_methods_and_fields_are_its_own() -> None:
    class Other(Record):
        """Another one, of which one field has the name of one of ``Ours``."""

        __slots__ = ()

        number: str

    assert Other("x").number == "x"
    assert Ours(1, "a").number == 7
    assert not hasattr(Other("x"), "what")
