"""How a process ended, in words."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from manor._transport.endings import ProcessWatch, describe_status

LIMIT_S = 20.0


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (0, "ended with exit code 0"),
        (7 << 8, "ended with exit code 7"),
        (int(signal.SIGKILL), "was killed by SIGKILL"),
        (int(signal.SIGSEGV) | 0x80, "was killed by SIGSEGV"),
        (42, "was killed by signal 42"),
    ],
)
def test_a_status_is_described(status: int, text: str) -> None:
    assert describe_status(status) == text


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def test_a_process_that_lives_has_not_ended(child: subprocess.Popen[bytes]) -> None:
    watch = ProcessWatch(child.pid)
    assert not watch.wait(0)
    assert watch.how_it_ended() is None
    watch.close()


@pytest.mark.parametrize("reaped", [False, True])
def test_a_process_that_was_killed_says_by_what(child: subprocess.Popen[bytes], reaped: bool) -> None:
    watch = ProcessWatch(child.pid)
    child.send_signal(signal.SIGKILL)
    assert watch.wait(LIMIT_S)
    if reaped:
        child.wait()
        if watch.how_it_ended() is None:
            pytest.skip("this kernel keeps no exit status")
    assert watch.how_it_ended() == "was killed by SIGKILL"
    watch.close()


def test_nobody_to_watch_is_an_error() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    with pytest.raises(ProcessLookupError):
        ProcessWatch(process.pid)


def test_a_watch_that_was_closed_knows_nothing_and_says_so(child: subprocess.Popen[bytes]) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    watch = ProcessWatch(child.pid)
    watch.close()
    watch.close()
    assert watch.fileno() == -1
    assert not watch.wait(0)
    assert watch.how_it_ended() is None
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_closing_while_another_thread_waits_harms_neither(child: subprocess.Popen[bytes]) -> None:
    watch = ProcessWatch(child.pid)
    ended: list[bool] = []
    thread = threading.Thread(target=lambda: ended.append(watch.wait(LIMIT_S)))
    thread.start()
    watch.close()
    child.kill()
    thread.join()
    # It either waits on, undisturbed, or finds the watch closed when it begins.
    assert len(ended) == 1
