"""Native parts of manor.

`Connection` moves messages (byte strings with a length) between two processes over a connected stream socket, and
on one machine through shared memory beside it. It knows nothing of what the messages mean.

An `Arena` is memory that processes of one machine share, and `Object`s live there: every process that is attached
works on them directly. What is stored is a copy; `None`, `bool`, `int`, `float`, `str` and `bytes` natively.
"""

from collections.abc import Iterable
from typing import Any, Protocol, Self, SupportsIndex, final

from typing_extensions import disjoint_base

__all__ = [
    "Arena", "Connection", "Dict", "List", "ListWalk", "Namespace", "Object", "Set", "Turns", "Variable", "Walk",
    "Witness",
]  # fmt: skip

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

@final
class Arena:
    """One arena as this process is attached to it. What it can't do alone it asks of `hooks`.

    * `encode(value, place)`: the parts of its bytes, or the object that stands for it; `place` is for messages;
    * `decode(data)`: the value of such bytes; if they are many they are writable, and may become part of the value;
    * `pickle(value, 5)`, `unpickle(data)`, if there: a short way for scalars in built-in containers, and pickles;
    * `open(kind, tag, at, generation)`: what stands for an object that was found in a container;
    * `canonical(key)`: which scalar, tuple or frozenset a key of another type equals, or a list (equal to lists only);
    * `show(key)`: the bytes of a key that looks different from what it equals; `unshow(data)`: the key of them;
    * `ended()`: the exception for using an arena that has ended.

    Others are `manor.errors.ArenaFull` and `ArenaCorrupt`. Whatever is raised: nothing has changed. `end()` makes
    every later operation of every process fail.
    """

    @staticmethod
    def create(bytes_max: int, name: str, hooks: object) -> Arena:
        """A new one; `name` is this process's, for tools to show."""
    @staticmethod
    def attach(fd: int, name: str, hooks: object) -> Arena:
        """The one of a memory file (`fileno` of its maker; -1 elsewhere, and once taken), which stays the caller's."""
    def fileno(self) -> int: ...
    def take_file(self) -> int: ...
    @property
    def hooks(self) -> Any: ...
    @property
    def slot(self) -> int: ...
    @property
    def ended(self) -> bool: ...
    def end(self) -> None: ...
    def stats(self) -> dict[str, int]:
        """`bytes_reserved`, `bytes_backed`, `bytes_used`, `slots`, `operations`, `contended_waits`, `sweeps`."""
    def objects(self) -> list[tuple[int, int, int, int]]:
        """Kind, tag, place and generation of each object; `processes`: slot, process id and name of each process."""
    def processes(self) -> list[tuple[int, int, str]]: ...
    def add_name(self, name: str, object: Object) -> bool:  # noqa: A002
        """Keeps an object alive under a name; false if the name is taken."""
    def find_name(self, name: str) -> Any: ...
    def remove_name(self, name: str) -> bool: ...
    def names(self) -> list[str]: ...
    def sweep_dead(self) -> int:
        """Lets go of what dead processes held; `reap` ends leases, says when the next ends; `trim` returns memory."""
    def reap(self) -> float | None: ...
    def chores(self) -> int: ...
    def await_chores(self, seen: int, timeout: float) -> int:
        """Waits for something to clean up: while `chores` is `seen`, at most `timeout` seconds; returns it."""
    def trim(self, keep_units: int = 0) -> int: ...
    def before_fork(self) -> bool:
        """Takes a place for a child, if there is one. `lease_held`: what this process holds lives so long at least."""
    def after_fork_in_child(self) -> bool: ...
    def lease_held(self, seconds: float) -> None: ...

@disjoint_base
class Object:
    """What an arena hosts, held by this process for as long as this Python object lives, and for a lease of seconds."""
    def __new__(cls, arena: Arena, handle: tuple[int, int] | None = None, tag: int = 0) -> Self:
        """A new one, or that of a handle (`ObjectGone`; `TypeError` for another class's). A `tag` not 0 is stored."""
    @property
    def _arena(self) -> Arena: ...
    @property
    def _handle(self) -> tuple[int, int]:
        """Where it is, and its generation: what names it in every process, for ever."""
    @property
    def _tag(self) -> int: ...
    def _lease(self, seconds: float) -> None: ...

@final
class Witness:
    """What a value was when it was read; two that are equal saw the same."""

