"""Advice on what cannot be pickled, and notes on errors whose text is Python's own."""

import io
import pickle
import threading

import pytest

from manor._codec.refusals import advice, advised


class Unprintable(RuntimeError):
    def __str__(self) -> str:
        raise AssertionError("printed")


def notes(error: BaseException) -> list[str]:
    return getattr(advised(error), "__notes__", [])


def test_the_text_of_pythons_own_error_stays_as_it_is() -> None:
    error = RuntimeError("release unlocked lock")
    assert advised(error) is error
    assert str(error) == "release unlocked lock"
    assert notes(error) == ["A lock is released, and a condition used, by who has acquired it: `with lock:` does both."]


def test_a_note_is_added_once() -> None:
    error = advised(TypeError("unhashable type: 'list'"))
    assert len(notes(error)) == 1


def test_other_errors_get_no_note() -> None:
    assert notes(RuntimeError("of the user's own")) == []
    assert notes(KeyError("unhashable type")) == []


def test_an_error_of_a_users_class_is_not_even_printed() -> None:
    assert notes(Unprintable()) == []


CULPRITS: dict[str, tuple[object, str]] = {
    "a lambda": (lambda: 1, "`def`"),
    "a lambda deep inside": ({"deep": [lambda: 1]}, "`def`"),
    "a generator": ((character for character in ""), "list("),
    "a lock": (threading.RLock(), "manager.Lock()"),
    "a module": (pickle, "import it"),
    "a view": (memoryview(b""), "bytes("),
    "a file": (io.TextIOWrapper(io.BytesIO()), "open it over there"),
}


@pytest.mark.parametrize("culprit", CULPRITS)
def test_the_advice_is_for_what_is_to_blame(culprit: str) -> None:
    value, expected = CULPRITS[culprit]
    with pytest.raises((pickle.PicklingError, TypeError, AttributeError)) as caught:
        pickle.dumps(value)
    assert expected in advice(caught.value)


def test_where_nothing_is_known_plain_values_are_advised() -> None:
    assert advice(TypeError("cannot pickle 'Odd' object")) == "; send the plain values that it is made of"
