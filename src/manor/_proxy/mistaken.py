"""What proxies say where somebody takes them for the object itself: what is wrong, and what to write instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from manor._proxy.base import BaseProxy

__all__ = ["NoNumber", "refuse_attribute"]


def refuse_attribute(self: BaseProxy, name: str) -> NoReturn:
    """Raise for an attribute that a proxy with methods only does not have; its ``__getattr__``."""
    text = f"{type(self).__name__!r} object has no attribute {name!r}"
    if not name.startswith("_"):
        methods = ", ".join(sorted(self._exposed_ or ())) or "none"
        text += f": a proxy has the exposed methods ({methods}) and no attributes; write a method that returns it"
    raise AttributeError(text, name=name, obj=self)


def _refused(operator: str) -> Callable[[object, object], NoReturn]:
    def refuse(_self: object, _other: object) -> NoReturn:
        raise TypeError(
            f"{operator!r} is not for the proxy of a Value, but for what it holds: write proxy.value {operator} ..."
        )

    return refuse


class NoNumber:
    """Operators that people apply to a ``Value`` itself."""

    if not TYPE_CHECKING:  # checkers say by themselves that there is none
        __add__ = __radd__ = __iadd__ = _refused("+")
        __sub__ = __rsub__ = __isub__ = _refused("-")
        __mul__ = __rmul__ = __imul__ = _refused("*")
        __truediv__ = __rtruediv__ = __itruediv__ = _refused("/")
        __lt__, __le__, __gt__, __ge__ = map(_refused, ("<", "<=", ">", ">="))
