"""What importing manor imports: little, and of others only what `multiprocessing.managers` imports anyway."""

import subprocess
import sys

import pytest

FOREIGN = {
    "__future__", "_contextvars", "_typing", "annotationlib", "contextvars", "resource", "typing", "typing.io",
    "typing.re",
}  # fmt: skip
"""What no program escapes that has type annotations, or threads that wait."""

OURS = {
    "import manor": {"manor"},
    "import manor.managers": {"manor", "manor._codec", "manor._codec.reducers", "manor.managers"},
}  # fmt: skip
"""More is imported when a name is first used."""

PROGRAM = """
import sys
import multiprocessing.managers
before = set(sys.modules)
{}
print(*(set(sys.modules) - before))
"""


def imported(statement: str) -> set[str]:
    """Return the modules that *statement* imports beyond those of `multiprocessing.managers`."""
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(statement)], capture_output=True, text=True, timeout=60, check=True
    )
    return set(run.stdout.split())


@pytest.mark.parametrize("statement", [*OURS, "from manor import Manager", "from manor.managers import SyncManager"])
def test_an_import_loads_no_others_modules_than_the_standard_librarys_does(statement: str) -> None:
    assert {name for name in imported(statement) if not name.startswith("manor")} <= FOREIGN


@pytest.mark.parametrize("statement", OURS)
def test_the_import_itself_loads_few_modules_of_ours(statement: str) -> None:
    assert {name for name in imported(statement) if name.startswith("manor")} <= OURS[statement]


def test_importing_manor_loads_less_than_importing_the_standard_librarys_managers() -> None:
    run = subprocess.run(
        [sys.executable, "-c", "import sys, manor; print(*sys.modules)"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert not {name for name in run.stdout.split() if name.startswith("multiprocessing")}


def test_importing_a_manager_loads_nothing_that_only_starts_servers() -> None:
    loaded = imported("from manor.managers import SyncManager")
    assert not {"manor._engines.child", "manor._engines.process", "manor._server.server"} & loaded


def test_a_server_loads_nothing_that_only_proxies_need() -> None:
    loaded = imported("import manor._engines.process")
    assert not {"manor._proxy.base", "manor._proxy.link", "manor._resident.queues", "queue"} & loaded


def test_a_server_loads_nothing_that_its_first_answer_can_do_without() -> None:
    loaded = imported("import manor._engines.process")
    assert "manor._server.server" in loaded
    assert not {
        "manor._codec.exceptions", "manor._codec.refusals", "manor._resident", "manor._server.residency",
        "manor._transport.handshake",
    } & loaded  # fmt: skip


FORKING = """
import multiprocessing, os, sys
from manor.managers import SyncManager

class Hosted:
    def loaded(self):
        return set(sys.modules)

fork, at_fork = os.fork, set()
def forked():
    at_fork.update(sys.modules)
    return fork()
os.fork = forked

SyncManager.register("Hosted", Hosted)
with SyncManager(ctx=multiprocessing.get_context("fork")) as manager:
    print(sorted(manager.Hosted().loaded() - at_fork), bool(at_fork))
"""


def test_a_forked_server_loads_nothing_itself_before_it_answers() -> None:
    run = subprocess.run([sys.executable, "-c", FORKING], capture_output=True, text=True, timeout=60, check=True)
    assert run.stdout == "[] True\n"


COMPILING = """
import sys
sources = []
sys.addaudithook(lambda event, args: event == "compile" and args[1] == "<string>" and sources.append(args[0]))
import manor._engines.process
print([source for source in sources if b"hits, misses" not in source and b"fileobj, fd" not in source])
from manor.managers import SyncManager
print([source for source in sources if not source.startswith(b"lambda _cls")])
"""


def test_importing_compiles_no_annotations_which_takes_longer_than_all_else_the_first_time() -> None:
    run = subprocess.run([sys.executable, "-c", COMPILING], capture_output=True, text=True, timeout=60, check=True)
    assert run.stdout == "[]\n[]\n"
