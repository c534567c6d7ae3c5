"""Any sequence of operations on a deque, a counter, ... does what it does to that of the module `collections`."""

import collections
from typing import Any, ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from manor import to_local
from tests.conformance.collections_subjects import on_routes
from tests.conformance.machines import run_machine
from tests.conformance.subjects import Subject, outcome
from tests.conformance.test_container_models import (
    DICTS,
    INDEXES,
    LISTS,
    SCALARS,
    VALUES,
    Operation,
    operations,
    perform,
)

DEQUES = LISTS.map(collections.deque)
COUNTS = st.dictionaries(st.sampled_from("abcde"), st.integers(-2, 3), max_size=4).map(collections.Counter)
LETTERS = st.text("abcde", max_size=5)
ORDERED = DICTS.map(collections.OrderedDict)

DEQUE_OPERATIONS = operations(
    append=(VALUES,), appendleft=(VALUES,), extend=(LISTS,), extendleft=(LISTS,), pop=(), popleft=(), clear=(),
    insert=(INDEXES, VALUES), remove=(VALUES,), index=(VALUES,), count=(VALUES,), reverse=(), rotate=(INDEXES,),
    copy=(), getitem=(INDEXES,), setitem=(INDEXES, VALUES), delitem=(INDEXES,), contains=(VALUES,), iadd=(LISTS,),
    imul=(st.integers(-1, 2),), __add__=(DEQUES,), mul=(INDEXES,), eq=(DEQUES | LISTS,), ne=(DEQUES,), lt=(DEQUES,),
    le=(DEQUES | LISTS,), gt=(DEQUES,), ge=(DEQUES,),
)  # fmt: skip
COUNTER_OPERATIONS = operations(
    update=(COUNTS | LETTERS,), subtract=(COUNTS | LETTERS,), total=(), most_common=(st.none() | INDEXES,),
    getitem=(LETTERS,), setitem=(LETTERS, st.integers(-2, 3)), delitem=(LETTERS,), pop=(LETTERS,), clear=(), copy=(),
    setdefault=(LETTERS, st.integers(0, 2)), popitem=(), get=(LETTERS,), contains=(LETTERS,), fromkeys=(LETTERS,),
    __add__=(COUNTS,), __sub__=(COUNTS,), __or__=(COUNTS,), __and__=(COUNTS,), pos=(), neg=(), iadd=(COUNTS,),
    isub=(COUNTS,), ior=(COUNTS,), iand=(COUNTS,), eq=(COUNTS,), ne=(COUNTS,), lt=(COUNTS,), le=(COUNTS,), gt=(COUNTS,),
    ge=(COUNTS,),
)  # fmt: skip
MAPPING_OPERATIONS = {
    "get": (VALUES,), "setdefault": (SCALARS, VALUES), "pop": (VALUES, VALUES), "popitem": (), "clear": (),
    "update": (DICTS,), "getitem": (VALUES,), "setitem": (VALUES, VALUES), "delitem": (VALUES,), "contains": (VALUES,),
    "or_": (DICTS,), "ior": (DICTS,), "eq": (DICTS | ORDERED,), "ne": (DICTS,), "copy": (),
}  # fmt: skip
ORDERED_OPERATIONS = st.one_of(
    operations(**MAPPING_OPERATIONS), operations(move_to_end=(SCALARS, st.booleans()), popitem=(st.booleans(),))
)
CHAIN_OPERATIONS = operations(**{name: given for name, given in MAPPING_OPERATIONS.items() if name != "popitem"})


class Machine(RuleBasedStateMachine):
    """An object and its model; `manager` is set by the test."""

    manager: ClassVar[Any]
    model: Any
    proxy: Any

    def compare(self, operation: Operation) -> None:
        expected, found = outcome(perform, self.model, operation), outcome(perform, self.proxy, operation)
        assert found[:1] == expected[:1], (operation, expected, found)
        result = to_local(found[1])
        assert result == expected[1]
        assert repr(result) == repr(expected[1])
        assert type(result) is type(expected[1])

    @invariant()
    def is_as_the_model(self) -> None:
        assert self.proxy == self.model
        assert len(self.proxy) == len(self.model)
        assert repr(to_local(self.proxy)) == repr(self.model)
        assert repr(list(self.proxy)) == repr(list(self.model))
        assert repr(list(reversed(self.proxy))) == repr(list(reversed(list(self.model))))


class DequeMachine(Machine):
    @initialize(values=LISTS, maxlen=st.none() | st.integers(0, 3))
    def start(self, values: list[Any], maxlen: int | None) -> None:
        self.model = collections.deque(values, maxlen)
        self.proxy = self.manager.deque(values) if maxlen is None else self.manager.deque(values, maxlen)
        assert self.proxy.maxlen == maxlen

    @rule(operation=DEQUE_OPERATIONS)
    def operate(self, operation: Operation) -> None:
        self.compare(operation)


class CounterMachine(Machine):
    @initialize(counts=COUNTS | LETTERS)
    def start(self, counts: Any) -> None:
        self.model, self.proxy = collections.Counter(counts), self.manager.Counter(counts)

    @rule(operation=COUNTER_OPERATIONS)
    def operate(self, operation: Operation) -> None:
        self.compare(operation)

    @invariant()
    def has_the_elements_of_the_model(self) -> None:
        assert list(self.proxy.elements()) == list(self.model.elements())
        assert self.proxy.items() == list(self.model.items())


class OrderedMachine(Machine):
    @initialize(items=DICTS)
    def start(self, items: dict[Any, Any]) -> None:
        self.model, self.proxy = collections.OrderedDict(items), self.manager.OrderedDict(items)

    @rule(operation=ORDERED_OPERATIONS)
    def operate(self, operation: Operation) -> None:
        self.compare(operation)


class DefaultMachine(Machine):
    @initialize(items=DICTS, factory=st.sampled_from([None, int, str]))
    def start(self, items: dict[Any, Any], factory: Any) -> None:
        self.model = collections.defaultdict(factory, items)
        self.proxy = self.manager.defaultdict(factory, items)
        assert self.proxy.default_factory is factory

    @rule(operation=operations(**MAPPING_OPERATIONS))
    def operate(self, operation: Operation) -> None:
        self.compare(operation)


class ChainMachine(Machine):
    @initialize(first=DICTS, second=DICTS)
    def start(self, first: dict[Any, Any], second: dict[Any, Any]) -> None:
        self.model = collections.ChainMap(dict(first), dict(second))
        self.proxy = self.manager.ChainMap(first, second)

    @rule(operation=CHAIN_OPERATIONS)
    def operate(self, operation: Operation) -> None:
        if operation[0] != "copy":  # the built-in's shares all dicts but the first
            self.compare(operation)

    @rule(items=DICTS)
    def new_child(self, items: dict[Any, Any]) -> None:
        self.model, self.proxy = self.model.new_child(dict(items)), self.proxy.new_child(items)

    @rule()
    def parents(self) -> None:
        self.model, self.proxy = self.model.parents, self.proxy.parents


@pytest.mark.parametrize("machine", [DequeMachine, CounterMachine, OrderedMachine, DefaultMachine, ChainMachine])
@on_routes
def test_any_sequence_of_operations_does_what_it_does_to_that_of_collections(
    subject: Subject, manager: Any, machine: type[Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    run_machine(machine, manager, monkeypatch)
