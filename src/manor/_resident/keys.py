"""Which keys are one key: canonical forms for the types that the native code does not know.

The native code deals with ``None``, ``bool``, ``int``, ``float``, ``str``, ``bytes`` and with tuples and frozensets,
whose members it asks for one by one. Any other key is given to ``canonical``, which answers with one of these, if
the key equals it for Python, or with a list, a form that equals no other type's. Parts of a list are keys again.

What a type's rule is, its class decides: the first class it inherits from that has a rule here, if it has kept
that class's ``==`` and ``hash``. No module is imported for it: who has a ``Decimal`` has imported ``decimal``.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any, Final

from manor._codec import pickles
from manor._codec.codec import codec_for
from manor._codec.refusals import advised

__all__ = ["canonical", "show", "unshow"]

Rule = Callable[[Any], Any]
_CODEC: Final = codec_for("pickle")


def canonical(key: Any) -> Any:
    """Return what *key* equals that the native code knows, or a list that is the same for equal keys only.

    Raises:
        TypeError: *key* is not hashable.
        pickle.PicklingError: *key* is of a type without a rule, and cannot be pickled.
    """
    try:
        hash(key)
    except TypeError as error:
        advised(error)
        raise
    cls: Any = type(key)  # hashable
    return _rule(cls)(key)


def show(key: Any) -> bytes:
    """Return *key* itself as bytes, for iteration to give back what was put in."""
    return b"".join(pickles.dumps(key))


def unshow(data: bytes) -> Any:
    """Return the key of ``show``."""
    return _CODEC.decode(memoryview(data))


@functools.lru_cache(maxsize=1024)
def _rule(cls: Any) -> Rule:
    from manor._resident import numeric_keys, temporal_keys  # most programs have no such keys

    if hasattr(cls, "_canonical_key_"):
        return _proxy
    if cls.__module__ == "numpy":
        return numeric_keys.rule_for_numpy(cls) or _numpy
    for base in cls.__mro__:
        name = base.__module__, base.__qualname__
        known = _RULES.get(name) or numeric_keys.RULES.get(name) or temporal_keys.RULES.get(name)
        if known is not None:
            return known if _compare_alike(cls, base) else _pickled
    return _dataclass_rule(cls) or numeric_keys.rule_for_registered(cls) or _pickled


def _compare_alike(cls: type, base: type) -> bool:
    return cls.__eq__ is base.__eq__ and cls.__hash__ is base.__hash__


def _name(thing: Any) -> str:
    """The name of a class or a function; the main module has two, one of them in processes that were spawned."""
    module = "__main__" if thing.__module__ == "__mp_main__" else thing.__module__
    return f"{module}.{thing.__qualname__}"


def _pickled(key: Any) -> list[Any]:
    return ["pickled", _name(type(key)), _comparable(show(key))]


def _comparable(pickle: bytes) -> bytes:
    """A pickle, never to be loaded, with one name for the main module, and so without its length in front."""
    body = pickle[11:] if pickle[2:3] == b"\x95" else pickle
    return body.replace(b"\x8c\x0b__mp_main__", b"\x8c\x08__main__")


def _numpy(key: Any) -> Any:
    """A time or a span as what it equals; when it does depends on numpy's version.

    One finer than microseconds is a plain number to Python: numpy ceases to compare those.
    """
    item = key.item()
    if type(item) is int:
        return _pickled(key)
    return canonical(item) if item == key and hash(item) == hash(key) else _pickled(key)


def _proxy(key: Any) -> list[Any]:
    return ["proxy", key._canonical_key_]


def _str(key: Any) -> str:
    return str.__str__(key)


def _bytes(key: Any) -> bytes:
    return b"".join((key,))


def _tuple(key: Any) -> tuple[Any, ...]:
    return tuple(tuple.__iter__(key))


def _frozenset(key: Any) -> frozenset[Any]:
    return frozenset(frozenset.__iter__(key))


def _enum(key: Any) -> list[Any]:
    return ["enum", _name(type(key)), key._name_]


def _flag(key: Any) -> list[Any]:
    return ["enum", _name(type(key)), key._value_]  # a combination may have no name


def _uuid(key: Any) -> list[Any]:
    return ["uuid", key.bytes]


def _posix_path(key: Any) -> list[Any]:
    return ["path", str(key)]


def _windows_path(key: Any) -> list[Any]:
    return ["windows path", str(key).lower()]


def _global(key: Any) -> list[Any]:
    pickles.dumps(key)  # raises if it cannot be found by its name
    return ["global", _name(key)]


def _range(key: range) -> list[Any]:
    return ["range", len(key), *key[:1], key.step if len(key) > 1 else 0]


_GENERATED: Final = "<string>"
"""The file name of methods that ``dataclass`` has written."""


def _dataclass_rule(cls: Any) -> Rule | None:
    """The rule of a class that compares and hashes by its fields, as ``@dataclass(frozen=True)`` makes it."""
    fields = getattr(cls, "__dataclass_fields__", None)
    methods = cls.__eq__, cls.__hash__
    if fields is None or any(_file(method) != _GENERATED for method in methods):
        return None
    own = sys.modules["dataclasses"].fields(cls)
    if any(field.compare and field.hash is False for field in own):
        return None  # a field that is compared and not hashed need not be hashable
    names = [field.name for field in own if field.compare]
    return lambda key: ["dataclass", _name(cls), tuple([getattr(key, name) for name in names])]


def _file(method: Any) -> Any:
    return getattr(getattr(method, "__code__", None), "co_filename", None)


_RULES: Final[dict[tuple[str, str], Rule]] = {
    ("builtins", "str"): _str,
    ("builtins", "bytes"): _bytes,
    ("builtins", "tuple"): _tuple,
    ("builtins", "frozenset"): _frozenset,
    ("builtins", "memoryview"): bytes,
    ("builtins", "range"): _range,
    ("builtins", "type"): _global,
    ("builtins", "function"): _global,
    ("enum", "Flag"): _flag,
    ("enum", "Enum"): _enum,
    ("uuid", "UUID"): _uuid,
    ("pathlib", "PurePosixPath"): _posix_path,
    ("pathlib", "PureWindowsPath"): _windows_path,
    ("pathlib._local", "PurePosixPath"): _posix_path,
    ("pathlib._local", "PureWindowsPath"): _windows_path,
}
"""By the class's module and name."""
