"""How large an arena may grow: what the program asks for, else by the memory of the machine and of control groups."""

import os
from pathlib import Path

import pytest

from manor._resident import sizes

_MACHINE = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
_LIMIT = 1 << 24


@pytest.fixture
def cgroups(tmp_path: Path) -> Path:
    return tmp_path / "cgroup"


def limit(cgroups: Path, file: str, value: object) -> None:
    (cgroups / file).parent.mkdir(parents=True, exist_ok=True)
    (cgroups / file).write_text(f"{value}\n", encoding="ascii")


def memory(cgroups: Path, member_of: str = "") -> int:
    membership = cgroups.parent / "membership"
    membership.write_text(member_of, encoding="ascii")
    return sizes._memory_bytes(cgroups, membership)


def test_without_control_groups_it_is_the_machines(cgroups: Path) -> None:
    assert memory(cgroups) == _MACHINE
    assert sizes._memory_bytes(cgroups, cgroups / "nowhere") == _MACHINE


@pytest.mark.parametrize("file", ["memory.max", "memory/memory.limit_in_bytes"])
def test_a_container_has_what_its_control_group_has(cgroups: Path, file: str) -> None:
    limit(cgroups, file, _LIMIT)
    assert memory(cgroups) == _LIMIT


@pytest.mark.parametrize(
    ("member_of", "file"),
    [
        ("0::/user.slice/job.scope\n", "user.slice/job.scope/memory.max"),
        ("0::/user.slice/job.scope\n", "user.slice/memory.max"),
        ("4:cpu,memory:/jobs/one\n1:name=systemd:/x:y\n", "memory/jobs/one/memory.limit_in_bytes"),
        ("4:memory:/jobs/one\n", "memory/jobs/memory.limit_in_bytes"),
    ],
)
def test_the_limit_of_a_service_or_of_what_it_is_part_of_counts(cgroups: Path, member_of: str, file: str) -> None:
    limit(cgroups, file, _LIMIT)
    assert memory(cgroups, member_of) == _LIMIT


def test_the_smallest_limit_counts_and_max_is_none(cgroups: Path) -> None:
    limit(cgroups, "memory.max", "max")
    limit(cgroups, "a/memory.max", 2 * _LIMIT)
    limit(cgroups, "a/b/memory.max", _LIMIT)
    limit(cgroups, "other/memory.max", 1)
    assert memory(cgroups, "0::/a/b\n") == _LIMIT
    assert memory(cgroups, "0::/a\n") == 2 * _LIMIT
    assert memory(cgroups, "damaged\n") == _MACHINE


@pytest.mark.parametrize("bytes_max", [(1 << 22) - 1, 0, -1, 2**46 + 1, 2**70])
def test_an_impossible_size_is_refused(bytes_max: int) -> None:
    with pytest.raises(ValueError, match=r"at least 4194304 .* at most 70368744177664"):
        sizes.arena_bytes(bytes_max)


def test_an_arena_may_grow_to_half_of_it() -> None:
    assert sizes.arena_bytes(None) == sizes._memory_bytes() // 2
    assert sizes.arena_bytes(1 << 22) == 1 << 22
