"""Names of classes and functions that travel instead of the things themselves, and are looked up where they are used.

So a server need not import the classes of its clients' proxies, nor what it hosts before it hosts it.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

__all__ = ["Reference", "loaded", "reference_to"]


class Reference:
    """Names something at the top of a module; called, it calls that."""

    __slots__ = ("module", "name")

    def __init__(self, module: str, name: str) -> None:
        self.module: str = module
        self.name: str = name

    def __reduce__(self) -> tuple[Any, ...]:
        return Reference, (self.module, self.name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reference) and (self.module, self.name) == (other.module, other.name)

    def __hash__(self) -> int:
        return hash((self.module, self.name))

    def __repr__(self) -> str:
        return f"Reference({self.module!r}, {self.name!r})"

    def resolve(self) -> Any:
        """Import the module and return what is named."""
        return getattr(loaded(self.module) or importlib.import_module(self.module), self.name)

    def __call__(self, /, *args: Any, **kwds: Any) -> Any:
        return self.resolve()(*args, **kwds)


def loaded(name: str) -> Any:
    """Return a module that has been imported, or that another thread is importing, which is waited for; else None."""
    module = sys.modules.get(name)
    if module is not None and getattr(module.__spec__, "_initializing", False):
        return importlib.import_module(name)
    return module


def reference_to(thing: Any) -> Reference | None:
    """Return a reference to a class or function, or None when its name does not lead to it."""
    module, name = getattr(thing, "__module__", None), getattr(thing, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str):
        return None
    if getattr(sys.modules.get(module), name, None) is not thing:
        return None
    return Reference(module, name)
