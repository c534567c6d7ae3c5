"""A semaphore that holds no more permits than it was made with."""

from manor._server.primitives.semaphore import Semaphore


class BoundedSemaphore(Semaphore):
    """`threading.BoundedSemaphore` for callers in many processes; a dead process's permits are given back."""

    def __init__(self, value: int = 1, *, on_owner_death: str = "warn") -> None:
        super().__init__(value, release_on_death=True, on_owner_death=on_owner_death)
        self._bound = value

    def _room(self) -> int:
        return self._bound - self._value
