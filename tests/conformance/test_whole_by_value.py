"""Classes that no other process can import: they travel by value, and proxies know what the server tells of them."""

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import manor
from tests.conformance.subjects import MANOR, on

ROOT = Path(__file__).parents[2]

SCRIPT = """
import sys
from manor import Manager

class Point:
    def __init__(self, x):
        self.x = x
    def doubled(self):
        return Point(2 * self.x)
    def add(self, other):
        return self.x + other.x

if __name__ == "__main__":
    import multiprocessing
    with Manager(ctx=multiprocessing.get_context(sys.argv[1])) as manager:
        point = manager.create(Point, 3)
        assert isinstance(point, Point)
        assert type(point.doubled()) is Point and point.doubled().x == 6
        assert point.add(Point(1)) == 4
        class Late:
            def again(self):
                return [Late()]
        assert type(manager.create(Late).again()[0]) is Late
        if len(sys.argv) > 2:
            class Point(Point):
                def newest(self):
                    return "newest"
            newest = manager.create(Point, 1)
            assert newest.newest() == "newest"
            assert newest.doubled().newest() == "newest"
    print("done")
"""


def nested() -> type:
    class Inner:
        """Somewhere inside."""

        def __init__(self, value: int = 1) -> None:
            self.value = value

        def plus(self, amount: int) -> int:
            """Add."""
            return self.value + amount

        def numbers(self) -> Any:
            yield from range(self.value)

        async def later(self) -> int:
            return self.value

        @property
        def double(self) -> int:
            return 2 * self.value

        def __len__(self) -> int:
            return self.value

        def __eq__(self, other: object) -> bool:
            return self.value == other

        __hash__ = None  # type: ignore[assignment]

    return Inner


@on(*MANOR)
def test_nested_classes_and_lambdas_are_created(manager: Any) -> None:
    inner = nested()
    thing = manager.create(inner, 3)
    assert (thing.plus(1), thing.value, len(thing)) == (4, 3, 3)
    assert isinstance(thing, inner)
    assert type(manager.create(inner, 2)) is type(thing)
    base = 10
    assert manager.create(lambda more: [base, more], 5) == [10, 5]


def look(thing: Any) -> tuple[Any, ...]:
    thing.value += 1
    text = type(thing).__doc__, type(thing).__name__, thing.plus.__name__
    with pytest.raises(TypeError):
        hash(thing)
    return *text, thing.plus(1), thing.double, list(thing.numbers()), len(thing), thing == 4, "plus" in dir(thing)


@on(*MANOR)
def test_a_process_that_cannot_import_the_class_has_a_whole_proxy_too(subject: Any, manager: Any) -> None:
    thing = manager.create(nested(), 3)
    found = subject.run_in_child(look, thing)
    assert found == ("Somewhere inside.", "Inner", "plus", 5, 8, [0, 1, 2, 3], 4, True, True)
    assert thing.value == 4
    keeper = manager.Keeper()
    keeper.keep(thing)
    assert keeper.first().plus(1) == 5


@on(*MANOR)
def test_results_annotated_as_proxied_stay_in_the_server_when_the_class_travels(manager: Any) -> None:
    class Desk:
        def __init__(self) -> None:
            self.drawer = ["pen"]

        def open(self) -> manor.Proxied[list[str]]:
            return self.drawer

        def look(self) -> manor.Proxied[list[str]] | None:
            return self.drawer

    desk = manager.create(Desk)
    desk.open().append("ink")
    looked = desk.look()
    assert looked is not None
    looked.append("nib")
    assert desk.drawer == ["pen", "ink", "nib"]


@on(*MANOR)
def test_without_cloudpickle_the_error_says_what_to_do(manager: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cloudpickle", None)
    with pytest.raises(manor.NotPicklable, match=r"nested\.<locals>\.Inner: define it at the top of a module.*cloudp"):
        manager.create(nested(), 3)


@on(*MANOR)
def test_a_class_that_the_server_cannot_import_is_named(
    subject: Any, manager: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    name = f"only_here_{subject.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text("class Thing:\n    pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(manor.NotImportable, match=rf"{name}\.Thing"):
        manager.create(importlib.import_module(name).Thing)


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_classes_of_a_script_are_created(method: str, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    assert output_of(str(script), method) == "done\n"


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_classes_of_a_command_line_are_created_and_may_be_defined_anew(method: str) -> None:
    assert output_of("-c", SCRIPT, method, "again") == "done\n"


def output_of(*arguments: str) -> str:
    run = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=100, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout
