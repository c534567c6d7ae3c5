"""Proxies of created objects whose class has a `_callmethod` of its own: it sees every call."""

import asyncio
import inspect
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.conformance.subjects import MANOR, on

pytestmark = on(*MANOR)


class Ledger:
    """Has one of each."""

    rate = 2

    def __init__(self) -> None:
        self.entries = [1]

    def add(self, entry: int, *, times: int = 1) -> int:
        """Add an entry."""
        self.entries += [entry] * times
        return len(self.entries)

    @property
    def total(self) -> int:
        """Of all entries."""
        return sum(self.entries)

    @property
    def broken(self) -> int:
        raise AttributeError("broken inside")

    @staticmethod
    def parse(text: str) -> int:
        return int(text)

    def items(self) -> Iterator[int]:
        yield from self.entries

    async def count(self) -> int:
        return len(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, at: int) -> int:
        return self.entries[at]

    def __eq__(self, other: object) -> bool:
        return self.entries == other

    __hash__ = None  # type: ignore[assignment]


class Calls:
    """What a `_callmethod` of ones own has seen."""

    def _callmethod(self, methodname: str, args: tuple[Any, ...] = (), kwds: Mapping[str, Any] = {}) -> Any:
        self.__dict__.setdefault("_seen", []).append(methodname if methodname != "#GET" else f"#GET {args[0]}")
        return super()._callmethod(methodname, args, kwds)  # type: ignore[misc]


def made(proxy: Any, *bases: type) -> Any:
    """A proxy for the same object, of a class that sees its calls."""
    cls = type("Seeing", (*bases, type(proxy)), {})
    return cls(proxy._token, "pickle")


def seen(proxy: Any) -> list[str]:
    found: list[str] = proxy.__dict__.pop("_seen", [])
    return found


def test_a_callmethod_of_ones_own_sees_every_call(manager: Any) -> None:
    ledger = made(manager.create(Ledger), Calls)
    assert (ledger.add(2, times=2), ledger.total, len(ledger), ledger[0], ledger.parse("7")) == (3, 5, 3, 1, 7)
    assert seen(ledger) == ["add", "#GET total", "__len__", "__getitem__", "parse"]
    assert (ledger.entries, ledger.rate, ledger == [1, 2, 2], list(ledger), 2 in ledger) == (
        [1, 2, 2],
        2,
        True,
        [1, 2, 2],
        True,
    )
    assert seen(ledger) == ["#GET entries", "#GET rate", "__eq__", "__iter__", "__len__", "__contains__"]
    assert list(ledger.items()) == [1, 2, 2]
    assert asyncio.run(ledger.count()) == 3
    assert seen(ledger) == ["items", "#AWAIT"]
    ledger.entries = []
    del ledger.entries
    assert seen(ledger) == ["#SET", "#DEL"]


def test_attributes_that_became_known_before_or_after_are_seen_as_well(manager: Any) -> None:
    plain = manager.create(Ledger)
    assert plain.entries == [1]
    ledger = made(plain, Calls)
    derived = made(ledger)
    assert (ledger.entries, derived.entries, plain.rate, ledger.rate, derived.rate) == ([1], [1], 2, 2, 2)
    assert seen(ledger) == seen(derived) == ["#GET entries", "#GET rate"]
    assert ledger.rate == derived.rate == plain.rate
    assert seen(ledger) == seen(derived) == ["#GET rate"]


def test_super_leads_to_the_callmethod_too(manager: Any) -> None:
    class Doubling:
        def add(self, entry: int) -> int:
            return super().add(2 * entry) + 100  # type: ignore[misc,no-any-return]

        @property
        def total(self) -> int:
            return super().total + 100  # type: ignore[misc,no-any-return]

        def __len__(self) -> int:
            return super().__len__() + 100  # type: ignore[misc,no-any-return]

    plain = manager.create(Ledger)
    below = made(made(plain, Doubling), Calls)  # derived from a class that overrides methods, but no `_callmethod`
    for ledger in (made(plain, Doubling, Calls), made(plain, Calls, Doubling), below):
        plain.entries = [1]
        assert (ledger.add(2), ledger.total, len(ledger)) == (102, 105, 102)
        assert seen(ledger) == ["add", "#GET total", "__len__"]


def test_classes_with_and_without_a_callmethod_of_their_own_mix(manager: Any) -> None:
    class Fresh(Ledger):
        """Of which no attribute is known yet."""

    plain = manager.create(Fresh)
    unseen = made(plain)
    assert unseen.entries == [1]
    for ledger in (made(unseen, Calls), made(made(plain, Calls), type("Mixin", (), {}))):
        assert isinstance(ledger, Ledger)
        assert isinstance(ledger, type.__call__(type, plain))
        assert (ledger.add(1), ledger.rate, len(ledger.entries)) == (len(plain), 2, len(plain))
        assert seen(ledger) == ["add", "#GET rate", "#GET entries"]
    assert (unseen.add(1), unseen.rate) == (4, 2)


def test_what_a_callmethod_returns_is_what_the_caller_gets(manager: Any) -> None:
    def constant(self: Any, methodname: str, *_: Any) -> Any:
        return "constant"

    ledger = made(manager.create(Ledger), type("Constant", (), {"_callmethod": constant}))
    assert (ledger.add(1), ledger.total, ledger[0], ledger.rate) == ("constant",) * 4


def test_others_of_the_class_are_called_as_before(manager: Any) -> None:
    plain = manager.create(Ledger)
    own = dict(vars(type(plain)))
    made(plain, Calls)
    assert dict(vars(type(plain))) == own
    assert made(plain).add(1) == 2


def test_such_a_class_looks_like_the_hosted_one(manager: Any) -> None:
    ledger = made(manager.create(Ledger), Calls)
    cls = type.__call__(type, ledger)
    assert str(inspect.signature(cls.add)) == "(self, entry: int, *, times: int = 1) -> int"
    assert str(inspect.signature(cls.parse)) == "(self, /, text: str) -> int"
    assert (cls.add.__doc__, cls.total.__doc__, cls.add.__name__) == ("Add an entry.", "Of all entries.", "add")
    with pytest.raises(AttributeError, match="broken inside"):
        _ = ledger.broken
    assert seen(ledger) == ["#GET broken"]
