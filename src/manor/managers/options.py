"""What ``manager.options(...)`` returns: how the next objects are to be created."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from manor._wire.blueprints import Concurrency, check_concurrency
from manor.managers.deep import split_deep
from manor.managers.naming import NAMED_TYPEIDS, asks_for_no_more, split_name

if TYPE_CHECKING:
    from manor.managers.creating import Creating

__all__ = ["Options"]

P = ParamSpec("P")
T = TypeVar("T")


class Options:
    """Creates objects as it was told.

    Types that the manager has by name are made under their names, with all their keyword arguments:
    ``manager.options(name="settings").Namespace(depth=3)``.

    Args:
        manager: Where.
        concurrency: One of ``"serial"``, ``"readers"`` and ``"threads"``; None for what suits the object.
        name: A name by which any process finds the object, or None.
    """

    def __init__(self, manager: Creating, concurrency: Concurrency | None, name: str | None) -> None:
        check_concurrency(concurrency)
        self._manager = manager
        self._concurrency = concurrency
        self._name = name

    def create(self, cls: Callable[P, T], /, *args: P.args, **kwds: P.kwargs) -> T:
        """As ``manager.create``, with these options."""
        return self._manager._create_by(cls, args, kwds, self._concurrency, self._name)

    def __getattr__(self, typeid: str) -> Callable[..., Any]:
        if typeid.startswith("_") or typeid not in self._manager._registry:
            raise AttributeError(
                f"options() has create(), and the types that are registered with {type(self._manager).__name__}; "
                f"{typeid!r} is none of them",
                name=typeid,
                obj=self,
            )
        if self._concurrency is not None:
            raise TypeError(
                f"options(concurrency={self._concurrency!r}) is for create(): standard types need none, "
                f"and others have it from register({typeid!r}, ..., attributes=True, concurrency=...)"
            )
        return partial(self._registered, typeid)

    def _registered(self, typeid: str, /, *args: Any, **kwds: Any) -> Any:
        """Make an object of a registered type."""
        make = partial(getattr(self._manager, typeid), *args, **kwds)
        name = self._name
        if name is None:
            return make()
        given = split_deep(typeid, kwds, default=False)[1]
        if typeid in NAMED_TYPEIDS and split_name(typeid, given)[0] is not None:
            raise TypeError(
                f'options(name={name!r}) names the {typeid} already: an item of the key "name" is given in a dict, '
                f"as contents"
            )
        return self._manager._by_name()(name, make, lambda found: asks_for_no_more(found, typeid, args, given))
