"""Pools of processes that a manager's server hosts."""

from typing import Any

import pytest

from tests.conformance.subjects import MANOR_FORK, Subject, on


@pytest.mark.timeout(60)
@on(MANOR_FORK)
def test_pools_that_are_terminated_at_once_end(subject: Subject, manager: Any) -> None:
    for _ in range(20):
        with manager.Pool(2):  # a worker that lost the signal would be waited for, for ever
            pass
