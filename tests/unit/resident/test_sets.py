"""The arena's set is as the built-in."""

import operator
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from manor import _native
from manor._resident.sets import Set
from tests.unit.resident.arenas import in_children, make_arena, outcome

IOR: Any = operator.ior
ISUB: Any = operator.isub


@pytest.fixture
def members(arena: _native.Arena) -> Set:
    return made(arena, {1, 2, 3})


def made(arena: _native.Arena, values: Any) -> Set:
    face = Set(arena)
    face.update(values)
    return face


MEMBERS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 4),
    st.sampled_from(["", "a", b"a", 1.0, 0.5, 2**70, Decimal(1), Fraction(1, 2), 1j, (1, "a"), (1.0, "a")]),
    st.frozensets(st.integers(0, 2), max_size=2),
)
SETS = st.sets(MEMBERS, max_size=5)
LISTS = st.lists(MEMBERS | st.just([]), max_size=5)
OPERATORS = ["or_", "and_", "sub", "xor", "eq", "ne", "lt", "le", "gt", "ge", "ior", "iand", "isub", "ixor"]
METHODS = [
    "union", "intersection", "difference", "update", "intersection_update", "difference_update", "issubset",
    "issuperset", "isdisjoint", "symmetric_difference", "symmetric_difference_update",
]  # fmt: skip


class Machine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.arena = make_arena()

    @initialize(members=SETS)
    def start(self, members: set[Any]) -> None:
        self.model, self.face = set(members), made(self.arena, members)

    def both(self, action: Callable[[Any], Any]) -> None:
        expected, found = outcome(action, self.model), outcome(action, self.face)
        if found[1] is self.face:
            found = ("returns", self.model)
        assert found == expected
        assert type(found[1]) is type(expected[1])

    @rule(name=st.sampled_from(OPERATORS), other=SETS, kind=st.sampled_from([set, frozenset]))
    def operates(self, name: str, other: set[Any], kind: type) -> None:
        self.both(lambda members: getattr(operator, name)(members, kind(other)))
        if name[0] != "i":
            self.both(lambda members: getattr(operator, name)(kind(other), members))

    @rule(name=st.sampled_from(METHODS), other=LISTS | SETS)
    def calls(self, name: str, other: Any) -> None:
        self.both(operator.methodcaller(name, other))

    @rule(name=st.sampled_from(["add", "discard", "remove", "__contains__"]), member=MEMBERS | st.just([]))
    def deals_with_one(self, name: str, member: Any) -> None:
        self.both(operator.methodcaller(name, member))

    @rule()
    def pops(self) -> None:
        if self.model:
            self.model.remove(self.face.pop())
        self.both(lambda members: members.pop() if not members else None)

    @rule()
    def clears(self) -> None:
        self.both(lambda members: members.clear())

    @invariant()
    def is_as_the_model(self) -> None:
        assert set(self.face) == self.face.copy() == self.model
        assert len(self.face) == len(self.model) == len(list(self.face))


Machine.TestCase.settings = settings(
    max_examples=settings().max_examples // 2, stateful_step_count=30, suppress_health_check=list(HealthCheck)
)
TestAnySequenceOfOperations = Machine.TestCase


MANY: list[Callable[[Any], Any]] = [
    lambda s: s.union(),
    lambda s: s.union([4], {5}, iter("a")),
    lambda s: s.intersection([1, 2], {2: "two"}),
    lambda s: s.intersection(),
    lambda s: s.difference([1], range(2, 3)),
    lambda s: s.update([4], {5}),
    lambda s: s.update(),
    lambda s: s.intersection_update([1, 2], [2, 3]),
    lambda s: s.intersection_update(),
    lambda s: s.difference_update([1], [2]),
    lambda s: s.symmetric_difference_update([1, 1, 9]),
    lambda s: s.update(5),
    lambda s: s.union(5),
    lambda s: s.isdisjoint(None),
    lambda s: s.symmetric_difference([], []),
    lambda s: s.difference_update([{1}]),
    lambda s: s.remove("missing"),
    lambda s: s.remove((1, 2)),
    lambda s: s | [1],
    lambda s: [1] | s,
    lambda s: s & {1: 1}.keys(),
    lambda s: {1: 1}.keys() | s,
    lambda s: s - "ab",
    lambda s: s < [1],
    lambda s: s == [1],
    lambda s: s != None,  # noqa: E711
    lambda s: IOR(s, [1]),
    lambda s: ISUB(s, None),
    lambda s: s.add({1}),
    repr,
    bool,
]


@pytest.mark.parametrize("number", range(len(MANY)))
def test_arguments_and_errors_are_those_of_the_built_in(members: Set, number: int) -> None:
    model = {1, 2, 3}
    expected, found = outcome(MANY[number], model), outcome(MANY[number], members)
    assert found[:2] == expected[:2]
    assert type(found[1]) is type(expected[1])
    assert members == model


@pytest.mark.parametrize("inner", [set(), {1, "a"}])
def test_a_set_stands_for_the_frozenset_that_is_a_member(members: Set, inner: set[Any]) -> None:
    assert inner not in members
    with pytest.raises(KeyError) as caught:
        members.remove(inner)
    assert caught.value.args == (inner,)
    members.discard(inner)
    members.update([frozenset(inner), frozenset({9})])
    assert inner in members
    members.remove(inner)
    members.discard({9})
    assert members == {1, 2, 3}


def test_sets_of_the_arena_combine_with_each_other_and_themselves(arena: _native.Arena, members: Set) -> None:
    other = made(arena, {3, 4})
    assert (members | other, members & other, members - other) == ({1, 2, 3, 4}, {3}, {1, 2})
    assert (members ^ members, members & members) == (set(), {1, 2, 3})
    assert members != other
    assert members == made(arena, {3, 2, 1})
    assert members.union(other, members) == {1, 2, 3, 4}
    members |= members
    members |= other
    assert members == {1, 2, 3, 4}
    members ^= other
    assert members == {1, 2}
    members -= members
    assert members == set()


def test_a_face_is_hashed_by_itself_though_it_compares_by_value(members: Set) -> None:
    assert {members: 1}[members] == 1


def test_an_empty_set_looks_like_one(arena: _native.Arena) -> None:
    assert repr(Set(arena)) == "set()"


def test_a_set_cannot_change_its_size_while_iterated_over(members: Set) -> None:
    walk = iter(members)
    next(walk)
    members.add(2)
    next(walk)
    members.add("new")
    with pytest.raises(RuntimeError, match="Set changed size during iteration"):
        next(walk)


def test_what_two_processes_add_is_all_there(arena: _native.Arena) -> None:
    members = Set(arena)

    def work() -> None:
        for number in range(1000):
            members.add(number)
            members.add((number, 1.5))

    in_children(arena, work, 2)
    assert members == {*range(1000), *((number, 1.5) for number in range(1000))}
