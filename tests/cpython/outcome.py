"""Runs CPython's manager tests against a module, and reads what unittest says about it."""

import contextlib
import os
import re
import select
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ON_PATH = Path(__file__).parent / "on_path"
TIME_LIMIT_S = 600
TAIL_LINES = 25

RAN = r"^Ran (\d+) tests? in "
SKIPPED = r"^(?:OK|FAILED) \(.*skipped=(\d+)"


@dataclass(frozen=True)
class Outcome:
    """How one run of the suite went."""

    ran: int
    skipped: int
    failed: dict[str, str]  # name of the test -> the end of its traceback
    status: int | None  # exit status; None when the time limit passed
    output: str = field(repr=False)

    @property
    def report(self) -> str:
        lines = [f"ran {self.ran}, skipped {self.skipped}, failed {len(self.failed)}, exit status {self.status}"]
        lines += [f"\n{name}\n{tail}" for name, tail in self.failed.items()]
        if self.status != 0 and not self.failed:
            lines.append(tail_of(self.output, 400))  # the stacks of all its processes
        return "\n".join(lines)


def tail_of(text: str, lines: int = TAIL_LINES) -> str:
    return "\n".join(text.rstrip().splitlines()[-lines:])


def failures_in(output: str) -> dict[str, str]:
    """Return the sections that unittest prints at the end, one for each failure, error and unexpected success."""
    sections = re.split(r"^={70}\n", output, flags=re.MULTILINE)[1:]
    titled = (section.split("\n", 1) for section in sections)
    failed = {title: tail_of(re.split(r"\n-{70}\nRan ", body)[0]) for title, body in titled}
    failed |= dict.fromkeys(re.findall(r"^UNEXPECTED SUCCESS: .*$", output, flags=re.MULTILINE), "")
    return failed


def number(pattern: str, output: str) -> int:
    found = re.findall(pattern, output, flags=re.MULTILINE)
    return int(found[-1]) if found else 0


def outcome_of(module: str, start_method: str) -> Outcome:
    """Run the manager tests with `module` in the place of `multiprocessing.managers`, in a process of its own."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ON_PATH), os.environ.get("PYTHONPATH")])),
        "MANOR_SUITE_MODULE": module,
        "MANOR_SUITE_START_METHOD": start_method,
        "PYTHONFAULTHANDLER": "1",
    }
    command = [sys.executable, "-W", "ignore", "-m", "unittest", "manager_tests"]
    with subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=TIME_LIMIT_S)
            status: int | None = process.returncode
        except subprocess.TimeoutExpired:
            output, status = stopped(process), None
    return Outcome(
        ran=number(RAN, output),
        skipped=number(SKIPPED, output),
        failed=failures_in(output),
        status=status,
        output=output,
    )


def members_of(group: int) -> list[int]:
    """The processes of a process group."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):  # noqa: PTH208 - names are all that is asked for
        with contextlib.suppress(ProcessLookupError):
            if os.getpgid(int(name)) == group:
                found.append(int(name))
    return sorted(found)


def abort(pid: int, limit_s: float = 5.0) -> None:
    """Have a process print its stacks and end; return when it has, or after *limit_s* seconds."""
    try:
        ended = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        signal.pidfd_send_signal(ended, signal.SIGABRT)
        select.select([ended], [], [], limit_s)
    except ProcessLookupError:
        return
    finally:
        os.close(ended)


def stopped(process: subprocess.Popen[str]) -> str:
    """Make the process and its children print the stacks of their threads, end them, and return the output."""
    for pid in members_of(process.pid):
        abort(pid)  # one after the other: they all print to the same pipe
    try:
        output, _ = process.communicate(timeout=10)  # until the last of them has closed its end
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
    return f"{output}\nno end in {TIME_LIMIT_S} s"
