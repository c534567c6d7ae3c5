"""Names: objects of the standard types that any process finds again by a name."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from manor._codec.carried import carried
from manor._resident.placing import can_be_resident
from manor._resident.tags import CONTAINERS, factory_number
from manor._wire.calls import SERVER
from manor._wire.deep import DEEP_TYPEIDS, deep_typeid
from manor._wire.references import Reference
from manor.errors import NameInUse
from manor.managers.deep import split_deep
from manor.managers.naming import asks_for_no_more, checked, split_name

if TYPE_CHECKING:
    from manor._resident.attachment import Arena
    from manor._wire.people import LockState

__all__ = ["NamedObjects", "creator"]

_MISSING: Final = object()
_RENEWABLE: Final = Reference("manor._proxy.renewal", "renewable")
"""Most managers have no name."""
_MAKE_RESIDENT: Final = Reference("manor._proxy.resident.making", "make_resident")
_STATES_OF: Final = Reference("manor._resident.lock_states", "states_of")
_STATS_OF: Final = Reference("manor._resident.statistics", "stats_of")


class NamedObjects:
    """What a manager of the standard types offers for names, and to look at its memory."""

    if TYPE_CHECKING:
        _started_link: Callable[[], Any]
        _keep_alive: Callable[[Any], Any]
        _proxy_of: Callable[[Any], Any]
        _name: str | None

    def get(self, name: str, default: Any = _MISSING, /) -> Any:
        """Return the object with that name, whoever made it.

        Args:
            name: As it was given when the object was made: ``manager.dict(name="scores")``.
            default: What to return if there is none.

        Raises:
            KeyError: There is none, and no *default* was given.

        Examples:
            >>> import manor
            >>> with manor.Manager() as manager:
            ...     manager.dict(name="scores")["ada"] = 5
            ...     manager.get("scores")["ada"]
            5
        """
        found = self._find(checked(name))
        if found is not None:
            return found
        if default is _MISSING:
            raise KeyError(name)
        return default

    def names(self) -> list[str]:
        """Return the names of all objects that have one, the oldest first.

        Examples:
            >>> import manor
            >>> with manor.Manager() as manager:
            ...     todo, start = manager.list(name="todo"), manager.Event(name="start")
            ...     manager.names()
            ['todo', 'start']
        """
        link = self._started_link()
        arena: Arena | None = link.arena
        return link.call(SERVER, "names") if arena is None else arena.names()

    def remove(self, name: str, /) -> None:
        """Take the name from an object, which goes when nobody holds it any more.

        Raises:
            KeyError: No object has it.

        Examples:
            >>> import manor
            >>> with manor.Manager() as manager:
            ...     todo = manager.list(name="todo")
            ...     manager.remove("todo")
            ...     manager.get("todo", "there is none")
            'there is none'
        """
        link = self._started_link()
        arena: Arena | None = link.arena
        name = checked(name)
        if not (link.call(SERVER, "remove_name", (name,)) if arena is None else arena.remove_name(name)):
            raise KeyError(name)

    def stats(self) -> dict[str, Any]:
        """Return what the manager's shared memory is used for.

        ``bytes_reserved`` is how large it may grow, ``bytes_backed`` what it takes from the system (an upper bound),
        ``bytes_used`` what objects take; ``objects`` how many there are of each type; ``processes`` the pids of those
        attached, and ``slots`` their number. Since the manager started: ``operations`` is how many of their methods
        ran, in all processes (some count as two), ``contended_waits`` how often one had to sleep until another left
        an object or the memory, ``sweeps`` how many processes have ended and were cleaned up behind.

        A process that has mapped the memory reads all that without the server, also after that crashed. What the
        server hosts is not counted then; a manager without shared memory has these objects, and nothing else.

        Examples:
            >>> import manor
            >>> with manor.Manager() as manager:
            ...     scores = manager.dict()
            ...     manager.stats()["objects"]
            {'dict': 1}
        """
        link = self._started_link()
        arena: Arena | None = link.arena
        if arena is None:
            return link.call(SERVER, "stats")  # type: ignore[no-any-return]
        if arena.ended:
            raise arena.hooks.ended()
        stats: dict[str, Any] = _STATS_OF(arena)
        return stats

    def locks(self) -> list[LockState]:
        """Return what threads hold or wait for: locks, conditions, semaphores, events, barriers and queues.

        Each is a named tuple of ``type``, ``id``, ``name``, ``holder`` and ``waiters``. Semaphores, events, barriers
        and queues have no holder: they are there while somebody waits, and semaphores also while a process has permits
        that its death would give back. Who wants a condition's own lock is one of the condition's waiters.

        A process that has mapped the manager's memory reads that without the server, also after that crashed, and does
        not see what the server hosts.

        Examples:
            >>> import manor
            >>> with manor.Manager() as manager:
            ...     with manager.Lock():
            ...         [(state.type, state.waiters) for state in manager.locks()]
            [('Lock', [])]
        """
        link = self._started_link()
        arena: Arena | None = link.arena
        if arena is None:
            return link.call(SERVER, "locks")  # type: ignore[no-any-return]
        if arena.ended:
            raise arena.hooks.ended()
        states: list[LockState] = _STATES_OF(arena)
        return states

    def _find(self, name: str) -> Any:
        link = self._started_link()
        arena: Arena | None = link.arena
        if arena is not None:
            found = arena.find_name(name)
            return None if found is None else self._called(name, self._keep_alive(found))
        granted = link.call(SERVER, "find_name", (name,))
        return None if granted is None else self._called(name, self._proxy_of(granted))

    def _called(self, name: str, proxy: Any) -> Any:
        """Return the proxy of an object that has a name; it outlives a manager that has one, too."""
        return proxy if self._name is None else _RENEWABLE(proxy, self._name, name)

    def _make_named(self, name: str, make: Callable[[], Any], is_that: Callable[[Any], bool]) -> Any:
        """Return the object of that name, after making it if there is none.

        Args:
            name: The name.
            make: Makes one.
            is_that: Whether an object that has the name already is what is asked for.

        Raises:
            NameInUse: It is not.
        """
        while True:
            found = self._find(checked(name))
            if found is not None:
                if not is_that(found):
                    raise NameInUse(_about_holder(name, found._token.typeid))
                return found
            made = make()
            if self._give_name(name, made):
                return self._called(name, made)

    def _give_name(self, name: str, proxy: Any) -> bool:
        link = self._started_link()
        arena: Arena | None = link.arena
        if arena is not None and proxy._token.handle is not None:
            return arena.add_name(name, proxy)
        return bool(link.call(SERVER, "add_name", (name, proxy._ident)))


def _about_holder(name: str, typeid: str) -> str:
    return (
        f"the name {name!r} is that of a {typeid} already; manager.get({name!r}) returns that one, as it is, "
        f"and manager.remove({name!r}) frees the name"
    )


def _with_factory(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the arguments of a defaultdict: where ``manager.list`` is the factory, ``list`` is meant."""
    factory = args[0] if args else None
    if not isinstance(getattr(factory, "__self__", None), NamedObjects):
        return args if factory_number(factory) is not None else (carried(factory), *args[1:])
    name = getattr(factory, "__name__", "")
    return next(((known, *args[1:]) for known in CONTAINERS if known.__name__ == name), args)


