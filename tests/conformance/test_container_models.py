"""Any sequence of operations on a list, a dict or a set does what it does to the built-in."""

import operator
from typing import Any, ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.conformance.machines import run_machine
from tests.conformance.subjects import MANOR_FORK, MANOR_SERVED, MANOR_TCP, Subject, on, outcome

SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from(["", "a", "b", 1.0, 0.5, (1, "a")]))
VALUES = st.one_of(SCALARS, st.just([]), st.just([1]), st.just({"k": 1}))
INDEXES = st.integers(-5, 5)
PARTS = st.builds(slice, st.none() | INDEXES, st.none() | INDEXES, st.none() | st.sampled_from([-3, -2, -1, 1, 2, 3]))
LISTS = st.lists(VALUES, max_size=4)
DICTS = st.dictionaries(SCALARS, VALUES, max_size=4)
SETS = st.sets(SCALARS, max_size=4)
Operation = tuple[str, tuple[Any, ...]]


def operations(**arguments: tuple[st.SearchStrategy[Any], ...]) -> st.SearchStrategy[Operation]:
    """The name of a method or of a function of the module `operator`, with arguments for it."""
    return st.one_of([st.tuples(st.just(name), st.tuples(*given)) for name, given in arguments.items()])


LIST_OPERATIONS = operations(
    append=(VALUES,), extend=(LISTS | SETS,), insert=(INDEXES, VALUES), pop=(INDEXES,), remove=(VALUES,), clear=(),
    index=(VALUES,), count=(VALUES,), reverse=(), sort=(), copy=(),
    getitem=(INDEXES | PARTS,), setitem=(INDEXES | PARTS, VALUES), delitem=(INDEXES | PARTS,), contains=(VALUES,),
    concat=(LISTS,), mul=(INDEXES,), iadd=(LISTS,), imul=(st.integers(-1, 2),),
    eq=(LISTS,), ne=(LISTS,), lt=(LISTS,), le=(LISTS,), gt=(LISTS,), ge=(LISTS,),
)  # fmt: skip
DICT_OPERATIONS = operations(
    get=(VALUES,), setdefault=(SCALARS, VALUES), pop=(VALUES, VALUES), popitem=(), clear=(), copy=(), update=(DICTS,),
    getitem=(VALUES,), setitem=(VALUES, VALUES), delitem=(VALUES,), contains=(VALUES,),
    or_=(DICTS,), ior=(DICTS,), eq=(DICTS,), ne=(DICTS,), lt=(DICTS,),
)  # fmt: skip
SET_OPERATIONS = operations(
    add=(VALUES,), discard=(VALUES,), remove=(VALUES,), clear=(), copy=(), update=(LISTS,), union=(LISTS,),
    intersection_update=(SETS,), difference_update=(SETS,), symmetric_difference_update=(SETS,),
    isdisjoint=(SETS,), issubset=(SETS,), issuperset=(SETS,), contains=(VALUES,),
    or_=(SETS,), and_=(SETS,), sub=(SETS,), xor=(SETS,), ior=(SETS,), iand=(SETS,), isub=(SETS,), ixor=(SETS,),
    eq=(SETS,), ne=(SETS,), lt=(SETS,), le=(SETS,), gt=(SETS,), ge=(SETS,),
)  # fmt: skip


def perform(container: Any, operation: Operation) -> Any:
    name, args = operation
    method = getattr(container, name, None)
    result = method(*args) if method is not None else getattr(operator, name)(container, *args)
    return "itself" if result is container else result


def is_sorted(items: list[Any]) -> bool:
    return bool(outcome(sorted, items)[0] == "returns")


class Machine(RuleBasedStateMachine):
    """A container and its model; `manager` and `is_resident` are set by the test."""

    manager: ClassVar[Any]
    is_resident: ClassVar[bool]
    model: Any
    proxy: Any

    def compare(self, operation: Operation) -> None:
        expected, found = outcome(perform, self.model, operation), outcome(perform, self.proxy, operation)
        assert found[:2] == expected[:2]
        assert repr(found[1]) == repr(expected[1]) or isinstance(found[1], set)

    @invariant()
    def is_as_the_model(self) -> None:
        assert self.proxy == self.model
        assert len(self.proxy) == len(self.model)
        if not isinstance(self.model, set):
            assert repr(list(self.proxy)) == repr(list(self.model))
            assert list(reversed(self.proxy)) == list(reversed(self.model))


class ListMachine(Machine):
    @initialize(value=LISTS)
    def start(self, value: list[Any]) -> None:
        self.model, self.proxy = list(value), self.manager.list(value)

    @rule(operation=LIST_OPERATIONS)
    def operate(self, operation: Operation) -> None:
        before = list(self.model)
        self.compare(operation)
        if operation[0] == "sort" and self.model != before and not is_sorted(self.model) and self.is_resident:
            self.model[:] = before  # a sort that fails leaves a built-in list in any order, and ours as it was


class DictMachine(Machine):
    @initialize(value=DICTS)
    def start(self, value: dict[Any, Any]) -> None:
        self.model, self.proxy = dict(value), self.manager.dict(value)

    @rule(operation=DICT_OPERATIONS)
    def operate(self, operation: Operation) -> None:
        self.compare(operation)

    @invariant()
    def has_the_items_of_the_model(self) -> None:
        assert repr(self.proxy.items()) == repr(list(self.model.items()))
        assert (self.proxy.keys(), self.proxy.values()) == (list(self.model.keys()), list(self.model.values()))


class SetMachine(Machine):
    @initialize(value=SETS)
    def start(self, value: set[Any]) -> None:
        self.model, self.proxy = set(value), self.manager.set(value)

    @rule(operation=SET_OPERATIONS)
    def operate(self, operation: Operation) -> None:
        self.compare(operation)

    @rule()
    def pop(self) -> None:
        if self.model:
            self.model.remove(self.proxy.pop())
        else:
            with pytest.raises(KeyError):
                self.proxy.pop()


@pytest.mark.parametrize("machine", [ListMachine, DictMachine, SetMachine])
@on(MANOR_FORK, MANOR_TCP, MANOR_SERVED)
def test_any_sequence_of_operations_does_what_it_does_to_the_built_in(
    subject: Subject, manager: Any, machine: type[Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "is_resident", subject.resident, raising=False)
    run_machine(machine, manager, monkeypatch)
