"""Native parts of manor; their stubs are in four files, of which this one names everything.

`Connection` moves messages (byte strings with a length) between two processes over a connected stream socket, and
on one machine through shared memory beside it. It knows nothing of what the messages mean.

An `Arena` is memory that processes of one machine share, and `Object`s live there: every process that is attached
works on them directly. What is stored is a copy; `None`, `bool`, `int`, `float`, `str` and `bytes` natively.
"""

from collections.abc import Callable, Iterable
from typing import Any, Self, SupportsIndex, final

from typing_extensions import disjoint_base

from manor._native_messages import decode_plain as decode_plain
from manor._native_messages import encode_arguments as encode_arguments
from manor._native_messages import encode_scalar as encode_scalar
from manor._native_messages import pack_answer as pack_answer
from manor._native_messages import pack_call as pack_call
from manor._native_messages import take_items as take_items
from manor._native_messages import unpack_answer as unpack_answer
from manor._native_messages import unpack_call as unpack_call
from manor._native_transport import Connection as Connection
from manor._native_transport import Turns as Turns
from manor._native_waiting import Acting as Acting
from manor._native_waiting import Barrier as Barrier
from manor._native_waiting import Condition as Condition
from manor._native_waiting import Deputy as Deputy
from manor._native_waiting import Event as Event
from manor._native_waiting import Mutex as Mutex
from manor._native_waiting import Queue as Queue
from manor._native_waiting import Semaphore as Semaphore
from manor._native_waiting import Watch as Watch

__all__ = [
    "Acting", "Arena", "Barrier", "Condition", "Connection", "Deputy", "Dict", "Event", "List", "ListWalk", "Mutex",
    "Namespace", "Object", "Queue", "R", "Semaphore", "Set", "Turns", "Variable", "Walk", "Watch", "Witness",
    "decode_plain", "encode_arguments", "encode_scalar", "own_methods", "pack_answer", "pack_call", "rebuild_by",
    "take_items", "unpack_answer", "unpack_call",
]  # fmt: skip

@final
class Arena:
    """One arena as this process is attached to it. What it can't do alone it asks of `hooks`.

    * `encode(value, place)`: the parts of its bytes, or the object that stands for it; `place` is for messages;
    * `decode(data)`: the value of such bytes; if they are many they are writable, and may become part of the value;
    * `pickle(value, 5)`, `unpickle(data)`, if there: a short way for scalars in built-in containers, and pickles;
    * `open(kind, tag, at, generation)`: what stands for an object that was found in a container;
    * `share(value)`, `share_all(values)`: what to store for values in an object whose tag has bit 34;
    * `canonical(key)`: which scalar, tuple or frozenset a key of another type equals, or a list (equal to lists only);
    * `ended()`: the exception for using an arena that has ended;
    * `deadline()`: until when (`time.monotonic()`) a caller waits, or `None`; `timed_out()`: the exception then;
    * `site()`: from where the caller calls, or `None`; where `debug` was asked for;
    * `show(key)`: the bytes of a key that looks different from what it equals; `unshow(data)`: the key of them;

    Others are `manor.errors.ArenaFull` and `ArenaCorrupt`. Whatever is raised: nothing has changed. `end()` makes
    every later operation of every process fail.
    """

    @staticmethod
    def create(bytes_max: int, name: str, hooks: object, debug: bool = False) -> Arena:
        """A new one; `name` is this process's, for tools; `debug`: notes from where threads acquire and wait."""
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
    def waits(self) -> list[tuple[tuple[int, int], tuple[int, int, str, float, str | None]]]:
        """The handle of each object that a thread waits for, and who that is, as in `Mutex._waiters`."""
    def leave_in_order(self) -> None:
        """What threads of this process hold stays theirs when it ends now: it does so in good order."""
    def call_oneself(self, name: str) -> None:
        """Has others see this process by that name."""
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
    def before_fork(self, lease_s: float = 60.0) -> bool:
        """Takes a place for a child, if there is one. `lease_held`: what this process holds lives so long at least."""
    def after_fork_in_parent(self) -> None: ...
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
    def _reserve(self) -> None:
        """Has other threads wait, for ten seconds at most and as long as this one exists, until `_end_reservation`."""
    def _end_reservation(self) -> None: ...
    def _record_of_pickle(self, server: bytes, number: int, place: bytes, /) -> bytes:
        """What `R` takes."""

@final
class Witness:
    """What a value was when it was read; two that are equal saw the same."""

@disjoint_base
class Dict(Object):
    """A mapping that keeps insertion order; methods as those of `dict`, which return copies of one moment.

    If the tag has bit 17, `self._missing(key)` is the value of a missing key.
    """
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

@disjoint_base
class Namespace(Object):
    """Attributes; names with an underscore in front are those of the Python object itself."""
    def __getattribute__(self, name: str, /) -> Any: ...
    def __setattr__(self, name: str, value: Any, /) -> None: ...
    def __delattr__(self, name: str, /) -> None: ...
    def _store(self, name: str, value: Any, /) -> None:
        """Sets an attribute with any name; `_remove` removes one."""
    def _remove(self, name: str, /) -> None: ...
    def _items(self) -> list[tuple[str, Any]]: ...

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
    """A sequence, as `list`; iterators see what is appended. `self._set_slice(slice[, value])` changes a slice.

    If the tag has bit 16, it is a deque: there are no slices, and errors say so.
    """
    def __len__(self) -> int: ...
    def __getitem__(self, index: SupportsIndex | slice, /) -> Any: ...
    def __setitem__(self, index: SupportsIndex | slice, value: Any, /) -> None: ...
    def __delitem__(self, index: SupportsIndex | slice, /) -> None: ...
    def append(self, value: Any, /) -> None: ...
    def extend(self, values: Iterable[Any], /) -> None: ...
    def insert(self, index: SupportsIndex, value: Any, /) -> None: ...
    def pop(self, index: SupportsIndex = -1, /) -> Any: ...
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
    def set(self, value: Any) -> None: ...
    value: Any
    def _is_held_here_only(self) -> bool: ...
    def _add(self, amount: int, /) -> int: ...
    def _witness(self) -> tuple[Any, Witness]: ...
    def _replace(self, witness: Witness, value: Any, /) -> bool: ...

def own_methods(cls: type[Object], /, *names: str) -> None:
    """Gives a class native methods of its own that it inherits: calls of those take a shorter way."""

def rebuild_by(
    arenas: dict[bytes, Arena], classes: dict[str, Any], typeids: tuple[str, ...], otherwise: Callable[..., Any], /
) -> None:
    """Says of what proxies are rebuilt: arenas by server, classes by typeid, typeids by number; only the first time.

    `otherwise` is called, with the same arguments, for what is not known there.
    """

def R(  # noqa: N802 - for *rebuild*; pickles name it, and a short name is found sooner
    record: bytes, ident: int | None = None, key: bytes | None = None, /
) -> Any:
    """Return the proxy that was pickled.

    Args:
        record: 16 bytes that name the server, offset and generation of the object (64 bits each, the lowest byte
            first), the number of its type (a byte), and what says where the server is.
        ident: The server's number for the object, of which it has counted the receiver as a holder; None if it hasn't.
        key: The server's key, where that travelled along.
    """
