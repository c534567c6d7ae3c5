"""`make setup` says in one sentence what is missing."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEEDED = ("cut", "head", "printf", "sed", "sh", "sort")


def complaints(path: Path, python: str = sys.executable) -> list[str]:
    run = subprocess.run(
        ["tools/prerequisites", python],
        cwd=ROOT,
        env={"PATH": str(path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode == 0) == (run.stderr == "")
    return run.stderr.splitlines()


def install(path: Path, name: str, script: str) -> None:
    (path / name).write_text(f"#!/bin/sh\n{script}\n")
    (path / name).chmod(0o755)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A directory with everything that is needed."""
    for name in NEEDED:
        (tmp_path / name).symlink_to(next(p for d in os.defpath.split(":") if (p := Path(d, name)).exists()))
    install(tmp_path, "cargo", "echo cargo 1.99.0")
    install(tmp_path, "cc", "exit 0")
    return tmp_path


def test_nothing_is_said_when_everything_is_there(path: Path) -> None:
    assert complaints(path) == []


@pytest.mark.parametrize(("command", "advice"), [("cargo", "https://rustup.rs"), ("cc", "build-essential")])
def test_a_missing_program_is_named_with_what_to_install(path: Path, command: str, advice: str) -> None:
    (path / command).unlink()
    [complaint] = complaints(path)
    assert f"'{command}' was not found" in complaint
    assert advice in complaint


def test_a_missing_interpreter_is_named(path: Path) -> None:
    [complaint] = complaints(path, python="python-that-is-not-there")
    assert complaint.startswith("manor: Python 3.11 or later is needed and 'python-that-is-not-there' was not found")


def test_an_old_interpreter_is_refused_with_its_version(path: Path) -> None:
    install(path, "python3.9", '[ "$1" = -V ] && echo Python 3.9.18; exit 1')
    [complaint] = complaints(path, python="python3.9")
    assert "'python3.9' is 3.9.18" in complaint


def test_an_old_rust_is_refused_with_its_version(path: Path) -> None:
    install(path, "cargo", "echo 'cargo 1.84.1 (66221abde 2024-11-19)'")
    [complaint] = complaints(path)
    assert "or later is needed and 'cargo' is 1.84.1" in complaint


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/platforms.md"])
def test_the_pages_name_the_rust_version_that_the_build_demands(page: str) -> None:
    workspace = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]
    assert f"Rust {workspace['package']['rust-version']} or later" in (ROOT / page).read_text()
