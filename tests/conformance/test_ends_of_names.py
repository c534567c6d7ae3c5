"""What is left of the name of a manager that has ended: nothing."""

import multiprocessing
import os
import signal
from pathlib import Path

import pytest

import manor
from tests.conformance.children import Child, Ending
from tests.conformance.runtime_folders import own_named, runtime_folder
from tests.conformance.subjects import LIMIT_S, ManorManager

__all__ = ["runtime_folder"]
FORK = multiprocessing.get_context("fork")


@pytest.mark.parametrize("how", ["shutdown", "killed server", "dead owner", "own server"])
def test_nothing_stays_of_a_name_whose_manager_has_ended(runtime_folder: Path, how: str) -> None:
    def left() -> set[str]:
        return {path.name for path in runtime_folder.iterdir()} - {".lock", ".news"}

    if how == "dead owner":
        with Child(FORK, own_named, {}, {}) as child, Ending(child.hear()) as ending:
            assert left() == {"scores", ".epoch-scores"}
            child.kill()
            assert ending.within(LIMIT_S)
    elif how == "own server":
        server = ManorManager(name="scores").get_server()
        assert left() == {"scores", ".epoch-scores"}
        server.close()
    else:
        with manor.Manager(name="scores") as manager:
            assert left() == {"scores", ".epoch-scores"}
            if how == "killed server":
                os.kill(manager._process.pid, signal.SIGKILL)
                manager._process.join(LIMIT_S)
    assert left() == set()
