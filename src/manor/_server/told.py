"""What is told of a hosted object for which threads wait: who holds it, who waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from manor._resident.handles import id_of
from manor._wire.references import loaded
from manor.errors import NotExposed

if TYPE_CHECKING:
    from manor._server.dispatch import Grantee
    from manor._server.objects import Hosted
    from manor._wire.people import Holder, Waiter

__all__ = ["TOLD", "told_of"]


_OURS: Final = {
    "manor._server.primitives": ("Barrier", "Condition", "Event", "Lock", "RLock", "Semaphore"),
    "manor._server.queues": ("Queue",),
}


def _is_ours(obj: object) -> bool:
    """Whether *obj* is a served one of ours; a user's attributes are not for whoever asks."""
    for module, names in _OURS.items():
        imported = loaded(module)  # with the first that is made
        if imported is not None and isinstance(obj, tuple(getattr(imported, name) for name in names)):
            return True
    return False


def told_of(obj: Any) -> tuple[Holder | None, list[Waiter]] | None:
    """Return who holds a served object and who waits for it, or None if nobody does, or that is not known."""
    if not _is_ours(obj):
        return None
    holder, waiters = getattr(obj, "holder", None), getattr(obj, "all_waiters", None) or obj.waiters
    return (holder, waiters) if holder is not None or waiters or getattr(obj, "is_held", False) else None


def _attribute(hosted: Hosted, name: str) -> Any:
    obj = hosted.obj
    if (id_of(obj) is None and not _is_ours(obj)) or not hasattr(type(obj), name):
        raise NotExposed(f"nothing tells {name!r} of {hosted.typeid!r} ({type(obj).__name__})")
    return getattr(obj, name)


def _holder(grantee: Grantee, hosted: Hosted, args: tuple[Any, ...]) -> Any:
    return _attribute(hosted, "holder")


def _waiters(grantee: Grantee, hosted: Hosted, args: tuple[Any, ...]) -> Any:
    return _attribute(hosted, "waiters")


def _owner_died(grantee: Grantee, hosted: Hosted, args: tuple[Any, ...]) -> bool:
    found = _attribute(hosted, "owner_died")
    return bool(found() if callable(found) else found)


_LOCK: Final = ("acquire", "release")

TOLD: Final = {
    "#HOLDER": (_holder, _LOCK),
    "#OWNER_DIED": (_owner_died, _LOCK),
    "#WAITERS": (_waiters, ()),
}
"""Each with the exposed methods without which it is refused."""
