"""Managers in a Jupyter kernel, which a test drives as a notebook does."""

from collections.abc import Iterator
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

from tests.conformance.children import Ending
from tests.starting.shared import EXPECTED, LIMIT_S, METHODS, PROGRAM

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # jupyter_client's own


class Notebook:
    """Runs cells in a kernel of its own."""

    def __init__(self, manager: Any, client: Any) -> None:
        self.kernel = manager
        self._client = client

    def run(self, cell: str) -> str:
        """Return what a cell prints; fail if it raises."""
        printed: list[str] = []

        def hear(message: Any) -> None:
            if message["header"]["msg_type"] == "stream":
                printed.append(message["content"]["text"])

        answer = self._client.execute_interactive(cell, timeout=LIMIT_S, output_hook=hear)
        content = answer["content"]
        assert content["status"] == "ok", "\n".join(content.get("traceback", [])) + "".join(printed)
        return "".join(printed).strip()

    def restart(self) -> None:
        self.kernel.restart_kernel(now=True)
        self._client.wait_for_ready(timeout=LIMIT_S)


@pytest.fixture
def notebook() -> Iterator[Notebook]:
    kernel, client = start_new_kernel(startup_timeout=LIMIT_S)
    try:
        yield Notebook(kernel, client)
    finally:
        client.stop_channels()
        kernel.shutdown_kernel(now=True)
        kernel.cleanup_resources()


@pytest.mark.parametrize("method", METHODS)
def test_a_notebook_starts_managers_and_hosts_what_it_defines(notebook: Notebook, method: str) -> None:
    for cell in PROGRAM.split("\n\n\n"):
        notebook.run(cell)
    assert notebook.run(f"use({method!r})") == EXPECTED


def test_a_manager_lives_from_cell_to_cell_and_ends_with_the_kernel(notebook: Notebook) -> None:
    notebook.run("import manor; manager = manor.Manager(); table = manager.dict()")
    notebook.run("table['a'] = 1")
    assert notebook.run("print(table)") == "{'a': 1}"
    notebook.run("""
import asyncio
queue = manager.Queue()
async def put_and_get():
    getting = asyncio.to_thread(queue.get)
    await asyncio.to_thread(queue.put, "an item")
    return await getting
""")
    assert notebook.run("print(await put_and_get())") == "an item", "a kernel has a loop that runs"
    with Ending(int(notebook.run("print(manager._process.pid)"))) as server:
        notebook.restart()
        assert server.within(LIMIT_S)
    assert notebook.run("import manor; manager = manor.Manager(); print(manager.list([2]))") == "[2]"