@disjoint_base
class Dict(Object):
    """A mapping that keeps insertion order; methods as those of `dict`, which return copies of one moment."""
    def __len__(self) -> int: ...
    def __getitem__(self, key: Any, /) -> Any: ...
    def __setitem__(self, key: Any, value: Any, /) -> None: ...
    def __delitem__(self, key: Any, /) -> None: ...
    def __contains__(self, key: Any, /) -> bool: ...
    def get(self, key: Any, default: Any = None, /) -> Any: ...
    def pop(self, key: Any, /, *default: Any) -> Any: ...
    def setdefault(self, key: Any, default: Any = None, /) -> Any: ...
    def popitem(self) -> tuple[Any, Any]: ...
    def clear(self) -> None: ...
    def keys(self) -> list[Any]: ...
    def values(self) -> list[Any]: ...
    def items(self) -> list[tuple[Any, Any]]: ...
    def add(self, key: Any, /, amount: Any = 1, default: Any = 0) -> Any:
        """Adds in one step; leaves what is no int of 64 bits to the subclass: `_add_any`, same arguments."""
    def _witness(self, key: Any, /) -> tuple[Any, Witness] | None: ...
    def _replace(self, key: Any, witness: Witness | None, value: Any, /) -> bool:
        """Sets the value if it still is that of the witness; with none, if the key is missing."""
    def _walk(self, what: int, backwards: bool, /) -> Walk:
        """Keys (0), values (1) or items (2); `RuntimeError` once a key has come or gone."""

@final
class Walk:
    """Iterates over a dict or a set."""
    def __iter__(self) -> Self: ...
    def __next__(self) -> Any: ...

class Namespace(Dict):
    """Items are attributes; names with an underscore in front are those of the Python object itself."""
    def __getattribute__(self, name: str, /) -> Any: ...
    def __setattr__(self, name: str, value: Any, /) -> None: ...
    def __delattr__(self, name: str, /) -> None: ...

@disjoint_base
class Set(Object):
    """Members without order; methods as those of `set`."""
    def __len__(self) -> int: ...
    def __contains__(self, member: Any, /) -> bool: ...
    def add(self, member: Any, /) -> None: ...
    def discard(self, member: Any, /) -> None: ...
    def remove(self, member: Any, /) -> None: ...
    def pop(self) -> Any: ...
    def clear(self) -> None: ...
    def _members(self) -> list[Any]: ...
    def _walk(self) -> Walk: ...

@disjoint_base
class List(Object):
    """A sequence, as `list`; iterators see what is appended. `self._set_slice(slice[, value])` changes a slice."""
    def __len__(self) -> int: ...
    def __getitem__(self, index: SupportsIndex | slice, /) -> Any: ...
    def __setitem__(self, index: SupportsIndex | slice, value: Any, /) -> None: ...
    def __delitem__(self, index: SupportsIndex | slice, /) -> None: ...
    def append(self, value: Any, /) -> None: ...
    def extend(self, values: Iterable[Any], /) -> None: ...
    def insert(self, index: SupportsIndex, value: Any, /) -> None: ...
    def pop(self, index: SupportsIndex | None = None, /) -> Any: ...
    def clear(self) -> None: ...
    def _snapshot(self) -> tuple[list[Any], int]:
        """The items, and the version at which they were all there is; every change makes a new version."""
    def _version(self) -> int: ...
    def _rebuild(self, version: int, values: list[Any], /) -> bool:
        """If the version still is that, replaces all items; `_permute` reorders them, `_splice` replaces a part."""
    def _permute(self, version: int, order: list[int], /) -> bool: ...
    def _splice(self, start: int | None, stop: int | None, values: list[Any], /) -> bool: ...
    def _add(self, index: SupportsIndex, amount: int, /) -> int: ...
    def _witness(self, index: SupportsIndex, /) -> tuple[Any, Witness] | None: ...
    def _replace(self, index: SupportsIndex, witness: Witness, value: Any, /) -> bool: ...
    def _remove(self, index: SupportsIndex, witness: Witness, /) -> bool: ...
    def _walk(self, backwards: bool, /) -> ListWalk: ...

@final
class ListWalk:
    def __iter__(self) -> Self: ...
    def __next__(self) -> Any: ...

@disjoint_base
class Variable(Object):
    """One value, at first `None`."""
    def get(self) -> Any: ...
    def set(self, value: Any, /) -> None: ...
    value: Any
    def _is_held_here_only(self) -> bool: ...
    def _add(self, amount: int, /) -> int: ...
    def _witness(self) -> tuple[Any, Witness]: ...
    def _replace(self, witness: Witness, value: Any, /) -> bool: ...
