"""Native parts of manor.

`Connection` moves messages (byte strings with a length) between two processes over a connected stream socket, and
on one machine through shared memory beside it. It knows nothing of what the messages mean.
"""

from collections.abc import Iterable
from typing import Protocol, final

__all__ = ["Connection"]

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
        """Sends one message: the concatenation of `parts`, which are not copied first.

        The parts must not change until `send` returns. That it returns does not mean that the peer has received
        anything.

        Raises:
            ValueError: The message is empty.
            TypeError, BufferError: A part has no contiguous bytes.
        """

    def receive(self, timeout: float | None = None) -> bytearray:
        """Receives one message.

        Memory for a long message is allocated as its bytes arrive: a length that is only claimed costs nothing.
        What the peer sent before it closed is still received.
        """

    def call(self, parts: Iterable[_Buffer], timeout: float | None = None) -> bytearray:
        """`send`, then `receive`, with one `timeout` for both, faster than the two.

        After a `TimeoutError` the answer may still come: the next `receive` would return it.
        """

    def confirm(self) -> None:
        """Tells the peer that the last message received has been dealt with. Confirming twice is harmless.

        With mailboxes this is one store in shared memory; otherwise a few bytes are sent, in which case no other
        thread may be sending.
        """

    def is_confirmed(self) -> bool:
        """Whether the peer has confirmed the last message that we sent; true if none was sent.

        Without mailboxes, a confirmation is noticed by the `receive` that comes across it.
        """

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
        """The same handshake as `secure`, but what follows is plain text.

        For Unix sockets, which nobody else can read. Both sides must call the same one of the two methods.
        """

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
        """Ends both directions without closing: threads that wait here, and the peer, see the end.

        Without effect in a process that inherited the connection through a fork.
        """

    def close(self) -> None:
        """Closes. Never raises; closing twice is harmless.

        Threads of this process that are inside are woken and see the end (`EOFError`); the descriptor and the
        memory are released when the last of them is out. Messages that the peer has not taken from its mailbox stay
        there for it. In a process that inherited the connection through a fork: like `discard`.
        """

    def discard(self) -> None:
        """For a forked child: lets go of the descriptor, with no effect on the parent, whose connection it is.

        Waits for nothing and takes no lock, whatever the parent's threads were doing at the fork.
        """
