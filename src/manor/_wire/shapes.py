"""What a class looks like from outside: the names that a proxy for one of its instances has.

The shape of a class is the same wherever it is taken, so a process that can import the class takes it there; any other
asks the server.
"""

import enum
import types
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

__all__ = [
    "ASYNC_GENERATOR",
    "ASYNC_METHOD",
    "ATTRIBUTE",
    "METHOD",
    "OPERATORS",
    "PROPERTY",
    "Shape",
    "module_of",
    "shape_of",
]

METHOD: Final = "method"
ASYNC_METHOD: Final = "async method"
ASYNC_GENERATOR: Final = "async generator"
PROPERTY: Final = "property"
ATTRIBUTE: Final = "attribute"

_ARITHMETIC: Final = (
    "add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "divmod", "pow", "lshift", "rshift", "and", "xor",
    "or",
)  # fmt: skip

OPERATORS: Final = frozenset(
    (
        *(f"__{name}__" for name in _ARITHMETIC),
        *(f"__r{name}__" for name in _ARITHMETIC),
        *(f"__i{name}__" for name in _ARITHMETIC if name != "divmod"),
        "__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__",
    )
)  # fmt: skip
"""Those that may be given another object of the same server."""

_SPECIAL: Final = OPERATORS | {
    "__abs__", "__aenter__", "__aexit__", "__aiter__", "__anext__", "__await__", "__bool__", "__bytes__", "__call__",
    "__ceil__", "__complex__", "__contains__", "__delitem__", "__enter__", "__exit__", "__float__", "__floor__",
    "__format__", "__fspath__", "__getitem__", "__hash__", "__index__", "__int__", "__invert__", "__iter__",
    "__len__", "__length_hint__", "__neg__", "__next__", "__pos__", "__reversed__", "__round__", "__setitem__",
    "__trunc__",
}  # fmt: skip

_COROUTINE_FLAG: Final = 0x80
_ASYNC_GENERATOR_FLAG: Final = 0x200
"""As ``inspect.CO_COROUTINE`` and ``CO_ASYNC_GENERATOR``; to import that takes longer than all the rest."""
_MADE_BY_C: Final = (types.MemberDescriptorType, types.GetSetDescriptorType)


class Shape(NamedTuple):
    """A class from outside; made of built-in types only.

    Attributes:
        module: Where the class is defined.
        qualname: Its name there.
        doc: Its docstring.
        members: What kind of thing each public name is.
        special: Which special methods it has, and of what kind they are; None is for one that it says it has not.
        is_plain: Whether it is written in Python, down to its last base.
    """

    module: str
    qualname: str
    doc: str | None
    members: Mapping[str, str]
    special: Mapping[str, str | None]
    is_plain: bool


def shape_of(cls: type) -> Shape:
    """Return the shape of a class."""
    members: dict[str, str] = {}
    special: dict[str, str | None] = {} if not issubclass(cls, enum.Enum) else {"__eq__": METHOD}
    for name, value in _found(cls):
        if name[0] != "_":
            members[name] = kind_of(value)
        elif name in _SPECIAL:
            special[name] = None if value is None else kind_of(value)
    return Shape(module_of(cls), cls.__qualname__, cls.__doc__, members, special, is_plain(cls))


def module_of(thing: Any) -> str:
    """Return the module that a class or function is of: the same in processes that ``multiprocessing`` started."""
    name = getattr(thing, "__module__", None)
    return "__main__" if name == "__mp_main__" else str(name)


def _found(cls: type) -> Iterator[tuple[str, Any]]:
    """Yield what the class and its bases have, in the order of bases: what comes later replaces what came before."""
    for base in reversed(cls.__mro__[:-1]):
        yield from list(vars(base).items())


def kind_of(value: Any) -> str:
    """Return what kind of thing stands under a name in the namespace of a class."""
    if isinstance(value, staticmethod | classmethod):
        value = value.__func__
    if isinstance(value, property) or type(value).__name__ == "cached_property":
        return PROPERTY
    flags = getattr(getattr(value, "__code__", None), "co_flags", 0)
    if flags & _COROUTINE_FLAG:
        return ASYNC_METHOD
    if flags & _ASYNC_GENERATOR_FLAG:
        return ASYNC_GENERATOR
    is_method = callable(value) or type(value).__name__ in {"partialmethod", "singledispatchmethod"}
    return ATTRIBUTE if isinstance(value, (type, *_MADE_BY_C)) or not is_method else METHOD


def is_plain(cls: type) -> bool:
    """Whether a class and all of its bases are written in Python: code in C does not take a proxy for an instance."""
    heap = 1 << 9
    return all(base.__flags__ & heap and base.__module__ != "builtins" for base in cls.__mro__[:-1])
