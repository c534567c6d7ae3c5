"""docs/mistakes.md: each mistake gives the message that is there, and what is written instead works."""

import importlib
import json
import multiprocessing
import re
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pytest

import manor
import manor.managers

PAGE = Path(__file__).parents[2] / "docs" / "mistakes.md"
SECTION = re.compile(r"^### (.+)$", re.MULTILINE)
BLOCK = re.compile(r"^```(python \w+(?: script)?|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MANAGERS: dict[str, dict[str, Any]] = {
    "fork": {"ctx": multiprocessing.get_context("fork")},
    "served": {"ctx": multiprocessing.get_context("fork"), "resident": False},
    "spawn": {"ctx": multiprocessing.get_context("spawn")},
}


class Mistake(NamedTuple):
    name: str
    mistake: str
    message: str
    instead: str
    is_script: bool


def mistakes() -> list[Mistake]:
    """Return what the page has under each heading."""
    _, *parts = SECTION.split(PAGE.read_text())
    found = []
    for name, text in zip(parts[::2], parts[1::2], strict=True):
        blocks = dict(BLOCK.findall(text))
        is_script = "python mistake script" in blocks
        script = " script" if is_script else ""
        mistake, instead = blocks["python mistake" + script], blocks["python instead" + script]
        found.append(Mistake(name, mistake, blocks.get("text", ""), instead, is_script))
    return found


def ids(one: Mistake) -> str:
    return one.name


def assert_says(text: str, message: str) -> None:
    pattern = ".*".join(re.escape(part) for part in message.strip().split("..."))
    assert re.fullmatch(pattern, text.strip(), flags=re.DOTALL), text


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The page's module, which spawned processes import, too."""
    (tmp_path / "account.py").write_text(dict(BLOCK.findall(PAGE.read_text()))["python module"])
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("account")
    del sys.modules["account"]


def run(code: str, account: ModuleType, options: dict[str, Any]) -> None:
    with manor.Manager(**options) as manager:
        names = {
            "account": account,
            "json": json,
            "manager": manager,
            "manor": manor,
            "multiprocessing": multiprocessing,
            "numpy": np,
            "socket": socket,
            "threading": threading,
        }
        try:
            exec(compile(code, str(PAGE), "exec"), names)  # noqa: S102 - the page's own code
        finally:
            started: Any = names["manager"]
            if started is not manager and "shutdown" in vars(started):
                started.shutdown()


FRAGMENTS = [one for one in mistakes() if not one.is_script]
SCRIPTS = [one for one in mistakes() if one.is_script]


def test_the_page_lists_at_least_twenty_mistakes_that_have_a_message() -> None:
    assert len([one for one in mistakes() if one.message]) >= 20


@pytest.mark.parametrize("options", MANAGERS.values(), ids=MANAGERS)
@pytest.mark.parametrize("one", [one for one in FRAGMENTS if one.message], ids=ids)
def test_a_mistake_is_told_with_what_to_write_instead(
    one: Mistake, options: dict[str, Any], account: ModuleType
) -> None:
    with pytest.raises(Exception) as caught:
        run(one.mistake, account, options)
    assert_says("".join(traceback.format_exception_only(caught.value)), one.message)


@pytest.mark.parametrize("options", MANAGERS.values(), ids=MANAGERS)
@pytest.mark.parametrize("one", [one for one in FRAGMENTS if not one.message], ids=ids)
def test_a_mistake_that_nobody_can_tell_raises_no_false_alarm(
    one: Mistake, options: dict[str, Any], account: ModuleType
) -> None:
    run(one.mistake, account, options)


@pytest.mark.parametrize("one", FRAGMENTS, ids=ids)
def test_what_the_page_writes_instead_works(one: Mistake, account: ModuleType) -> None:
    run(one.instead, account, MANAGERS["fork"])


def run_script(code: str, directory: Path) -> "subprocess.CompletedProcess[str]":
    script = directory / "program.py"
    script.write_text(code)
    return subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=100, check=False)


@pytest.mark.parametrize("start_method", ["spawn", "forkserver"])
@pytest.mark.parametrize("one", SCRIPTS, ids=ids)
def test_a_mistake_of_a_whole_program_is_told(one: Mistake, start_method: str, tmp_path: Path) -> None:
    done = run_script(one.mistake.replace("spawn", start_method), tmp_path)
    assert done.returncode == 1
    first, _, last = one.message.replace("spawn", start_method).strip().split("\n")
    raised = [line for line in done.stderr.splitlines() if re.match(r"[\w.]+(Error|Died):", line)]
    assert_says(raised[0], first)
    assert_says(raised[-1], last)


@pytest.mark.parametrize("start_method", ["spawn", "forkserver"])
@pytest.mark.parametrize("one", SCRIPTS, ids=ids)
def test_what_the_page_writes_instead_works_as_a_program(one: Mistake, start_method: str, tmp_path: Path) -> None:
    done = run_script(one.instead.replace("spawn", start_method), tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
