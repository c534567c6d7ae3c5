"""However Python was started, managers start by each start method, and host what the program defines."""

from pathlib import Path

import pytest

from tests.starting.shared import EXPECTED, METHODS, PROGRAM, WAYS, output_of

ALL = pytest.mark.parametrize("method", METHODS)


@ALL
@pytest.mark.parametrize("way", WAYS)
def test_a_program_starts_managers_and_hosts_what_it_defines(way: str, method: str, tmp_path: Path) -> None:
    assert WAYS[way](tmp_path, PROGRAM, method) == EXPECTED


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_what_cannot_travel_is_named_with_what_to_do(way: str, method: str, tmp_path: Path) -> None:
    """As without cloudpickle; with it, what a function refers to may still be something that cannot travel."""
    program = """
import multiprocessing, sys
sys.modules["cloudpickle"] = None
import manor


class Manager(manor.managers.SyncManager):
    pass


class Mine:
    pass


Manager.register("Mine", Mine)
Manager.register("made", lambda: 1)


def use(method):
    try:
        Manager(ctx=multiprocessing.get_context(method)).start()
    except manor.NotPicklable as error:
        print("result:", error)
"""
    said = WAYS[way](tmp_path, program, method)
    assert said.startswith("result: what is registered cannot be sent to the manager's server: ")
    assert "cloudpickle" in said
    assert "at the top of a module" in said


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_an_initializer_that_cannot_travel_is_named(method: str, tmp_path: Path) -> None:
    program = """
import multiprocessing, threading
import manor

def use(method):
    manager = manor.managers.SyncManager(ctx=multiprocessing.get_context(method))
    try:
        manager.start(print, (threading.Lock(),))
    except manor.NotPicklable as error:
        print(error)
    with manager:
        print(manager.list([1]))
"""
    said, after = WAYS["script"](tmp_path, program, method).splitlines()
    assert said.startswith("the initializer or its arguments cannot be sent to the manager's server: ")
    assert "lock" in said
    assert after == "[1]"


@ALL
def test_a_manager_is_a_fixture_of_pytest(method: str, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        PROGRAM
        + f"""
import pytest


@pytest.fixture(scope="session")
def shared():
    with Manager(ctx=multiprocessing.get_context({method!r})) as manager:
        yield manager


def square(numbers, at):
    numbers[at] = at * at


def test_children_share(shared):
    numbers = shared.list([0] * 4)
    with multiprocessing.get_context({method!r}).Pool(2) as pool:
        pool.starmap(square, [(numbers, at) for at in range(4)])
        pool.close()
        pool.join()
    assert numbers[:] == [0, 1, 4, 9]


def test_its_types_are_hosted(shared, capsys):
    assert shared.Counter().add(Point(3)).x == 3
    use({method!r})
    assert "result: 3 Local" in capsys.readouterr().out
"""
    )
    import sys

    said = output_of([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py"], tmp_path)
    assert "2 passed" in said
