"""What a proxy has for Python's protocols that is no plain call of a method by its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from manor._codec.raised import raised
from manor._proxy.whole.base import WholeProxy, remote_method
from manor._proxy.whole.dressing import dressed, static
from manor._wire.shapes import Shape

__all__ = ["add_protocols"]


def add_protocols(namespace: dict[str, Any], shape: Shape, cls: Any) -> None:
    """Add it to the namespace of a class of proxies, and what Python does by way of other methods."""
    special = shape.special
    for name, make in _MAKERS.items():
        if special.get(name):
            namespace[name] = dressed(make(), name, static(cls, name))
    if "__iter__" not in special and "__getitem__" in special:
        namespace["__iter__"] = dressed(remote_method("__iter__"), "__iter__", None)
    if "__contains__" not in special and ("__iter__" in special or "__getitem__" in special):
        namespace["__contains__"] = dressed(remote_method("__contains__"), "__contains__", None)
    if cls is not None and issubclass(cls, tuple) and hasattr(cls, "_fields"):
        namespace.update((name, getattr(cls, name)) for name in ("_field_defaults", "_fields", "_make"))
        namespace.update((name, dressed(_of_copy(name), name, static(cls, name))) for name in ("_asdict", "_replace"))


def _leaving() -> Callable[..., Any]:
    """Return a method that leaves a with block."""

    def leave(self: WholeProxy, /, *error: Any) -> Any:
        return self._callmethod("__exit__", raised(*error))

    return leave


def _leaving_asynchronously() -> Callable[..., Any]:
    from manor._proxy.whole.awaiting import await_call  # imports asyncio

    async def leave(self: WholeProxy, /, *error: Any) -> Any:
        return await await_call(self, "__aexit__", raised(*error), {})

    return leave


def _awaiting() -> Callable[..., Any]:
    from manor._proxy.whole.awaiting import await_call  # likewise

    def wait(self: WholeProxy, /) -> Any:
        return await_call(self, "__await__", (), {}).__await__()

    return wait


def _of_copy(name: str) -> Callable[..., Any]:
    """Return a method of a named tuple, all of which are public though their names begin with an underscore."""

    def call(self: WholeProxy, /, *args: Any, **kwds: Any) -> Any:
        return getattr(self._getvalue(), name)(*args, **kwds)

    return call


_MAKERS: Final = {"__aexit__": _leaving_asynchronously, "__await__": _awaiting, "__exit__": _leaving}
