import pickle
from typing import Any

import pytest

from manor.limits import DEFAULT, Limits

NAMES = Limits.__slots__


def test_limits_cannot_be_changed() -> None:
    with pytest.raises(AttributeError, match="frozen"):
        DEFAULT.handshake_s = 1.0  # type: ignore[misc]
    with pytest.raises(AttributeError, match="frozen"):
        del DEFAULT.handshake_s
    assert DEFAULT.handshake_s == 10.0


def test_limits_travel_and_are_equal_by_value() -> None:
    assert pickle.loads(pickle.dumps(Limits(chunk_items_max=7))) == Limits(chunk_items_max=7) != DEFAULT
    assert len({Limits(), DEFAULT, Limits(chunk_items_max=7)}) == 2
    assert eval(repr(Limits(handshake_s=0.5))) == Limits(handshake_s=0.5)  # noqa: S307 it is our own


def test_every_limit_has_a_unit_in_its_name_and_is_described() -> None:
    for name in NAMES:
        assert name.endswith(("_bytes_max", "_bytes", "_s", "_ns_max", "_max"))
        assert f"{name}:" in (Limits.__init__.__doc__ or "")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), -float("inf"), 2**63])
def test_a_limit_that_could_never_work_is_named(name: str, value: Any) -> None:
    with pytest.raises((ValueError, TypeError), match=name):
        Limits(**{name: value})


@pytest.mark.parametrize("name", [name for name in NAMES if name != "spin_ns_max"])
def test_zero_is_no_limit(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        Limits(**{name: 0})


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", ["1", None, True, [1]])
def test_a_limit_is_a_number(name: str, value: Any) -> None:
    with pytest.raises(TypeError, match=name):
        Limits(**{name: value})


@pytest.mark.parametrize("name", [name for name in NAMES if not name.endswith("_s")])
def test_what_is_counted_is_a_whole_number(name: str) -> None:
    with pytest.raises(TypeError, match=f"{name} must be an int"):
        Limits(**{name: 5000.5})  # type: ignore[arg-type]


def test_the_extremes_work() -> None:
    Limits(spin_ns_max=0, handshake_s=0.001, message_bytes_max=4096, mailbox_bytes=1, pending_handshakes_max=1)
    Limits(mailbox_bytes=2**30, message_bytes_max=2**62, pickle_lease_s=30 * 24 * 3600)


def test_messages_must_leave_room_for_an_introduction() -> None:
    with pytest.raises(ValueError, match="message_bytes_max must be positive, from 4096"):
        Limits(message_bytes_max=4095)
