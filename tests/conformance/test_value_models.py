"""Any sequence of operations on a Value, an Array or a Namespace does what it does to the plain one."""

import array
from typing import Any, ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from manor.managers import Namespace, Value
from tests.conformance.machines import run_machine
from tests.conformance.subjects import MANOR_FORK, MANOR_SERVED, MANOR_TCP, Subject, on, outcome

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.binary(max_size=20),
    st.lists(st.integers(0, 3), max_size=3),
)
NAMES = st.sampled_from(["a", "b", "items", "self", "value", "name_of_some_length", "über"])
NUMBERS = st.integers(-(2**31) - 1, 2**31)
INDEXES = st.integers(-7, 7)
PARTS = st.builds(slice, st.none() | INDEXES, st.none() | INDEXES, st.none() | st.sampled_from([-2, -1, 1, 2]))


class Machine(RuleBasedStateMachine):
    """An object and its model; `manager` is set by the test."""

    manager: ClassVar[Any]
    model: Any
    proxy: Any

    def both(self, function: Any, *args: Any) -> None:
        expected, found = outcome(function, self.model, *args), outcome(function, self.proxy, *args)
        assert repr(found[:2]) == repr(expected[:2])


class ValueMachine(Machine):
    @initialize(value=VALUES)
    def start(self, value: Any) -> None:
        self.model, self.proxy = Value("i", value), self.manager.Value("i", value)

    @rule(value=VALUES)
    def sets(self, value: Any) -> None:
        self.both(lambda box: box.set(value))

    @rule(value=VALUES)
    def assigns(self, value: Any) -> None:
        self.both(lambda box: setattr(box, "value", value))

    @rule(amount=st.integers(-(2**63), 2**63) | st.floats(-9, 9))
    def adds(self, amount: Any) -> None:
        def add(box: Any) -> None:
            if isinstance(box, Value):
                box.value += amount
            else:
                box.add(amount)

        assert outcome(add, self.model)[0] == outcome(add, self.proxy)[0]

    @invariant()
    def is_as_the_model(self) -> None:
        self.both(lambda box: (box.get(), box.value, str(box)))


class NamespaceMachine(Machine):
    @initialize(attributes=st.dictionaries(NAMES, VALUES, max_size=4))
    def start(self, attributes: dict[str, Any]) -> None:
        self.model, self.proxy = Namespace(**attributes), self.manager.Namespace(**attributes)

    @rule(name=NAMES, value=VALUES)
    def sets(self, name: str, value: Any) -> None:
        self.both(setattr, name, value)

    @rule(name=NAMES)
    def deletes(self, name: str) -> None:
        self.both(delattr, name)

    @rule(name=NAMES)
    def reads(self, name: str) -> None:
        self.both(getattr, name)

    @invariant()
    def is_as_the_model(self) -> None:
        self.both(str)


class ArrayMachine(Machine):
    @initialize(code=st.sampled_from("bBiId"), numbers=st.lists(st.integers(0, 100), max_size=6))
    def start(self, code: str, numbers: list[int]) -> None:
        self.model, self.proxy = array.array(code, numbers), self.manager.Array(code, numbers)

    @rule(index=INDEXES | PARTS)
    def reads(self, index: Any) -> None:
        self.both(lambda numbers: numbers[index])

    @rule(index=INDEXES, number=NUMBERS | st.floats(-9, 9) | st.none())
    def sets(self, index: int, number: Any) -> None:
        self.both(lambda numbers: numbers.__setitem__(index, number))

    @rule(part=PARTS, code=st.sampled_from("bBiId"), numbers=st.lists(st.integers(0, 100), max_size=4))
    def sets_a_part(self, part: slice, code: str, numbers: list[int]) -> None:
        self.both(lambda mine: mine.__setitem__(part, array.array(code, numbers)))

    @invariant()
    def is_as_the_model(self) -> None:
        self.both(lambda numbers: (len(numbers), list(numbers), str(numbers)))


@pytest.mark.parametrize("machine", [ValueMachine, NamespaceMachine, ArrayMachine])
@on(MANOR_FORK, MANOR_TCP, MANOR_SERVED)
def test_any_sequence_of_operations_does_what_it_does_to_the_plain_one(
    subject: Subject, manager: Any, machine: type[Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    run_machine(machine, manager, monkeypatch)
