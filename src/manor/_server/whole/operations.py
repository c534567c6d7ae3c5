"""What special methods of a hosted object stand for, and which attributes are functions."""

from __future__ import annotations

import operator
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from manor._wire.references import reference_to
from manor.errors import NotExposed

if TYPE_CHECKING:
    from manor._server.dispatch import Dispatcher
    from manor._server.objects import Hosted

__all__ = ["OPERATIONS", "deputy_of", "is_remote_function", "public_name"]


async def _awaited(obj: Any) -> Any:
    return await obj


OPERATIONS: Final[dict[str, Callable[..., Any]]] = {
    "__await__": _awaited,
    "__bool__": bool,
    "__contains__": operator.contains,
    "__iter__": iter,
    "__len__": len,
    "__next__": next,
    "__repr__": repr,
    "__reversed__": reversed,
    "__str__": str,
}
"""Those for which Python has more ways than the method of that name, or checks what it returns."""


def public_name(name: str, typeid: str) -> str:
    """Return the name of an attribute; raise ``NotExposed`` for one that is private."""
    if name[:1] == "_":
        raise NotExposed(f"{name!r} of {typeid!r} is private: names that begin with an underscore are the proxy's own")
    return name


def is_remote_function(value: Any, obj: Any) -> bool:
    """Whether an attribute of *obj* is to be called here: one of its methods, or a function that cannot travel."""
    if isinstance(value, types.MethodType | types.BuiltinMethodType | types.MethodWrapperType):
        return value.__self__ is obj or value.__self__ is type(obj)
    return isinstance(value, types.FunctionType) and reference_to(value) is None


def deputy_of(dispatcher: Dispatcher, arg: Any) -> Hosted | None:
    """Return what hosts the object that a proxy stands for, if *arg* is a proxy for a whole object of this server."""
    if not getattr(type(arg), "_is_whole_", False) or arg._link.server != dispatcher.route.server:
        return None
    return dispatcher.table.find(arg._ident)
