"""What type checkers see of created objects: the class itself."""

from __future__ import annotations

from typing import assert_type

from manor import Manager, Proxied, reads
from manor.managers import BaseManager


class Account:
    def __init__(self, balance: int) -> None:
        self.balance = balance

    @reads
    def worth(self) -> int:
        return self.balance

    def partner(self) -> Proxied[Account]:
        return Account(self.balance)


def make_account(balance: int, *, twice: bool = False) -> Account:
    return Account(balance * 2 if twice else balance)


def test_a_created_object_has_the_type_of_its_class() -> None:
    with Manager() as manager:
        account = manager.create(Account, 5)
        assert_type(account, Account)
        assert_type(account.worth(), int)
        assert_type(account.balance, int)
        assert_type(account.partner(), Account)
        assert_type(manager.create(make_account, 1, twice=True), Account)
        assert_type(manager.options(concurrency="threads").create(Account, 5), Account)
        assert account.partner().worth() == 5


def refused() -> None:
    """Never called: what a type checker refuses."""
    with Manager() as manager:
        manager.create(Account, "five")  # type: ignore[arg-type]
        manager.create(Account)  # type: ignore[call-arg]
        manager.create(5)  # type: ignore[arg-type]
        manager.options(concurrency="all")  # type: ignore[arg-type]
    BaseManager.register("Account", Account, attributes=True, concurrency="all")  # type: ignore[arg-type]
    BaseManager.register("Account", Account, attributes=True, concurrency="readers")
