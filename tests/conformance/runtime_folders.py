"""A folder for names of a test's own, and programs that own managers with names."""

from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

import manor
from tests.conformance.accounts import Account

__all__ = ["own_named", "runtime_folder"]


@pytest.fixture
def runtime_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this test's managers have their names, and no other's."""
    base = tmp_path / "runtime"
    base.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(base))
    return base / "manor"


def own_named(test: Connection, options: dict[str, Any], items: dict[str, Any]) -> None:
    """Own a manager named "scores" with one of each named type; tell the server's pid; shut down when told to."""
    manager: Any
    with manor.Manager(name="scores", **options) as manager:
        manager.dict(name="table").update(items)
        manager.list(name="list").append(1)
        manager.set(name="set").add(1)
        manager.Value("i", 1, name="value")
        manager.Array("i", [1, 2], name="array")
        manager.Queue(name="queue").put("an item")
        manager.deque([1], 2, name="recent")
        manager.Counter("aab", name="counts")
        manager.OrderedDict(name="ordered").update(items)
        manager.defaultdict(list, name="groups")["a"].append(1)
        manager.ChainMap({"a": 1}, name="chain")
        manager.options(name="account").create(Account, 5)
        test.send(manager._process.pid)
        test.recv()
