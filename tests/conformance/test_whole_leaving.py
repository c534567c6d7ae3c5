"""Errors that leave a ``with`` block of a created object, or are thrown into its generators: the object is told."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any, Self

import pytest

from manor import RemoteError
from tests.conformance.raising import WAYS, KeyErrorOfOurs, MoreArguments, raised
from tests.conformance.subjects import CONTAINERS, Subject, on

TELLABLE = [way for way in WAYS if way != "bad repr"]  # that one has no text to note
TEXT_ONLY = {"lock inside", "lock attribute", "local"}


class Door:
    """Notes with what it was left."""

    def __init__(self) -> None:
        self.left_with: list[tuple[bool, str, str]] = []

    def _leave(self, kind: Any, error: Any, where: object) -> bool:
        self.left_with.append((type(error) is kind and where is None, type(error).__name__, str(error)))
        return isinstance(error, KeyError)

    def __enter__(self) -> Self:
        return self

    __exit__ = _leave

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: Any) -> bool:
        return self._leave(*error)

    def steps(self) -> Iterator[str]:
        while True:
            try:
                yield "next"
            except Exception as error:
                yield f"{type(error).__name__}: {error}"

    async def slow_steps(self) -> AsyncIterator[str]:
        for step in self.steps():
            try:
                yield step
            except Exception as error:
                yield f"{type(error).__name__}: {error}"


def error_from_nowhere() -> Exception:
    """Return one of a class that no server can import."""
    found: Exception = type("Nowhere", (Exception,), {"__module__": "no_such_module"})("lost")
    return found


@pytest.fixture
def door(manager: Any) -> Door:
    made: Door = manager.create(Door)
    return made


@on(CONTAINERS[0])
@pytest.mark.parametrize("way", TELLABLE)
def test_the_object_is_told_of_every_error_which_goes_on_as_it_was(subject: Subject, door: Door, way: str) -> None:
    error = raised(WAYS[way])

    def leave() -> None:
        with door:
            raise error

    if isinstance(error, KeyError):
        leave()
    else:
        assert raised(leave) is error
    is_consistent, name, text = door.left_with[-1]
    assert is_consistent
    if way in TEXT_ONLY:
        assert name == RemoteError.__name__
        assert type(error).__name__ in text
    else:
        assert (name, text) == (type(error).__name__, str(error))


@on(*CONTAINERS)
def test_an_error_whose_class_takes_other_arguments_leaves_by_every_way(subject: Subject, door: Door) -> None:
    async def leave(error: Exception) -> None:
        async with door:
            raise error

    error = MoreArguments("fire", "home")
    assert raised(lambda: asyncio.run(leave(error))) is error
    asyncio.run(leave(KeyErrorOfOurs("swallowed")))
    assert [name for _, name, _ in door.left_with] == ["MoreArguments", "KeyErrorOfOurs"]


@on(*CONTAINERS)
def test_one_whose_class_the_server_cannot_import_arrives_as_text(subject: Subject, door: Door) -> None:
    error = error_from_nowhere()

    def leave() -> None:
        with door:
            raise error

    assert raised(leave) is error
    is_consistent, name, text = door.left_with[-1]
    assert (is_consistent, name) == (True, RemoteError.__name__)
    assert "Nowhere: lost" in text


@on(*CONTAINERS)
def test_such_errors_can_be_thrown_into_generators(subject: Subject, door: Door) -> None:
    async def throw(error: Exception) -> str:
        steps: Any = door.slow_steps()
        assert await anext(steps) == "next"
        found: str = await steps.athrow(error)
        await steps.aclose()
        return found

    error = MoreArguments("fire", "home")
    steps: Any = door.steps()
    assert next(steps) == "next"
    assert steps.throw(error) == "MoreArguments: fire at home"
    assert asyncio.run(throw(error)) == "MoreArguments: fire at home"
