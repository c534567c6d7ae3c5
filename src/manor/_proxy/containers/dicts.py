"""``DictProxy``: a dict in the server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from typing import Any, ClassVar, Final, Generic, Self, TypeVar, overload

from manor._proxy.containers.base import ContainerProxy, plain
from manor._proxy.containers.chunks import iterate_keys
from manor._proxy.updating import update
from manor._proxy.watching import await_found
from manor._resident.missing import MISSING

__all__ = ["DICT_EXPOSED", "BaseDictProxy", "DictProxy"]

K = TypeVar("K")
V = TypeVar("V")
D = TypeVar("D")

DICT_EXPOSED: Final = (
    "__contains__", "__delitem__", "__getitem__", "__ior__", "__iter__", "__len__", "__or__", "__reversed__",
    "__ror__", "__setitem__", "clear", "copy", "fromkeys", "get", "items", "keys", "pop", "popitem", "setdefault",
    "update", "values",
)  # fmt: skip


class BaseDictProxy(ContainerProxy, Generic[K, V]):
    """The methods of a dict; ``DictProxy`` adds the operator that changes it in place."""

    _exposed_: tuple[str, ...] | None = DICT_EXPOSED
    _method_to_typeid_: ClassVar[Mapping[str, str]] = {"__iter__": "Iterator"}
    _like_: ClassVar[tuple[type, ...]] = (dict,)
    _changing_ = frozenset(
        ("#ITEM_ADD", "#ITEM_COMPARE_AND_SET", "__delitem__", "__ior__", "__setitem__", "clear", "pop", "popitem",
         "setdefault", "update")
    )  # fmt: skip

    def __len__(self) -> int:
        return self._callmethod("__len__")

    def __getitem__(self, key: K, /) -> V:
        return self._callmethod("__getitem__", (key,))

    def __setitem__(self, key: K, value: V, /) -> None:
        self._callmethod("__setitem__", (key, value))

    def __delitem__(self, key: K, /) -> None:
        self._callmethod("__delitem__", (key,))

    def __contains__(self, key: object, /) -> bool:
        return self._callmethod("__contains__", (key,))

    def __iter__(self) -> Iterator[K]:
        return iterate_keys(self)

    def __reversed__(self) -> Iterator[K]:
        return iterate_keys(self, backwards=True)

    def __or__(self, other: Mapping[K, V], /) -> dict[K, V]:
        other = plain(other)
        if not isinstance(other, dict):
            return NotImplemented
        return self._callmethod("__or__", (other,))

    def __ror__(self, other: Mapping[K, V], /) -> dict[K, V]:
        if not isinstance(other, dict):
            return NotImplemented
        return self._callmethod("__ror__", (other,))

    def clear(self) -> None:
        """Remove every item."""
        self._callmethod("clear")

    def copy(self) -> dict[K, V]:
        """Return a copy, as a plain dict."""
        return self._callmethod("copy")

    def fromkeys(self, keys: Iterable[K], value: Any = None, /) -> dict[K, Any]:
        """Return a plain dict with *keys*, all with the same *value*."""
        return self._callmethod("fromkeys", (list(keys), value))

    @overload
    def get(self, key: K, default: None = None, /) -> V | None: ...
    @overload
    def get(self, key: K, default: D, /) -> V | D: ...
    def get(self, key: K, default: Any = None, /) -> Any:
        """Return the value of *key*, or *default*."""
        return self._callmethod("get", (key, default))

    def items(self) -> list[tuple[K, V]]:
        """Return a list of the items as they are now."""
        return self._callmethod("items")

    def keys(self) -> list[K]:
        """Return a list of the keys as they are now."""
        return self._callmethod("keys")

    def values(self) -> list[V]:
        """Return a list of the values as they are now."""
        return self._callmethod("values")

    def pop(self, key: K, /, *default: Any) -> Any:
        """Remove *key* and return its value, or the default; raise ``KeyError`` without one."""
        return self._callmethod("pop", (key, *default))

    def popitem(self) -> tuple[K, V]:
        """Remove and return the newest item; raise ``KeyError`` when empty."""
        return self._callmethod("popitem")

    def setdefault(self, key: K, default: V | None = None, /) -> Any:
        """Return the value of *key*, after setting it to *default* if there was none."""
        return self._callmethod("setdefault", (key, default))

    def update(self, /, *others: Any, **items: V) -> None:
        """Set every item of a mapping or of an iterable of pairs, and of the keywords."""
        ready = tuple(
            other if hasattr(other, "keys") or isinstance(other, list | tuple) else list(other) for other in others
        )
        self._callmethod("update", ready, items)

    # In one step; ``manor._server.atomics`` says what that is beside a plain assignment.

    def add(self, key: K, /, amount: Any = 1, default: Any = 0) -> V:
        """Add *amount* to the value of *key* in one step, and return the sum.

        Args:
            key: Which value.
            amount: What is added; any number, or whatever else can be added to the value.
            default: What is added to when *key* is missing.

        Raises:
            TypeError: The two cannot be added.

        Examples:
            >>> import manor
            >>> with manor.Manager() as manager:
            ...     visits = manager.dict()
            ...     visits.add("home"), visits.add("home", 2)
            (1, 3)
        """
        return self._callmethod("#ITEM_ADD", ((key,), amount, default))

    def update_with(self, key: K, function: Callable[[V], V], /, *, default: Any = MISSING) -> V:
        """Replace the value of *key* by what *function* makes of it, in one step, and return the new one.

        No lock is held while *function* runs, in this process. If the value was changed meanwhile, *function* runs
        again, with the new value: it should do nothing but compute.

        Args:
            key: Which value.
            function: Gets the value, and returns the new one.
            default: What *function* gets when *key* is missing.

        Raises:
            KeyError: *key* is missing, and there is no *default*.
            RuntimeError: *function* itself changes the value, each time.

        Examples:
            >>> import manor
            >>> with manor.Manager() as manager:
            ...     best = manager.dict(ada=5)
            ...     best.update_with("ada", lambda score: max(score, 7))
            7
        """
        return update(self, "#ITEM_READ", (key,), function, default)

    def compare_and_set(self, key: K, expected: Any, new: V, /) -> bool:
        """Set *key* to *new* if its value equals *expected*, in one step; return whether it did.

        *expected* may be ``MISSING``: set *key* only if it is not there.
        The comparison runs in the server, and may run again if the value was changed meanwhile.

        Examples:
            >>> import manor
            >>> with manor.Manager() as manager:
            ...     jobs = manager.dict()
            ...     jobs.compare_and_set("build", manor.MISSING, "mine"), jobs.compare_and_set("build", "free", "mine")
            (True, False)
        """
        return self._callmethod("#ITEM_COMPARE_AND_SET", ((key,), expected, new))

    def wait_for(self, key: K, timeout: float | None = None, *, predicate: Callable[[V], object] | None = None) -> V:
        """Wait until *key* is there, and return its value.

        Args:
            key: Which value.
            timeout: How long to wait at most, in seconds; None is without limit.
            predicate: Gets the value, in this process, and tells whether it will do.

        Raises:
            TimeoutError: There was no such value within *timeout* seconds.
            CallTimeout: There is no *timeout*, and the caller's ``deadline()`` is over.
            ManagerDied: The manager has ended.

        Examples:
            >>> import concurrent.futures, manor
            >>> with manor.Manager() as manager, concurrent.futures.ThreadPoolExecutor() as pool:
            ...     results = manager.dict()
            ...     job = pool.submit(results.update, total=5)  # or in another process
            ...     results.wait_for("total", timeout=60)
            5
        """

        def find() -> tuple[V] | None:
            value: Any = self.get(key, MISSING)
            is_there = value is not MISSING and (predicate is None or predicate(value))
            return (value,) if is_there else None

        return await_found(self, find, timeout, f"key {key!r} did not come")


class DictProxy(BaseDictProxy[K, V]):
    """Stands for a dict in the server; ``dict(proxy)`` and ``proxy.copy()`` give a plain one."""

    def __ior__(self, other: Any, /) -> Self:  # type: ignore[override,misc]  # in place
        self.update(other)
        return self


MutableMapping.register(BaseDictProxy)
