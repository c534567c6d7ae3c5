"""Two keys are one key in the arena's dict if they are in the built-in's; iteration gives back what was put in."""

import itertools
import math
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from manor import _native
from manor._resident import keys
from manor._resident.dicts import Dict
from manor._resident.sets import Set
from tests.unit.resident.arenas import make_arena
from tests.unit.resident.sample_keys import (
    BERLIN,
    KEYS,
    NEW_YORK,
    NUMPY,
    OTHERS,
    PYTHONS,
    TIMES,
    UTC,
    Caseless,
    Pair,
    Plain,
    Simple,
    Text,
    hours,
)


@pytest.fixture(scope="module")
def module_arena() -> _native.Arena:
    return make_arena()


@pytest.mark.parametrize("number", range(len(KEYS)))
def test_a_key_finds_what_equals_it_and_nothing_else(module_arena: _native.Arena, number: int) -> None:
    words = Dict(module_arena)
    words[KEYS[number]] = "found"
    model = {KEYS[number]: "found"}
    wrong = [key for key in KEYS if (key in words) != (key in model)]
    assert wrong == []
    (shown,) = words
    assert (shown, type(shown)) == (KEYS[number], type(KEYS[number]))


@pytest.mark.parametrize("number", range(len(NUMPY)))
def test_a_scalar_of_numpys_finds_what_equals_it(module_arena: _native.Arena, number: int) -> None:
    words, key = Dict(module_arena), NUMPY[number]
    words[key] = "found"
    assert [other for other in [*PYTHONS, *NUMPY] if (other in words) != (other in {key: 1})] == []
    assert repr(words.keys()) == repr([key])


def test_a_span_of_nanoseconds_is_no_number(arena: _native.Arena) -> None:
    words, span = Dict(arena), np.timedelta64(1, "ns")
    words[span] = "found"
    assert (span in words, 1 in words, np.timedelta64(2, "ns") in words) == (True, False, False)


def test_a_subclass_that_compares_otherwise_is_no_key_of_its_base(arena: _native.Arena) -> None:
    words = Dict(arena)
    words[Caseless("a")] = 1
    assert ("a" in words, Caseless("a") in words, Text("a") in words) == (False, True, False)
    words["a"] = 2
    assert words.items() == [(Caseless("a"), 1), ("a", 2)]


def test_all_keys_together_are_as_in_the_built_in(arena: _native.Arena) -> None:
    words, members, model = Dict(arena), Set(arena), {}
    for value, key in enumerate(KEYS):
        words[key] = model[key] = value
        members.add(key)
    assert words.items() == list(model.items())
    assert len(members) == len(model)
    for key in KEYS:
        assert words.pop(key, None) == model.pop(key, None)
        members.discard(key)
    assert (len(words), len(members)) == (0, 0)


NUMBER = st.one_of(
    st.integers(), st.floats(allow_nan=False), st.fractions(), st.decimals(allow_nan=False), st.booleans(),
    st.complex_numbers(allow_nan=False),
)  # fmt: skip
AWARE = st.datetimes(timezones=st.sampled_from([UTC, hours(1), hours(-5.5), BERLIN, NEW_YORK]), allow_imaginary=True)
KEY = st.recursive(
    st.one_of(
        NUMBER, st.text(max_size=3), st.binary(max_size=3), st.none(), st.sampled_from(KEYS), AWARE, st.datetimes(),
        st.dates(), st.times(), st.timedeltas(), st.uuids(),
    ),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.frozensets(inner, max_size=3),
    max_leaves=5,
)  # fmt: skip
FAR = 10_000  # a decimal farther from 1 equals only decimals here


