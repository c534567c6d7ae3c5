"""A thread that ends leaves its locks as they are."""

import threading
from typing import Any

import pytest

from tests.conformance.subjects import LIMIT_S, LOCKS, OUR_LOCKS, Subject, on


@on(*OUR_LOCKS)  # the standard library's manager may give it to a thread of which the number is the same
def test_an_rlock_stays_with_a_thread_that_has_ended(subject: Subject, manager: Any) -> None:
    lock = manager.RLock()
    holder = threading.Thread(target=lock.acquire)
    holder.start()
    holder.join(LIMIT_S)
    assert not lock.acquire(False)
    with pytest.raises(RuntimeError):
        lock.release()
    assert not lock.acquire(True, 0.01)


@on(*LOCKS)
def test_a_lock_that_a_thread_left_behind_can_be_released_by_another(subject: Subject, manager: Any) -> None:
    lock = manager.Lock()
    holder = threading.Thread(target=lock.acquire)
    holder.start()
    holder.join(LIMIT_S)
    assert not lock.acquire(False)
    lock.release()
    assert lock.acquire(False)
