"""References name what is imported where it is used."""

import sys
import threading
from pathlib import Path

import pytest

from manor._wire.references import Reference, loaded

SLOW = """
import threading
from tests.unit.wire.test_references import begun

begun.set()
threading.Event().wait(0.2)  # let the other one come upon us half imported
value = 7
"""
begun = threading.Event()


def test_what_another_thread_is_importing_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert loaded("slow_to_import") is None
    (tmp_path / "slow_to_import.py").write_text(SLOW)
    monkeypatch.syspath_prepend(tmp_path)
    reference = Reference("slow_to_import", "value")
    importing = threading.Thread(target=reference.resolve)
    importing.start()
    try:
        assert sys.modules["tests.unit.wire.test_references"].begun.wait(10)
        assert loaded("slow_to_import").value == 7
        assert reference.resolve() == 7
    finally:
        importing.join()
        del sys.modules["slow_to_import"]
