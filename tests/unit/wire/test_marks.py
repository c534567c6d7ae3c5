"""``-> Proxied[...]``, however it is written: what is meant counts, whether or not every name is to be had."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Annotated, Any, Optional

import pytest

import manor
from manor import Proxied
from manor._wire.marks import is_proxied

if TYPE_CHECKING:
    from somewhere import Missing  # type: ignore[import-not-found]

Shared = Proxied  # type: ignore[type-arg]
Text = Proxied[str]


class Said:
    """Methods with annotations that mean ``Proxied``; all of them are text here."""

    def known(self) -> Proxied[int]: ...  # type: ignore[empty-body]
    def by_module(self) -> manor.Proxied[int]: ...  # type: ignore[empty-body]
    def missing(self) -> Proxied[Missing]: ...
    def generic(self) -> Proxied[Missing[int, str]]: ...
    def dotted(self) -> Proxied[missing.inner.Name]: ...  # type: ignore[name-defined]
    def or_none(self) -> Proxied[Missing] | None: ...
    def none_or(self) -> None | Proxied[Missing]: ...  # noqa: RUF036 - as people write
    def optional(self) -> Optional[Proxied[Missing]]: ...  # noqa: UP045
    def renamed(self) -> Shared[Missing]: ...  # type: ignore[type-arg]
    def alias(self) -> Text: ...  # type: ignore[empty-body]
    def inner_text(self) -> Optional["Proxied[Missing]"]: ...  # noqa: UP037, UP045

    @property
    def prop(self) -> Proxied[Missing]: ...

    @functools.cached_property
    def cached(self) -> Proxied[Missing]: ...

    @classmethod
    def of_class(cls) -> Proxied[Missing]: ...


class NotSaid:
    """Methods whose annotations mean something else."""

    def plain(self) -> int: ...  # type: ignore[empty-body]
    def missing(self) -> Missing: ...
    def inside(self) -> list[Proxied[int]]: ...  # type: ignore[empty-body]
    def inside_missing(self) -> Missing[Proxied[int]]: ...
    def other(self) -> Annotated[int, "Proxied[int]"]: ...  # type: ignore[empty-body]
    def nothing(self): ...  # type: ignore[no-untyped-def]


def methods(cls: type) -> list[Any]:
    return [pytest.param(value, id=name) for name, value in vars(cls).items() if not name.startswith("__")]


@pytest.mark.parametrize("method", methods(Said))
def test_what_says_so_is_known(method: Any) -> None:
    assert is_proxied(method)


@pytest.mark.parametrize("method", methods(NotSaid))
def test_what_says_otherwise_is_not(method: Any) -> None:
    assert not is_proxied(method)


def test_names_of_the_function_around_count() -> None:
    mine = Proxied[int]

    def method(self: Any) -> mine:
        return int(mine is None)

    assert is_proxied(method)


def test_a_wrapped_method_means_what_its_own_module_says() -> None:
    @functools.wraps(Said.missing)
    def wrapper(*args: Any) -> Any: ...

    assert is_proxied(wrapper)


def test_annotations_that_are_no_text_count_too() -> None:
    def method(self: Any) -> Any: ...

    said: list[tuple[Any, bool]] = [
        (Proxied[int], True),
        (Optional["Proxied[Missing]"], True),
        ("no expression (", False),
    ]
    for annotation, means_it in said:
        method.__annotations__["return"] = annotation
        assert is_proxied(method) is means_it


if sys.version_info >= (3, 12):
    from typing import TypeAliasType

    def test_an_alias_by_a_statement_means_what_it_stands_for() -> None:
        def method(self: Any) -> Any: ...

        method.__annotations__["return"] = TypeAliasType("Mine", Proxied[int])
        assert is_proxied(method)
