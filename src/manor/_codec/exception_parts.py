"""What an exception consists of, and how to put it together again without its constructor."""

from __future__ import annotations

import functools
from types import BuiltinMethodType, GetSetDescriptorType, MemberDescriptorType
from typing import Any, Final

__all__ = ["fields_of", "rebuild"]

_LEFT_OUT: Final = frozenset((*vars(BaseException), "obj"))
"""What travels otherwise, and ``AttributeError.obj``, which may be anything; CPython does not pickle it either."""


@functools.lru_cache(maxsize=1024)
def _descriptors(cls: Any) -> dict[str, Any]:
    return {
        name: value
        for base in reversed(cls.__mro__)
        for name, value in vars(base).items()
        if isinstance(value, MemberDescriptorType | GetSetDescriptorType)
        and name not in _LEFT_OUT
        and not name.startswith("__")
    }


def fields_of(error: BaseException) -> dict[str, Any]:
    """Return what is stored outside ``__dict__`` and set: ``OSError.errno``, ``UnicodeError.start``, slots."""
    found = {}
    cls: Any = type(error)  # a class is hashable, whatever its instances are
    for name, descriptor in _descriptors(cls).items():
        try:
            value = descriptor.__get__(error)
        except (AttributeError, TypeError):  # not set
            continue
        if value is not None:
            found[name] = value
    return found


def rebuild(
    cls: type[BaseException], args: tuple[Any, ...], attributes: dict[str, Any], fields: dict[str, Any]
) -> BaseException:
    """Return an exception made of its parts by the interpreter's own ``__new__``."""
    native = next(base for base in cls.__mro__ if isinstance(vars(base).get("__new__"), BuiltinMethodType))
    error: BaseException = native.__new__(cls, *args)
    error.args = args
    error.__dict__.update(attributes)
    kind: Any = cls
    descriptors = _descriptors(kind)
    for name, value in fields.items():
        try:
            descriptors[name].__set__(error, value)
        except (AttributeError, TypeError, KeyError):  # read-only, and set by ``__new__``
            continue
    return error
