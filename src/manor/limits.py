"""Every bound that manor keeps, in one frozen record; units are in the names."""

from __future__ import annotations

from typing import Any, Final, NoReturn

__all__ = ["DEFAULT", "Limits"]

_SECONDS_MAX: Final = 30 * 24 * 3600
"""The longest time that fits a notice of a lease, which counts in milliseconds, with a margin."""
_COUNT_MAX: Final = 2**62
_RANGES: Final = {
    "message_bytes_max": (4096, _COUNT_MAX),  # what introduces two processes to each other must fit
    "mailbox_bytes": (1, 2**30),
    "chunk_items_max": (1, 2**32 - 1),
    "spin_ns_max": (0, _COUNT_MAX),
}


class Limits:
    """Bounds of one manager, shared by its server and its clients; never changed once made.

    (A dataclass would do, were its import not as slow as all of ours together.)
    """

    __slots__ = (
        "chunk_items_max",
        "fork_lease_s",
        "handshake_s",
        "mailbox_bytes",
        "message_bytes_max",
        "pending_handshakes_max",
        "pickle_lease_s",
        "spin_ns_max",
    )

    def __init__(
        self,
        *,
        message_bytes_max: int = 16 * 2**30,
        handshake_s: float = 10.0,
        pending_handshakes_max: int = 1024,
        pickle_lease_s: float = 60.0,
        fork_lease_s: float = 60.0,
        chunk_items_max: int = 4096,
        mailbox_bytes: int = 65536,
        spin_ns_max: int = 50_000,
    ) -> None:
        """Take every bound by name.

        Args:
            message_bytes_max: The largest message accepted or sent, in bytes.
            handshake_s: How long a peer may take to introduce and authenticate itself, in seconds.
            pending_handshakes_max: Connections that may be in their handshake at the same time.
            pickle_lease_s: How long a pickle of a proxy keeps the object alive without any proxy, in seconds.
            fork_lease_s: How long a forked child may take to claim the proxies that it inherited, in seconds.
            chunk_items_max: The most items that one round trip of an iteration brings.
            mailbox_bytes: Messages up to this size travel through shared memory between local processes.
            spin_ns_max: How long a waiting thread may spin before it sleeps, in nanoseconds; 0 for never.

        Raises:
            TypeError: A bound is no number, or no whole number where something is counted.
            ValueError: A bound could never work.
        """
        self.message_bytes_max: Final = message_bytes_max
        self.handshake_s: Final = handshake_s
        self.pending_handshakes_max: Final = pending_handshakes_max
        self.pickle_lease_s: Final = pickle_lease_s
        self.fork_lease_s: Final = fork_lease_s
        self.chunk_items_max: Final = chunk_items_max
        self.mailbox_bytes: Final = mailbox_bytes
        self.spin_ns_max: Final = spin_ns_max

    def agreed(self, *, message_bytes_max: int, pickle_lease_s: float, chunk_items_max: int) -> Limits:
        """Return the bounds of a client, these being its own, whose server has told it these three."""
        told = {
            "message_bytes_max": min(self.message_bytes_max, message_bytes_max),
            "pickle_lease_s": pickle_lease_s,
            "chunk_items_max": chunk_items_max,
        }
        return Limits(**{**self._as_dict(), **told})

    def __setattr__(self, name: str, value: Any) -> None:
        if hasattr(self, name):
            self._refuse()
        in_seconds = name.endswith("_s")
        if isinstance(value, bool) or not isinstance(value, int | float if in_seconds else int):
            raise TypeError(f"Limits.{name} must be {'a number' if in_seconds else 'an int'}, not {value!r}")
        least, most = _RANGES.get(name, (0, _SECONDS_MAX) if in_seconds else (1, _COUNT_MAX))
        if not least <= value <= most or (in_seconds and value == 0):
            raise ValueError(f"Limits.{name} must be positive, from {least} to {most}, not {value!r}")
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> NoReturn:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise AttributeError("Limits are frozen: make another")

    def _as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    def __reduce__(self) -> tuple[Any, ...]:
        return _make, (self._as_dict(),)

    def __eq__(self, other: object) -> bool:
        return self._as_dict() == other._as_dict() if isinstance(other, Limits) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self._as_dict().values()))

    def __repr__(self) -> str:
        return f"Limits({', '.join(f'{name}={value!r}' for name, value in self._as_dict().items())})"


def _make(bounds: dict[str, Any]) -> Limits:
    return Limits(**bounds)


DEFAULT = Limits()
