"""Generators that a created object's method returns: they stay in the server, and their items come in chunks."""

import pickle
from multiprocessing.connection import Connection
from typing import Any

import pytest

import manor
from tests.conformance.accounts import Numbers
from tests.conformance.children import Child
from tests.conformance.subjects import MANOR, MANOR_SERVED, objects, on, until

pytestmark = on(*MANOR, MANOR_SERVED)


@pytest.fixture
def numbers(manager: Any) -> Numbers:
    found: Numbers = manager.create(Numbers)
    return found


def test_all_items_arrive_in_order(numbers: Numbers) -> None:
    assert list(numbers.upto(10_000)) == list(range(10_000))
    assert list(numbers.upto(0)) == []


def test_a_generator_runs_when_it_is_asked(numbers: Numbers) -> None:
    items = numbers.upto(10**9)
    assert numbers.made == 0
    assert next(items) == 0
    assert numbers.made == 1
    assert next(items) == 1
    assert 2 <= numbers.made <= 100
    items.close()
    assert list(items) == []


def test_an_endless_generator_can_be_left(numbers: Numbers) -> None:
    for number in numbers.upto(10**9):
        if number == 500:
            break
    assert numbers.made < 100_000


def test_others_call_the_object_between_two_chunks(numbers: Numbers) -> None:
    items = numbers.upto(10**9)
    assert next(items) == 0
    numbers.made = 0
    assert next(items) == 1
    assert numbers.made >= 1


def test_what_a_generator_returns_arrives(numbers: Numbers) -> None:
    def delegate() -> Any:
        return (yield from numbers.upto(3))

    items = delegate()
    assert [next(items), next(items), next(items)] == [0, 1, 2]
    with pytest.raises(StopIteration) as end:
        next(items)
    assert end.value.value == "all"


def test_an_error_comes_after_the_items_before_it(numbers: Numbers) -> None:
    seen: list[int] = []
    with pytest.raises(ValueError, match="no number 200"):
        seen.extend(numbers.failing_at(200))
    items = numbers.failing_at(200)
    seen = [next(items) for _ in range(200)]
    assert seen == list(range(200))
    with pytest.raises(ValueError, match="no number 200"):
        next(items)
    assert list(items) == []


def test_values_are_sent_and_errors_thrown(numbers: Numbers) -> None:
    sums = numbers.sums()
    assert next(sums) == 0
    assert sums.send(3) == 3
    assert sums.send(4) == 7
    assert sums.throw(KeyError("reset")) == 0
    with pytest.raises(ZeroDivisionError):
        sums.throw(ZeroDivisionError())
    with pytest.raises(StopIteration):
        sums.send(1)


def test_values_are_not_sent_past_items_that_were_fetched(numbers: Numbers) -> None:
    items = numbers.upto(100)
    assert (next(items), next(items)) == (0, 1)
    with pytest.raises(RuntimeError, match="fetched already"):
        items.send(None)


def test_close_ends_a_generator(numbers: Numbers) -> None:
    items = numbers.upto(10**6)
    next(items)
    assert not numbers.has_ended()
    items.close()
    items.close()
    assert numbers.has_ended()


def test_a_generator_that_nobody_has_ends(manager: Any, numbers: Numbers) -> None:
    before = objects(manager)
    items = numbers.upto(10**6)
    next(items)
    assert objects(manager) == before + 1
    del items
    assert objects(manager) == before
    assert numbers.has_ended()


def take_two(test: Connection, numbers: Numbers) -> None:
    items = numbers.upto(10**9)
    test.send((next(items), next(items)))
    test.recv()


def test_the_generator_of_a_killed_process_ends(subject: Any, manager: Any, numbers: Numbers) -> None:
    before = objects(manager)
    with Child(subject.context, take_two, numbers) as child:
        assert child.hear() == (0, 1)
        child.kill()
    until(lambda: objects(manager) == before)
    assert numbers.has_ended()


def rest(items: Any) -> list[int]:
    return list(items)


def test_a_generator_that_was_not_begun_may_be_consumed_elsewhere(subject: Any, numbers: Numbers) -> None:
    assert subject.run_in_child(rest, numbers.upto(300)) == list(range(300))
    items = numbers.upto(300)
    assert (next(items), next(items)) == (0, 1)
    with pytest.raises(TypeError, match="fetched"):
        pickle.dumps(items)


def test_nothing_else_of_a_generator_is_exposed(numbers: Numbers) -> None:
    items: Any = numbers.upto(3)
    with pytest.raises(manor.NotExposed):
        items._callmethod("gi_frame")
