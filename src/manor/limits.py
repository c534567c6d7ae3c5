"""Every bound that manor keeps, in one frozen record; units are in the names."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DEFAULT", "Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one manager, shared by its server and its clients.

    Attributes:
        message_bytes_max: The largest message accepted or sent, in bytes.
        handshake_s: How long a peer may take to introduce and authenticate itself, in seconds.
        pending_handshakes_max: Connections that may be in their handshake at the same time.
        pickle_lease_s: How long a pickle of a proxy keeps the object alive without any proxy, in seconds.
        fork_lease_s: How long a forked child may take to claim the proxies that it inherited, in seconds.
        chunk_items_max: The most items that one round trip of an iteration brings.
        mailbox_bytes: Messages up to this size travel through shared memory between local processes.
        spin_ns_max: How long a waiting thread may spin before it sleeps, in nanoseconds.
    """

    message_bytes_max: int = 16 * 2**30
    handshake_s: float = 10.0
    pending_handshakes_max: int = 1024
    pickle_lease_s: float = 60.0
    fork_lease_s: float = 60.0
    chunk_items_max: int = 4096
    mailbox_bytes: int = 65536
    spin_ns_max: int = 50_000

    def __post_init__(self) -> None:
        """Refuse values that could never work, naming the field."""
        for name in self.__slots__:
            value = getattr(self, name)
            if not isinstance(value, int | float) or isinstance(value, bool):
                raise TypeError(f"Limits.{name} must be a number, not {value!r}")
            if value < 0 or (value == 0 and name != "spin_ns_max"):
                raise ValueError(f"Limits.{name} must be positive, not {value!r}")


DEFAULT = Limits()
