"""Share an object of any class, whole: attributes, operators, generators, coroutines, and no lock to think of."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

from manor import Manager, Proxied, reads


@dataclass
class Account:
    """Nothing in it knows of processes."""

    owner: str
    balance: int = 0
    entries: list[int] = field(default_factory=list)

    def deposit(self, amount: int) -> int:
        self.entries.append(amount)
        self.balance += amount
        return self.balance

    def history(self) -> Iterator[int]:
        yield from self.entries

    async def audit(self) -> str:
        await asyncio.sleep(0.01)
        return f"{self.owner}: {len(self.entries)} entries, {self.balance} in all"


class Bank:
    """Its accounts stay where they are: who asks for one gets a proxy."""

    def __init__(self) -> None:
        self._accounts: dict[str, Account] = {}

    def account(self, owner: str) -> Proxied[Account]:
        return self._accounts.setdefault(owner, Account(owner))

    @reads
    def total(self) -> int:
        return sum(account.balance for account in self._accounts.values())


def save(bank: Bank, owner: str) -> None:
    account = bank.account(owner)
    for _ in range(100):
        account.deposit(1)  # one call at a time: nothing is lost


def main() -> None:
    with Manager() as manager, ProcessPoolExecutor(4) as pool:
        bank = manager.options(concurrency="readers", name="bank").create(Bank)
        list(pool.map(save, [bank] * 4, ["ada", "bob", "ada", "bob"]))
        ada = bank.account("ada")
        ada.balance += 5
        print(ada.balance, bank.total(), sum(ada.history()), asyncio.run(ada.audit()))
        assert (ada.balance, bank.total(), sum(ada.history())) == (205, 405, 200)
        assert isinstance(ada, Account)
        assert manager.get("bank").total() == 405


if __name__ == "__main__":
    main()
