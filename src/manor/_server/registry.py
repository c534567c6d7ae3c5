"""What a server knows of the types that it can create, from a manager's ``_registry``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from manor._wire.blueprints import OPEN_WHOLE, Concurrency, OpenWhole
from manor._wire.deep import split_typeid
from manor._wire.references import Reference, reference_to

__all__ = ["RESIDENT_TYPEIDS", "Created", "Registry", "all_methods", "public_methods"]


def all_methods(obj: object) -> list[str]:
    """Return the names of all callable attributes of *obj*."""
    return _methods(obj, dir(obj))


def public_methods(obj: object) -> list[str]:
    """Return the names of all callable attributes of *obj* that do not begin with an underscore."""
    return _methods(obj, _public_names(obj))


def _public_names(obj: object) -> list[str]:
    """Return those names of ``dir(obj)`` that do not begin with an underscore.

    Most are the special methods that every object has, so they are not even listed if the class leaves that to us.
    """
    kind = type(obj)
    is_usual = kind.__dir__ is object.__dir__ and kind.__getattribute__ is object.__getattribute__
    if not is_usual or obj.__class__ is not kind:
        return [name for name in dir(obj) if name[0] != "_"]
    names = {name for name in getattr(obj, "__dict__", ()) if name[0] != "_"}
    for base in kind.__mro__[:-1]:
        names.update([name for name in base.__dict__ if name[0] != "_"])
    return sorted(names)


def _methods(obj: object, names: list[str]) -> list[str]:
    found = []
    for name in names:
        try:
            if callable(getattr(obj, name)):
                found.append(name)
        except Exception:  # noqa: S112 - a property that fails is no method
            continue
    return found


RESIDENT_TYPEIDS: Final = frozenset(
    (
        "Array", "Barrier", "BoundedSemaphore", "Condition", "Counter", "Event", "JoinableQueue", "LifoQueue", "Lock",
        "Namespace",
        "PriorityQueue", "Queue", "RLock", "Semaphore", "SimpleQueue",
        "Value", "defaultdict", "deque", "dict", "list", "set",
    )
)  # fmt: skip
"""Types that live in the arena where there is one, unless a program registers its own under the name."""
_CAN_BE_RESIDENT: Final = Reference("manor._resident.placing", "can_be_resident")
_SHARING: Final = frozenset(("ChainMap", "defaultdict"))
"""Types whose objects make others."""


def _is_standard(typeid: str, factory: object) -> bool:
    """Whether *factory* is ours: what a program registers, ``dict`` itself included, is to be called."""
    return typeid in RESIDENT_TYPEIDS and isinstance(factory, Reference)  # no program registers such a thing


class Created:
    """A new object and how it is to be hosted."""

    __slots__ = ("exposed", "method_to_typeid", "obj")

    def __init__(self, obj: Any, exposed: Iterable[str], method_to_typeid: Mapping[str, str]) -> None:
        self.obj: Any = obj
        self.exposed: Iterable[str] = exposed
        self.method_to_typeid: Mapping[str, str] = method_to_typeid


class Registry:
    """The types by name: ``{typeid: (callable, exposed, method_to_typeid, proxytype)}``."""

    def __init__(self, entries: Mapping[str, tuple[Any, Any, Any, Any]]) -> None:
        """Take the entries of a manager class."""
        self._entries = entries
        self.make_resident: Callable[[str, tuple[Any, ...], Mapping[str, Any], bool], Any] | None = None
        self.make_sharing: Callable[[str, tuple[Any, ...], Mapping[str, Any], bool], Any] | None = None

    def create(self, typeid: str, args: tuple[Any, ...], kwds: Mapping[str, Any]) -> Created:
        """Call what is registered as *typeid*.

        Raises:
            KeyError: Nothing is.
            ValueError: It has no callable, and the arguments are not just the object itself.
        """
        typeid, deep = split_typeid(typeid)
        entry = self._entries.get(typeid)
        if entry is None:
            known = ", ".join(sorted(self._entries))
            raise KeyError(
                f"no type {typeid!r} is registered with this manager's server; it has {known}: "
                f"register it in the program that starts the server, before it starts"
            )
        factory: Callable[..., Any] | None = entry[0]
        is_ours = _is_standard(typeid, factory) and _CAN_BE_RESIDENT(typeid, args, kwds)
        if self.make_resident is not None and is_ours:
            obj = self.make_resident(typeid, args, kwds, deep)
        elif isinstance(factory, Reference) and (deep or typeid in _SHARING):
            obj = self._make_sharing(typeid, factory, args, kwds, deep)
        elif factory is not None:
            obj = factory(*args, **kwds)
        elif kwds or len(args) != 1:
            raise ValueError(
                f"{typeid!r} is registered without a callable: it takes one positional argument, the object"
            )
        else:
            obj = args[0]
        return self.hosting(typeid, obj)

    def _make_sharing(
        self, typeid: str, factory: Reference, args: tuple[Any, ...], kwds: Mapping[str, Any], deep: bool
    ) -> Any:
        found = None if self.make_sharing is None else self.make_sharing(typeid, args, kwds, deep)
        return factory(*args, **kwds) if found is None else found

    def hosting(self, typeid: str, obj: Any) -> Created:
        """Return how *obj* is hosted as *typeid*."""
        _, exposed, method_to_typeid, _ = self._entries[typeid]
        names = list(public_methods(obj) if exposed is None else exposed)
        names += method_to_typeid or ()
        return Created(obj, names, method_to_typeid or {})

    def answer_as(self, typeid: str, obj: Any) -> Created:
        """Return how a method's result is hosted: through the typeid's callable when it has one."""
        return self.create(typeid, (obj,), {})

    def proxytype(self, typeid: str) -> Reference | None:
        """Return the name of the class of *typeid*'s proxies, or None when clients could not find it."""
        entry = self._entries.get(typeid)
        proxytype = entry[3] if entry else None
        if proxytype == OPEN_WHOLE:
            return OPEN_WHOLE
        return proxytype if isinstance(proxytype, Reference) else reference_to(proxytype)

    def concurrency(self, typeid: str) -> Concurrency | None:
        """Return who may be in an object of that type at once, or None where its registration does not say."""
        entry = self._entries.get(typeid)
        return entry[3].concurrency if entry and isinstance(entry[3], OpenWhole) else None

    def explicitly_exposed(self, typeid: str) -> frozenset[str] | None:
        """Return the names that clients are restricted to, or None."""
        _, exposed, method_to_typeid, _ = self._entries[typeid]
        return None if exposed is None else frozenset((*exposed, *(method_to_typeid or ())))

    def __contains__(self, typeid: object) -> bool:
        return typeid in self._entries
