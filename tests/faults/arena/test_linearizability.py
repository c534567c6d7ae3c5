"""The checker of histories tells those that can be explained from those that cannot."""

import random
from math import inf

from tests.faults.arena.linearizability import UNKNOWN, Event, is_linearizable
from tests.faults.arena.models import ABSENT, item, sequence


def test_one_after_the_other_is_linearizable_if_the_results_are_right() -> None:
    written = Event(0, 1, "__setitem__", (7,), None)
    assert is_linearizable([[written, Event(2, 3, "get", (), 7)]], ABSENT, item)
    assert not is_linearizable([[written, Event(2, 3, "get", (), None)]], ABSENT, item)


def test_operations_that_overlap_may_have_happened_in_either_order() -> None:
    written = Event(0, 10, "__setitem__", (7,), None)
    for seen in (None, 7):
        assert is_linearizable([[written], [Event(4, 5, "get", (), seen)]], ABSENT, item)


def test_a_value_that_was_seen_cannot_be_unseen() -> None:
    written = Event(0, 10, "__setitem__", (7,), None)
    reads = [Event(1, 2, "get", (), 7), Event(3, 4, "get", (), None)]
    assert not is_linearizable([[written], reads], ABSENT, item)


def test_a_stale_value_is_refused() -> None:
    writes = [Event(0, 1, "__setitem__", (1,), None), Event(2, 3, "__setitem__", (2,), None)]
    assert not is_linearizable([writes, [Event(4, 5, "get", (), 1)]], ABSENT, item)


def test_a_lost_addition_is_refused() -> None:
    both = [[Event(0, 9, "add", (1,), 1)], [Event(1, 8, "add", (1,), 1)]]
    assert not is_linearizable(both, ABSENT, item)


def test_two_comparisons_that_both_succeed_are_refused() -> None:
    both = [[Event(0, 9, "compare_and_set", (5, 6), True)], [Event(1, 8, "compare_and_set", (5, 7), True)]]
    assert not is_linearizable(both, 5, item)
    assert is_linearizable([both[0], [Event(1, 8, "compare_and_set", (5, 7), False)]], 5, item)


def test_an_item_that_two_have_popped_is_refused() -> None:
    both = [[Event(0, 9, "pop", (-1,), "a")], [Event(1, 8, "pop", (-1,), "a")]]
    assert not is_linearizable(both, ("a",), sequence)
    assert is_linearizable(both, ("a", "a"), sequence)


def test_an_equal_result_of_another_type_is_refused() -> None:
    assert not is_linearizable([[Event(0, 1, "get", (), 1.0)]], 1, item)


def test_what_never_returned_may_have_happened_or_not() -> None:
    cut_off = Event(0, inf, "__setitem__", (7,), UNKNOWN)
    for seen in ([5, 5], [5, 7], [7, 7]):
        reads = [Event(start, start + 1, "get", (), value) for start, value in enumerate(seen, 1)]
        assert is_linearizable([[cut_off], reads], 5, item)
    assert not is_linearizable([[cut_off], [Event(1, 2, "get", (), 7), Event(3, 4, "get", (), 5)]], 5, item)


def simulated(rng: random.Random, processes: int, count: int) -> list[list[Event]]:
    """Operations that do happen at one moment each, seen by processes whose calls take some time around it."""
    histories: list[list[Event]] = [[] for _ in range(processes)]
    ends = [0.0] * processes
    state: object = ABSENT
    for moment in range(1, count + 1):
        process = rng.randrange(processes)
        name, args = rng.choice([("get", ()), ("__setitem__", (moment,)), ("pop", (None,)), ("add", (1,))])
        state, result = item(state, name, args)
        start = rng.uniform(max(ends[process], moment - 4), moment)
        ends[process] = rng.uniform(moment, moment + 1)
        histories[process].append(Event(start, ends[process], name, args, result))
    return histories


def test_simulated_histories_are_accepted_and_with_one_wrong_result_refused(rng: random.Random) -> None:
    for _ in range(30):
        histories = simulated(rng, 3, 60)
        assert is_linearizable(histories, ABSENT, item)
        history = rng.choice(histories)
        at = rng.randrange(len(history))
        wrong = history[at]
        history[at] = Event(wrong.start, wrong.end, "get", (), "a value that nobody wrote")
        assert not is_linearizable(histories, ABSENT, item)
