"""What ``manager.options(...)`` returns: how the next objects are to be created."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from manor._wire.blueprints import Concurrency, check_concurrency

if TYPE_CHECKING:
    from manor.managers.creating import Creating

__all__ = ["Options"]

P = ParamSpec("P")
T = TypeVar("T")


class Options:
    """Creates objects as it was told.

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
