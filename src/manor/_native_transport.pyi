"""The part of `manor._native` that moves messages; there is no such module at run time."""

from collections.abc import Iterable
from typing import Protocol, final

__all__ = ["Connection", "Turns"]

class _Buffer(Protocol):
    """Whatever has contiguous bytes: `bytes`, `bytearray`, `memoryview`, `pickle.PickleBuffer`, `array.array`, ..."""
    def __buffer__(self, flags: int, /) -> memoryview: ...

@final
class Connection:
    """Messages over a connected stream socket, Unix or TCP.

    One thread may send and one may receive at the same time; a second sender or a second receiver gets a
    `RuntimeError` at once. All other methods may be called from any thread at any time.

    Waits release the interpreter's lock, run Python's signal handlers, and then continue with what is left of
    their time. An exception out of a wait (`TimeoutError`, or one of a signal handler) loses no
    input: the next `receive` goes on where this one stopped. A `send` that was cut off in the middle of a
    message leaves the sending direction useless: the next `send` raises `ConnectionAbortedError`.

    Unless said otherwise, methods raise

    * `ValueError`: the connection was closed here, or an argument is of no use;
    * `EOFError`: the peer closed between two messages, or we shut down or closed in another thread meanwhile;
    * `ConnectionResetError`: the connection broke within a message, or the peer closed without reading all;
    * `BrokenPipeError`: the peer was gone before it could read what we send;
    * `ConnectionAbortedError`: the peer broke the protocol, shared memory is corrupt, or an earlier `send` was cut off;
    * `TimeoutError`: `timeout` seconds have passed;
    * `OverflowError`: a message, ours or the peer's, is longer than `message_bytes_max`;
    * `RuntimeError`: another thread is at it, or the connection was inherited through a fork.

    A `timeout` is in seconds; `None` waits for as long as it takes, 0 or less does not wait.
    """

    def __new__(cls, fd: int, *, message_bytes_max: int, spin_ns_max: int = 50_000) -> Connection:
        """Takes over the socket.

        Args:
            fd: A connected stream socket. It is made non-blocking and is not inherited by programs that are
                executed. From here on it belongs to the connection (`socket.detach()`); if the constructor raises, it
                still belongs to the caller.
            message_bytes_max: The longest message, in bytes, in either direction. A longer one is never allocated.
            spin_ns_max: How long, in nanoseconds, a wait for a mailbox may keep a processor busy before it sleeps;
                0 for never. Less is used, or nothing, where spinning does not pay.

        Raises:
            OSError: `fd` is not a socket.
            ValueError: `fd` is not a stream socket.
        """
    def fileno(self) -> int:
        """The descriptor, for `select` and the like; -1 once closed."""
    @property
    def closed(self) -> bool:
        """Whether it was closed here."""
    @property
    def has_mailboxes(self) -> bool:
        """Whether short messages go through shared memory."""
    def send(self, parts: Iterable[_Buffer], timeout: float | None = None) -> None:
        """Sends one message: the concatenation of `parts`, which must not change meanwhile.

        Raises:
            ValueError: The message is empty.
            TypeError, BufferError: A part has no contiguous bytes.
        """
    def receive(self, timeout: float | None = None) -> bytearray:
        """Receives one message; what the peer sent before it closed is still received.

        Memory for a long message is allocated as its bytes arrive: a length that is only claimed costs nothing.
        """
    def take_turns(self, turns: Turns) -> None:
        """Each message is a call from here on, over when the next is received; threads with short ones take turns."""
    def call(self, parts: Iterable[_Buffer], timeout: float | None = None) -> bytearray:
        """`send`, then `receive`, with one `timeout`; after `TimeoutError` the next `receive` may return the answer."""
    def send_with_file(self, message: bytes, fd: int, timeout: float | None = None) -> None:
        """Sends a short message with a copy of an open file attached, over a plain Unix socket."""
    def take_file(self) -> int | None:
        """The open file that came with a message received so far, which is then the caller's, or None."""
    def confirm(self) -> None:
        """Tells the peer that the last message received was dealt with. No other thread may send, but to a mailbox."""
    def is_confirmed(self) -> bool:
        """Whether the peer has; true if nothing was sent. Without mailboxes, `receive` comes across confirmations."""
    def secure(self, key: bytes, initiator: bool, timeout: float | None = None) -> None:
        """Authenticates both sides by a shared key, and encrypts everything afterwards.

        Noise_NNpsk0_25519_AESGCM_SHA256 (https://noiseprotocol.org). To be called by both sides, before all messages.
        After an error other than `ValueError` and `RuntimeError` the connection is closed.

        Args:
            key: 32 secret bytes that both sides know.
            initiator: True on exactly one side: the one that connected.
            timeout: For the whole handshake.

        Raises:
            PermissionError: The keys differ, the peer hung up, or it does not speak the protocol.
        """
    def authenticate(self, key: bytes, initiator: bool, timeout: float | None = None) -> None:
        """The same handshake on both sides, but what follows is plain text: for Unix sockets, which none reads."""
    def offer_mailboxes(self, capacity_bytes: int = 65_536, timeout: float | None = None) -> None:
        """Server's part in moving to shared memory: makes it, and sends the peer its descriptor.

        Messages of up to `capacity_bytes` then go through two mailboxes, one for each direction; longer ones
        through the socket as before, and all arrive in the order in which they were sent. To be called at a moment
        when no message is under way in either direction; messages are counted anew (`is_confirmed`).

        Raises:
            ValueError: Not a Unix socket, encrypted, mailboxes there already, or `capacity_bytes` out of range.
        """
    def accept_mailboxes(self, timeout: float | None = None) -> None:
        """Client's part: receives the descriptor, checks size, seals and layout, and maps the memory."""
    def abandon(self) -> None:
        """Marks the connection as abandoned, for a peer that asks `is_abandoned`, and closes it."""
    def is_abandoned(self) -> bool:
        """Whether the peer has called `abandon`. Always false without mailboxes; never a system call."""
    def shutdown(self) -> None:
        """Ends both directions without closing, for threads that wait and the peer. Without effect after a fork."""
    def close(self) -> None:
        """Closes; threads inside see the end (`EOFError`). Never raises. In a forked child: like `discard`."""
    def discard(self) -> None:
        """For a forked child: lets go of the descriptor, with no effect on the parent. Takes no lock, never waits."""

@final
class Turns:
    """For `Connection.take_turns`."""
    def __new__(cls) -> Turns: ...
