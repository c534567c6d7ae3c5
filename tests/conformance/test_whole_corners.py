"""Objects of unusual classes, and methods that do unusual things, are hosted whole like any other."""

import asyncio
import importlib
import multiprocessing
import threading
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

import manor
from tests.conformance.subjects import MANOR, MANOR_SERVED, on

pytestmark = on(*MANOR, MANOR_SERVED)


class Owner:
    """Has managers of its own."""

    def __init__(self) -> None:
        self.manager: Any = None

    def use(self, method: str) -> int:
        with manor.Manager(ctx=multiprocessing.get_context(method)) as manager:
            return int(manager.dict(a=1)["a"])

    def keep(self, method: str) -> Any:
        self.manager = manor.Manager(ctx=multiprocessing.get_context(method))
        return self.manager.dict(a=1)

    def end(self) -> None:
        self.manager.shutdown()


@pytest.mark.leaves_processes  # the resource tracker of the server, which all tests of this file share
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_method_starts_a_manager(manager: Any, method: str) -> None:
    owner = manager.create(Owner)
    assert owner.use(method) == 1
    assert owner.keep(method)["a"] == 1
    owner.end()


class Shout(str):
    """Its base has a static method without a signature."""

    __slots__ = ()

    def shout(self) -> str:
        return self.upper() + "!"


def test_subclasses_of_text_are_hosted(manager: Any) -> None:
    assert manager.create(Shout, "ab").shout() == "AB!"
    assert manager.create(Shout, "ab") + "c" == "abc"
    assert manager.create(Shout, "ab").maketrans("a", "b") == {97: 98}


async def coroutine() -> None: ...


def test_a_coroutine_is_no_object(manager: Any) -> None:
    with pytest.raises(TypeError, match=r"coroutine\(\) returned a coroutine: create\(\) takes a class"):
        manager.create(coroutine)


class Echo:
    async def all(self) -> AsyncGenerator[Any, Any]:
        got: Any = "begin"
        while got != "end":
            try:
                got = yield got
            except KeyError as error:
                got = f"caught {error}"


def test_values_and_errors_are_sent_into_asynchronous_generators(manager: Any) -> None:
    echo = manager.create(Echo)

    async def use() -> list[Any]:
        generator = echo.all()
        found = [await anext(generator), await generator.asend(1), await generator.athrow(KeyError("k"))]
        found += [await anext(generator), await anext(generator, "over")]
        with pytest.raises(StopAsyncIteration):
            await generator.asend("end")
        return found

    assert asyncio.run(use()) == ["begin", 1, "caught 'k'", None, None]

    async def fail() -> None:
        generator = echo.all()
        await anext(generator)
        await generator.athrow(LookupError("not caught"))

    with pytest.raises(LookupError, match="not caught"):
        asyncio.run(fail())


SLOW = """
import threading
threading.Event().wait(0.3)  # let the other one come upon us half imported

class Thing:
    value = 7
"""


def test_a_class_whose_module_is_just_being_imported_is_waited_for(
    subject: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "slow_thing.py").write_text(SLOW)
    monkeypatch.syspath_prepend(str(tmp_path))
    with subject.manager() as manager:
        thing = importlib.import_module("slow_thing").Thing
        found: list[int] = []
        threads = [threading.Thread(target=lambda: found.append(manager.create(thing).value)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [7, 7, 7]
