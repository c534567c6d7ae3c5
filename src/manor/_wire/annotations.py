"""What annotations say, though some of their names are not to be had: imported for type checkers only, or local."""

from __future__ import annotations

import builtins
import sys
import types
from collections.abc import Iterator, Mapping
from typing import Any, Final, ForwardRef, Union, get_args, get_origin

__all__ = ["is_marked"]

_DEPTH_MAX: Final = 8


def is_marked(function: Any, mark: object, meaning: Mapping[str, Any]) -> bool:
    """Whether what a function returns is annotated as ``Annotated[..., mark]``, or as that or something else.

    Args:
        function: It may be wrapped by others.
        mark: What to look for.
        meaning: What names mean that cannot be had otherwise.
    """
    names = _Names(list(_namespaces(function)), meaning)
    return _says(_returned(function), mark, names, _DEPTH_MAX)


def _returned(function: Any) -> Any:
    try:
        return getattr(function, "__annotations__", {}).get("return")
    except NameError:  # Python 3.14 evaluates them when they are asked for
        import annotationlib  # type: ignore[import-not-found]  # which is new there

        return annotationlib.get_annotations(function, format=annotationlib.Format.STRING).get("return")


def _namespaces(function: Any) -> Iterator[Mapping[str, Any]]:
    """Yield where to look for names, beginning with the function that was written: the inmost one."""
    layers = [function]
    while (inner := getattr(layers[-1], "__wrapped__", None)) is not None and inner not in layers:
        layers.append(inner)
    for layer in reversed(layers):
        code, cells = getattr(layer, "__code__", None), getattr(layer, "__closure__", None) or ()
        yield dict(_filled(getattr(code, "co_freevars", ()), cells))
        module = sys.modules.get(getattr(layer, "__module__", None) or "")
        yield getattr(layer, "__globals__", None) or vars(module or types)


def _filled(names: tuple[str, ...], cells: tuple[types.CellType, ...]) -> Iterator[tuple[str, Any]]:
    for name, cell in zip(names, cells, strict=False):
        try:
            yield name, cell.cell_contents
        except ValueError:  # it has no value yet
            continue


class _Names(dict[str, Any]):
    """As a namespace to evaluate in: has every name."""

    def __init__(self, found_in: list[Mapping[str, Any]], meaning: Mapping[str, Any]) -> None:
        self._found_in = [*found_in, vars(builtins)]
        self._meaning = meaning

    def __missing__(self, name: str) -> Any:
        for namespace in self._found_in:
            if name in namespace:
                return namespace[name]
        return self._meaning.get(name) or _unknown(self._meaning)


class _Unknown(type):
    """The class of classes that stand for what a name means: they may be subscripted, and have every attribute."""

    _meaning: Mapping[str, Any]

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return cls._meaning.get(name) or cls

    def __getitem__(cls, _: Any) -> Any:
        return cls


def _unknown(meaning: Mapping[str, Any]) -> Any:
    return _Unknown("Unknown", (), {"_meaning": meaning})


def _says(annotation: Any, mark: object, names: _Names, depth: int) -> bool:
    if depth == 0:
        return False
    if isinstance(annotation, ForwardRef):
        annotation = annotation.__forward_arg__
    if isinstance(annotation, str):
        try:
            annotation = eval(annotation, {}, names)  # noqa: S307 - what the author of the class wrote there
        except Exception:  # no expression at all
            return False
    if type(annotation).__name__ == "TypeAliasType":
        annotation = _value_of(annotation)
    if mark in getattr(annotation, "__metadata__", ()):
        return True
    is_one_of = get_origin(annotation) in (Union, types.UnionType)
    return is_one_of and any(_says(part, mark, names, depth - 1) for part in get_args(annotation))


def _value_of(alias: Any) -> Any:
    try:
        return alias.__value__
    except NameError:
        return None
