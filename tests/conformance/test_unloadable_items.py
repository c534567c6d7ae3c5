"""Items that the server has, and that one client cannot load: what that one would take stays in the queue."""

import os
from typing import Any

import pytest

from tests.conformance.subjects import MANOR_SERVED, MANOR_TCP, Subject, on, until


class Foreign:
    """Can be loaded everywhere but in one process."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def __reduce__(self) -> tuple[Any, tuple[int]]:
        return load, (self.pid,)


def load(pid: int) -> Foreign:
    if os.getpid() == pid:
        raise LookupError("not here")
    return Foreign(pid)


def take_all(jobs: Any) -> list[Any]:
    return [item.pid if isinstance(item, Foreign) else item for item in jobs.get_many(100, block=False)]


@on(MANOR_SERVED, MANOR_TCP)
@pytest.mark.parametrize("method", ["get", "get_many"])
def test_nothing_is_lost_with_an_answer_that_cannot_be_loaded(subject: Subject, manager: Any, method: str) -> None:
    jobs, me = manager.Queue(), os.getpid()
    jobs.put_many([Foreign(me), 1, Foreign(me), 2])
    with pytest.raises(LookupError, match="not here"):
        getattr(jobs, method)(*[100] if method == "get_many" else [])
    until(lambda: jobs.qsize() == 4)
    assert subject.run_in_child(take_all, jobs) == [me, 1, me, 2]
