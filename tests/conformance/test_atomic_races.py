"""Changing one value in one step: several processes that do it at once."""

from collections.abc import Callable
from typing import Any

from manor import MISSING
from tests.conformance.holders import Holder, holders, increased, value_of
from tests.conformance.subjects import CONTAINERS, LIMIT_S, Subject, on

ADDING, ADDITIONS = 3, 100
TAKING, TICKETS = 3, 60


def in_children(subject: Subject, count: int, function: Callable[..., None], *args: Any) -> None:
    children = [subject.context.Process(target=function, args=args) for _ in range(count)]
    for child in children:
        child.start()
    for child in children:
        child.join(LIMIT_S)
    codes = [child.exitcode for child in children]
    for child in children:
        if child.exitcode is None:
            child.kill()
            child.join()
        child.close()
    assert codes == [0] * count


def add_often(cases: list[Holder]) -> None:
    for _ in range(ADDITIONS):
        for holder, where in cases:
            holder.add(*where)
            holder.add(*where, 0.5)
            holder.update_with(*where, increased)


@on(*CONTAINERS)
def test_what_processes_add_adds_up(subject: Subject, manager: Any) -> None:
    cases = holders(manager, 0)
    in_children(subject, ADDING, add_often, cases)
    assert [value_of(case) for case in cases] == [ADDING * ADDITIONS * 2.5] * 3


def take_tickets(cases: list[Holder], taken: Any) -> None:
    mine = []
    for number, case in enumerate(cases):
        holder, where = case
        while (ticket := value_of(case)) < TICKETS:
            if holder.compare_and_set(*where, ticket, ticket + 1):
                mine.append((number, ticket))
    taken.extend(mine)


@on(*CONTAINERS)
def test_of_processes_that_compare_and_set_one_succeeds(subject: Subject, manager: Any) -> None:
    cases, taken = holders(manager, 0), manager.list()
    in_children(subject, TAKING, take_tickets, cases, taken)
    assert sorted(taken) == [(number, ticket) for number in range(3) for ticket in range(TICKETS)]


def set_first(numbers: Any, won: Any) -> None:
    won.extend([key for key in range(TICKETS) if numbers.compare_and_set(key, MISSING, "set")])


@on(*CONTAINERS)
def test_of_processes_that_set_a_missing_key_one_succeeds(subject: Subject, manager: Any) -> None:
    numbers, won = manager.dict(), manager.list()
    in_children(subject, TAKING, set_first, numbers, won)
    assert sorted(won) == list(range(TICKETS)) == sorted(numbers)
