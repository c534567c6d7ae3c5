"""Where no memory can be reserved the standard types are served: one warning, and everything works."""

import resource
import warnings
from typing import Any

import pytest

import manor
from manor.managers import DictProxy
from tests.conformance.subjects import MANOR_FORK, MANOR_SPAWN

FILE_BYTES = 2 << 20
"""No file may be longer: less than the smallest arena."""


def use(numbers: Any, counts: Any, lock: Any, queue: Any) -> None:
    for _ in range(10):
        with lock:
            counts["n"] += 1
    numbers.append(counts["n"])
    queue.put("done")


SUBJECTS = {str(subject.name): subject for subject in (MANOR_FORK, MANOR_SPAWN)}


def make_and_use(name: str) -> tuple[list[str], dict[str, int], list[int], bool]:
    subject = SUBJECTS[name]
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with subject.manager() as manager:
            numbers, counts, lock, queue = manager.list(), manager.dict(n=0), manager.Lock(), manager.Queue()
            children = [
                subject.context.Process(target=use, args=(numbers, counts, lock, queue), daemon=False) for _ in range(3)
            ]
            for child in children:
                child.start()
            for child in children:
                child.join()
            assert [queue.get(timeout=9) for _ in children] == ["done"] * 3
            is_served = type(counts) is DictProxy
            found = counts.copy(), sorted(numbers)
    texts = [str(warning.message) for warning in caught if issubclass(warning.category, manor.ManorWarning)]
    return texts, *found, is_served


@pytest.mark.parametrize("name", SUBJECTS)
def test_everything_is_served_after_one_warning(name: str) -> None:
    texts, counts, numbers, is_served = MANOR_FORK.run_in_child(make_and_use, name)
    assert len(texts) == 1, texts
    assert texts[0].startswith("no shared memory: ")
    assert "File too large" in texts[0]
    assert texts[0].endswith("standard types are served instead")
    assert (counts, len(numbers), is_served) == ({"n": 30}, 3, True)
