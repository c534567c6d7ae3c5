"""The check that every test ends with sees what a test may leave running."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading

import pytest

from tests.leftovers import Processes, join_threads

WAIT_FOR_INPUT = [sys.executable, "-c", "import sys; sys.stdin.read()"]


@pytest.fixture
def processes() -> Processes:
    return Processes()


def test_a_child_that_still_runs_is_found_and_one_that_ended_is_not(processes: Processes) -> None:
    with subprocess.Popen(WAIT_FOR_INPUT, stdin=subprocess.PIPE) as child:
        assert [process.pid for process in processes.left_after(0)] == [child.pid]
        child.communicate()
        assert processes.left_after(0) == []


def test_waits_for_a_child_that_is_about_to_end(processes: Processes) -> None:
    with subprocess.Popen([sys.executable, "-c", "pass"]):
        assert processes.left_after(60) == []


def test_a_stopped_child_is_ended(processes: Processes) -> None:
    with subprocess.Popen(WAIT_FOR_INPUT, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        os.kill(child.pid, signal.SIGSTOP)
        for process in processes.left_after(0):
            process.end()
        assert child.wait() == -signal.SIGABRT


def test_an_orphan_is_found(processes: Processes) -> None:
    read, write = os.pipe()
    script = (
        "import os, subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import sys; sys.stdin.read()'], stdin=int(sys.argv[1]),\n"
        "    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
        "print(child.pid)\n"
    )
    parent = subprocess.run(
        [sys.executable, "-c", script, str(read)],
        pass_fds=[read],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    os.close(read)
    found = [process.pid for process in processes.left_after(0)]
    os.close(write)
    assert found == [int(parent.stdout)]


def test_a_child_of_the_forkserver_is_found_and_the_forkserver_is_not(processes: Processes) -> None:
    context = multiprocessing.get_context("forkserver")
    gate = context.Event()
    child = context.Process(target=gate.wait)
    child.start()
    found = [process.pid for process in processes.left_after(0)]
    gate.set()
    child.join()
    assert found == [child.pid]


def test_a_thread_that_still_runs_is_found() -> None:
    gate = threading.Event()
    thread = threading.Thread(target=gate.wait)
    thread.start()
    assert join_threads({thread}, 0) == [thread]
    gate.set()
    assert join_threads({thread}, 60) == []
