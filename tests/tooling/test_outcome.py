"""The runner of CPython's suite reads what unittest says, and ends a suite that hangs."""

import subprocess
import sys

import pytest

from tests.cpython import outcome

FAILED = """\
.sFE
======================================================================
ERROR: test_b (case.Case.test_b)
----------------------------------------------------------------------
Traceback (most recent call last):
ZeroDivisionError: division by zero

======================================================================
FAIL: test_c (case.Case.test_c)
----------------------------------------------------------------------
Traceback (most recent call last):
AssertionError: 1 != 2

----------------------------------------------------------------------
Ran 4 tests in 0.001s

FAILED (failures=1, errors=1, skipped=1)
"""


def test_every_failure_and_error_is_read_with_its_traceback() -> None:
    failed = outcome.failures_in(FAILED)
    assert list(failed) == ["ERROR: test_b (case.Case.test_b)", "FAIL: test_c (case.Case.test_c)"]
    assert failed["FAIL: test_c (case.Case.test_c)"].endswith("AssertionError: 1 != 2")


def test_a_suite_that_cannot_be_imported_is_an_error() -> None:
    failed = outcome.outcome_of("json", "fork")
    assert failed.status == 1
    assert "cannot import name 'BaseManager' from 'json'" in failed.report


def test_a_suite_that_hangs_is_ended_and_its_processes_print_their_stacks() -> None:
    script = """
import faulthandler, os, signal
faulthandler.enable()
def child_waits():
    print("ready", flush=True)
    signal.pause()
if not os.fork():
    child_waits()
signal.pause()
"""
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        output = outcome.stopped(process)
    assert output.count("Fatal Python error: ") == 2  # what two processes write at once is mixed, in whole writes
    assert "in child_waits" in output


@pytest.mark.parametrize(("text", "expected"), [("Ran 1 test in 0.1s", 1), ("Ran 94 tests in 3.2s", 94), ("", 0)])
def test_the_number_of_tests_is_read(text: str, expected: int) -> None:
    assert outcome.number(outcome.RAN, text) == expected
