"""Classes whose objects the tests of ``create`` have in a server."""

import asyncio
import functools
import threading
from collections.abc import AsyncIterator, Generator, Iterator
from dataclasses import dataclass
from typing import Any, Self

import manor


class Account:
    """Somebody's money."""

    currency = "EUR"

    def __init__(self, balance: int = 0, *, owner: str = "ada") -> None:
        self.balance = balance
        self.owner = owner
        self.history: list[int] = []

    def deposit(self, amount: int, /, note: str = "") -> int:
        """Add to the balance."""
        self.history.append(amount)
        self.balance += amount
        return self.balance

    def withdraw(self, amount: int) -> int:
        if amount > self.balance:
            raise ValueError(f"{amount} is more than {self.balance}")
        return self.deposit(-amount)

    @property
    def cents(self) -> int:
        """The balance in cents."""
        return self.balance * 100

    @cents.setter
    def cents(self, cents: int) -> None:
        self.balance = cents // 100

    @property
    def broken(self) -> int:
        self.history.append(-1)
        raise AttributeError("no such thing")

    @functools.cached_property
    def number(self) -> int:
        """Made once."""
        self.history.append(-2)
        return 4711

    @staticmethod
    def rounded(amount: float) -> int:
        return round(amount)

    @classmethod
    def rich(cls, owner: str) -> Self:
        return cls(1_000_000, owner=owner)

    @classmethod
    def which_currency(cls) -> str:
        return cls.currency

    def _secret(self) -> None: ...

    def itself(self) -> Self:
        return self

    def __str__(self) -> str:
        return f"{self.owner}: {self.balance}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Account) and self.balance == other.balance

    def __lt__(self, other: "Account") -> bool:
        return self.balance < other.balance

    def __hash__(self) -> int:
        return self.balance

    def __add__(self, other: "Account | int") -> "Account":
        if isinstance(other, Account):
            return Account(self.balance + other.balance)
        if isinstance(other, int):
            return Account(self.balance + other)
        return NotImplemented

    def __radd__(self, other: int) -> int:
        return other + self.balance

    def __isub__(self, amount: int) -> Self:
        self.balance -= amount
        return self

    def __neg__(self) -> int:
        return -self.balance

    def __bool__(self) -> bool:
        return self.balance > 0

    def __call__(self, factor: int, *, plus: int = 0) -> int:
        return self.balance * factor + plus


class Shelf:
    """A container that counts how often it is entered."""

    def __init__(self, *things: str) -> None:
        self.things = list(things)
        self.left_with: list[str] = []

    def __len__(self) -> int:
        return len(self.things)

    def __getitem__(self, at: int) -> str:
        return self.things[at]

    def __setitem__(self, at: int, thing: str) -> None:
        self.things[at] = thing

    def __delitem__(self, at: int) -> None:
        del self.things[at]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: object) -> bool:
        self.left_with.append(repr(error))
        return isinstance(error, KeyError)


class Words:
    """Iterated by an ``__iter__`` of its own; has none of the sequence's methods."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __iter__(self) -> Iterator[str]:
        yield from self.text.split()


class Countdown:
    """An iterator."""

    def __init__(self, start: int) -> None:
        self.at = start

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> int:
        if self.at == 0:
            raise StopIteration
        self.at -= 1
        return self.at


class Dynamic:
    """Answers to any name."""

    def __init__(self) -> None:
        self.added = lambda value: value + 1

    def __getattr__(self, name: str) -> Any:
        if name.startswith("call_"):
            return lambda *args: (name, *args)
        if name == "colour":
            return "red"
        raise AttributeError(name)


@dataclass(order=True)
class Point:
    x: int
    y: int = 0


class Bank:
    """Has accounts, and gives proxies for them."""

    def __init__(self) -> None:
        self._accounts = {"ada": Account(1), "bob": Account(2, owner="bob")}

    def account(self, owner: str) -> manor.Proxied[Account]:
        return self._accounts[owner]

    def find(self, owner: str) -> "manor.Proxied[Account] | None":
        return self._accounts.get(owner)

    def copy_of(self, owner: str) -> Account:
        return self._accounts[owner]

    @property
    def richest(self) -> manor.Proxied[Account]:
        return max(self._accounts.values())

    def total(self) -> int:
        return sum(account.balance for account in self._accounts.values())


class Numbers:
    """Generators of all kinds."""

    def __init__(self) -> None:
        self.made = 0
        self.ended = threading.Event()

    def upto(self, end: int) -> Generator[int, None, str]:
        try:
            for number in range(end):
                self.made += 1
                yield number
        finally:
            self.ended.set()
        return "all"

    def failing_at(self, end: int) -> Iterator[int]:
        yield from range(end)
        raise ValueError(f"no number {end}")

    def sums(self) -> Generator[int, int, None]:
        total = 0
        while True:
            try:
                total += yield total
            except KeyError:
                total = 0

    def squares(self) -> Iterator[int]:
        return map(abs, [-1, -2, 3])

    def has_ended(self) -> bool:
        return self.ended.is_set()

    async def slowly(self, end: int) -> AsyncIterator[int]:
        for number in range(end):
            await asyncio.sleep(0)
            yield number


def make_account(balance: int) -> Account:
    return Account(balance, owner="made")
