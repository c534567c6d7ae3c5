"""Several iterators at once, and iterators that live longer than their loop, their proxy or their manager."""

import gc
import itertools
import threading
from typing import Any

import pytest

import manor.managers
from tests.conformance.subjects import (
    BUILT_IN,
    CHEAP,
    Subject,
    on,
    standard_library_left_out,
)

WITH_BUILT_IN = (BUILT_IN, *CHEAP)


@on(*WITH_BUILT_IN)
def test_two_iterators_do_not_disturb_each_other(subject: Subject, manager: Any) -> None:
    numbers, words = manager.list(range(300)), manager.dict(dict.fromkeys(range(300)))
    for proxy in (numbers, words):
        assert list(zip(proxy, proxy, strict=True)) == [(number, number) for number in range(300)]
        one, other = iter(proxy), iter(proxy)
        list(itertools.islice(one, 280))
        assert list(other) == list(range(300))
        assert list(one) == list(range(280, 300))
    assert [(a, b) for a in manager.list("ab") for b in manager.list("xy")] == [*itertools.product("ab", "xy")]


@on(*WITH_BUILT_IN)
def test_threads_may_each_have_an_iterator_of_one_container(subject: Subject, manager: Any) -> None:
    numbers, words = manager.list(range(600)), manager.dict(dict.fromkeys(range(600)))
    found: list[list[int]] = []
    threads = [
        threading.Thread(target=lambda proxy=proxy: found.append(list(iter(proxy)))) for proxy in (numbers, words) * 2
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [list(range(600))] * 4


@on(*WITH_BUILT_IN)
def test_an_iterator_outlives_the_name_of_its_container(subject: Subject, manager: Any) -> None:
    iterators = [iter(manager.list(range(600))), iter(manager.dict(dict.fromkeys(range(600))))]
    for iterator in iterators:
        next(iterator)
    gc.collect()
    assert [list(iterator) for iterator in iterators] == [list(range(1, 600))] * 2


@on(*CHEAP)
def test_an_exhausted_iterator_stays_exhausted(subject: Subject, manager: Any) -> None:
    numbers = manager.list([1])
    iterator = iter(numbers)
    assert list(iterator) == [1]
    numbers.append(2)
    assert list(iterator) == []


@on(*CHEAP)
def test_a_loop_that_is_left_early_leaves_nothing_in_the_server(subject: Subject) -> None:
    with subject.manager() as manager:
        words = manager.dict(dict.fromkeys(range(5000)))
        before = manager._number_of_objects()
        for _ in range(20):
            for _ in words:
                break
        gc.collect()
        assert manager._number_of_objects() == before


@standard_library_left_out("it has no error of its own for that")
def test_an_iterator_of_a_manager_that_is_gone_says_so(subject: Subject) -> None:
    with subject.manager() as manager:
        iterator = iter(manager.dict(dict.fromkeys(range(5000))))
        next(iterator)
    with pytest.raises(manor.ManagerDied):
        list(iterator)
