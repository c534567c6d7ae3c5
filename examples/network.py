"""Share an object with a process that connects over the network (here: over loopback)."""

import multiprocessing
from typing import Any

from manor.managers import BaseManager

KEY = b"at least sixteen bytes, and secret"


class Stock:
    """The object that both sides use."""

    def __init__(self) -> None:
        self._pieces: dict[str, int] = {}

    def deliver(self, article: str, pieces: int) -> None:
        self._pieces[article] = self._pieces.get(article, 0) + pieces

    def pieces(self, article: str) -> int:
        return self._pieces.get(article, 0)


STOCK = Stock()


def the_stock() -> Stock:
    return STOCK


class ServerManager(BaseManager):
    """Hosts the stock."""


class ClientManager(BaseManager):
    """Knows the name of the stock only: what it is, the server knows."""


ServerManager.register("stock", the_stock)
ClientManager.register("stock")


def deliver(address: Any) -> None:
    manager = ClientManager(address=address, authkey=KEY)
    manager.connect()
    manager.stock().deliver("lamp", 12)  # type: ignore[attr-defined]


def main() -> None:
    with ServerManager(address=("127.0.0.1", 0), authkey=KEY) as manager:
        client = multiprocessing.Process(target=deliver, args=(manager.address,))
        client.start()
        client.join()
        assert client.exitcode == 0
        pieces = manager.stock().pieces("lamp")  # type: ignore[attr-defined]
        print(f"{pieces} lamps")
        assert pieces == 12


if __name__ == "__main__":
    main()