@functools.cache
def _make_resident() -> Any:
    return _MAKE_RESIDENT.resolve()


def creator(typeid: str, served: Callable[..., Any]) -> Callable[..., Any]:
    """Return a manager's method that makes an object in shared memory where there is some, else has it *served*."""

    def make(self: Any, args: tuple[Any, ...], kwds: dict[str, Any], deep: bool) -> Any:
        arena = self._started_link().arena
        if arena is not None and can_be_resident(typeid, args, kwds):
            return self._keep_alive(_make_resident()(arena, typeid, args, kwds, deep=deep))
        if deep:
            return self._proxy_of(self._create_granted(deep_typeid(typeid), *args, **kwds))
        return served(self, *args, **kwds)

    def make_as_asked(self: Any, args: tuple[Any, ...], kwds: dict[str, Any]) -> Any:
        deep, kwds = split_deep(typeid, kwds, default=self._deep)
        name, kwds = split_name(typeid, kwds)
        if typeid == "defaultdict":
            args = _with_factory(args)
        if name is None:
            return make(self, args, kwds, deep)
        return self._make_named(
            name, lambda: make(self, args, kwds, deep), lambda found: asks_for_no_more(found, typeid, args, kwds)
        )

    def create(self: Any, /, *args: Any, **kwds: Any) -> Any:
        if kwds or is_asked:
            return make_as_asked(self, args, kwds)
        return make(self, args, kwds, self._deep and can_be_deep)

    can_be_deep, is_asked = typeid in DEEP_TYPEIDS, typeid == "defaultdict"
    create.__name__ = typeid
    create.__qualname__ = f"SyncManager.{typeid}"
    return create