def exactly(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """As *convert*, but of no such decimal: Python takes an hour to write one of millions of digits out."""

    def converted(key: Any) -> Any:
        if isinstance(key, Decimal) and key.is_finite() and abs(key.adjusted()) > FAR:
            raise OverflowError(key)
        return convert(key)

    return converted


AS_ANOTHER: list[Callable[[Any], Any]] = [
    exactly(int), float, complex, exactly(Fraction), Decimal, lambda key: Pair(*key), Text, Plain,
    lambda key: key.astimezone(UTC), lambda key: key.astimezone(BERLIN), lambda key: key.replace(fold=1),
    lambda key: tuple(Decimal(part) for part in key), lambda key: frozenset(map(exactly(Fraction), key)),
]  # fmt: skip


@given(KEY, st.sampled_from(AS_ANOTHER))
def test_the_same_key_of_another_type_is_found_if_it_is_equal(key: Any, convert: Callable[[Any], Any]) -> None:
    try:
        other = convert(key)
        hash(other)
        equal = other in {key: 1}
    except Exception:  # that type has no such value
        return
    words = Dict(SHARED[0])
    words[key] = 1
    assert (other in words) == equal
    assert words.keys() == [key]


@pytest.mark.parametrize("sign", [1, -1])
def test_a_decimal_far_from_one_is_no_key_of_another_type(arena: _native.Arena, sign: int) -> None:
    for exponent, is_found in ((FAR, True), (FAR + 1, False)):
        key = Decimal(10).scaleb(sign * exponent - 1)
        words = Dict(arena)
        words[key] = 1
        assert (Fraction(key) in words) is is_found
        assert key in words


@given(KEY, KEY)
def test_any_two_keys_are_one_if_they_are_in_the_built_in(one: Any, other: Any) -> None:
    words = Dict(SHARED[0])
    words[one] = 1
    assert (other in words) == (other in {one: 1})


SHARED = [make_arena()]


@dataclass
class Unhashable:
    x: int = 1


@pytest.mark.parametrize(
    "key", [[], {}, set(), bytearray(), ([],), Unhashable(), Decimal("sNaN"), np.array([1]), (1, (2, {}))]
)
def test_what_cannot_be_hashed_is_no_key(arena: _native.Arena, key: Any) -> None:
    words = Dict(arena)
    words["a"] = 1
    for use in (words.__getitem__, words.__contains__, words.get, words.pop, lambda key: words.update([(key, 1)])):
        with pytest.raises(TypeError):
            use(key)
    assert words.keys() == ["a"]


def test_what_cannot_be_pickled_and_has_no_rule_is_no_key(arena: _native.Arena) -> None:
    words = Dict(arena)
    for key in (lambda: None, type("Local", (), {}), memoryview(b"a")):
        with pytest.raises(Exception, match=r"pickle|attribute"):
            words[key] = 1
    words[b"a"] = 2
    assert words[memoryview(b"a")] == 2
    assert len(words) == 1


def test_no_number_equals_itself_only_if_it_is_the_same_kind_of_none(arena: _native.Arena) -> None:
    words = Dict(arena)
    words[math.nan] = 1
    words[float("nan")] = 2
    assert (len(words), words[math.nan], words[float("nan")]) == (1, 2, 2), "one key, however many objects"
    assert (Decimal("nan") in words, 0 in words, math.inf in words) == (False, False, False)


def test_a_pickle_of_the_main_module_is_that_of_a_spawned_childs(monkeypatch: pytest.MonkeyPatch) -> None:
    key = Simple(1)
    monkeypatch.setattr(Simple, "__module__", "__main__")
    monkeypatch.setattr(sys.modules["__main__"], "Simple", Simple, raising=False)
    parents = keys.canonical(key), keys.canonical(Simple)
    monkeypatch.setattr(Simple, "__module__", "__mp_main__")
    monkeypatch.setitem(sys.modules, "__mp_main__", sys.modules["__main__"])
    assert (keys.canonical(key), keys.canonical(Simple)) == parents
    assert keys.unshow(keys.show(key)) == key


def test_forms_are_the_same_in_every_process() -> None:
    script = (
        "import sys, datetime, decimal, uuid, enum, pathlib\n"
        "from tests.unit.resident import test_keys as t\n"
        "print([repr(t.keys.canonical(key)) for key in t.STABLE])\n"
    )
    found = [
        subprocess.run(
            [sys.executable, "-c", script], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in "12"
    ]
    assert found[0] == found[1] != ""


STABLE = [*TIMES, *OTHERS]


def test_two_keys_of_all_pairs_are_equal_in_both_directions(arena: _native.Arena) -> None:
    forms = {}
    for key in KEYS:
        words = Dict(arena)
        words[key] = 1
        forms[id(key)] = words
    for one, other in itertools.combinations(KEYS, 2):
        assert (one in forms[id(other)]) == (other in forms[id(one)])
