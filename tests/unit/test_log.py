"""What manor logs is found where users look: in the logger "manor", and in multiprocessing's when it is on."""

import logging
import os
import subprocess
import sys

import pytest

from manor import _log


def test_records_go_to_the_logger_manor(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="manor"):
        _log.debug("debugging %d", 1)
        _log.info("telling %s", "two")
        _log.warning("warning")
    assert [(record.name, record.levelname, record.getMessage()) for record in caplog.records] == [
        ("manor", "DEBUG", "debugging 1"),
        ("manor", "INFO", "telling two"),
        ("manor", "WARNING", "warning"),
    ]


def test_what_is_below_the_level_is_not_even_formatted(caplog: pytest.LogCaptureFixture) -> None:
    class Unprintable:
        def __str__(self) -> str:
            raise AssertionError("formatted")

    with caplog.at_level(logging.WARNING, logger="manor"):
        _log.debug("%s", Unprintable())
    assert not caplog.records


def run(program: str) -> str:
    """Run a program of its own, since multiprocessing's logger cannot be switched off again; return its stderr."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, check=True, capture_output=True, text=True, timeout=60
    )
    return done.stderr


MANAGER = """
import logging, multiprocessing, manor
if __name__ == "__main__":
    {}
    with manor.Manager() as manager:
        manager.list().append(1)
"""


def test_log_to_stderr_shows_ours_with_multiprocessings_of_both_processes() -> None:
    text = run(MANAGER.format("multiprocessing.log_to_stderr(logging.INFO)"))
    ours = [line for line in text.splitlines() if "manor: " in line]
    assert any("serves at" in line and "SyncManager-1" in line for line in ours), text
    assert any("was shut down" in line and "MainProcess" in line for line in ours), text


def test_the_logger_manor_can_be_configured_as_any_other() -> None:
    text = run(MANAGER.format("logging.basicConfig(level=logging.INFO, format='%(name)s|%(message)s')"))
    assert any(line.startswith("manor|") and "was shut down" in line for line in text.splitlines()), text


def test_nothing_is_said_by_default() -> None:
    assert run(MANAGER.format("pass")) == ""
