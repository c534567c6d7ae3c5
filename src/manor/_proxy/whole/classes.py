"""Classes of proxies, made from the shape of the hosted object's class: once for each class.

Where the class itself can be imported, the methods of the proxy look like its methods (signature, docstring, whether
they are coroutines), and a proxy is an instance of the class as far as ``isinstance`` goes; not so for a class that has
a part in C, which must not be given a proxy as what it is not.
"""

from __future__ import annotations

import functools
import os
import threading
import weakref
from collections.abc import Callable
from typing import Any, Final, cast

from manor._proxy.auto import TAKING, taking_method, waits_of
from manor._proxy.whole.base import WholeProxy, remote_method, remote_property
from manor._proxy.whole.dressing import LikeTheClass, dressed, static
from manor._proxy.whole.protocols import add_protocols
from manor._wire.shapes import ASYNC_GENERATOR, ASYNC_METHOD, METHOD, PROPERTY, Shape, shape_of

__all__ = ["proxy_class", "proxy_class_of_shape"]

_made: Final[weakref.WeakKeyDictionary[type, type[WholeProxy]]] = weakref.WeakKeyDictionary()
_lock: Final = threading.Lock()
os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)
_COPIED: Final = ("__annotations__", "__dataclass_fields__", "__dataclass_params__", "__match_args__")


def proxy_class(cls: type) -> type[WholeProxy]:
    """Return the class of proxies for instances of *cls*."""
    found = _made.get(cls)
    if found is None:
        with _lock:
            found = _made.get(cls)
            if found is None:
                found = _made[cls] = _make(shape_of(cls), cls)
    return found


def proxy_class_of_shape(shape: Shape) -> type[WholeProxy]:
    """Return a class of proxies for instances of a class that this process cannot import."""
    return _make(shape, None)


def _make(shape: Shape, cls: type | None) -> type[WholeProxy]:
    names = [name for name, kind in shape.members.items() if kind == METHOD]
    waits = waits_of(names)
    namespace: dict[str, Any] = {
        "__module__": shape.module,
        "__qualname__": shape.qualname,
        "__doc__": shape.doc,
        "_shape_": shape,
        "_waits_": waits,
        "_learned_": set(),
    }
    for name, kind in (*shape.members.items(), *shape.special.items()):
        like = static(cls, name)
        if kind is None:
            namespace[name] = None
        elif kind == PROPERTY:
            namespace[name] = _property(name, like)
        elif kind == METHOD:
            make = taking_method if name in TAKING and waits else remote_method
            namespace[name] = dressed(make(name), name, like)
        elif kind in (ASYNC_METHOD, ASYNC_GENERATOR):
            namespace[name] = dressed(_asynchronous(name, kind), name, like)
    add_protocols(namespace, shape, cls)
    if cls is not None:
        namespace["__signature__"] = LikeTheClass(cls)
        namespace.update((name, getattr(cls, name)) for name in _COPIED if hasattr(cls, name))
        if shape.is_plain:
            namespace["__class__"] = property(lambda _: cls)
    return type(shape.qualname.rpartition(".")[2], (WholeProxy,), namespace)


def _asynchronous(name: str, kind: str) -> Callable[..., Any]:
    from manor._proxy.whole.awaiting import async_generator, async_method  # imports asyncio

    return async_method(name) if kind == ASYNC_METHOD else async_generator(name)


def _property(name: str, like: Any) -> property:
    found = remote_property(name)
    getter = getattr(like, "fget", None) or getattr(like, "func", None)
    if getter is not None:
        functools.update_wrapper(cast("Any", found.fget), getter)
    return property(found.fget, doc=getattr(like, "__doc__", None))
