"""Behind a remote exception stand its own causes and, at the end, the server's traceback with its source lines."""

import traceback
from typing import Any

import pytest

from manor.errors import ServerTraceback
from tests.conformance.raising import Plain, chain_of, raised
from tests.conformance.subjects import (
    MANOR,
    Subject,
    on,
)


@pytest.fixture
def raiser(manager: Any) -> Any:
    return manager.Raiser()


@on(*MANOR)
def test_the_end_of_the_chain_is_the_servers_traceback_with_source_lines(subject: Subject, raiser: Any) -> None:
    for way in ("plain", "keyword only", "exit", "interrupt", "group", "cause"):
        end = chain_of(raised(lambda: raiser.throw(way)))[-1]  # noqa: B023
        assert type(end) is ServerTraceback
        text = str(end)
        assert "raising.py" in text
        assert "in throw" in text
        assert "WAYS[way]()" in text
        assert "Traceback (most recent call last)" in text


@on(*MANOR)
def test_what_is_printed_shows_both_sides(subject: Subject, raiser: Any) -> None:
    text = "".join(traceback.format_exception(raised(lambda: raiser.throw("plain"))))
    assert "WAYS[way]()" in text
    assert 'raiser.throw("plain")' in text
    assert "in the manager's server process" in text


@on(*MANOR)
def test_the_servers_own_frames_do_not_hide_the_users(subject: Subject, raiser: Any) -> None:
    text = str(chain_of(raised(lambda: raiser.throw("plain")))[-1])
    assert "manor/_server" not in text


@on(*MANOR)
def test_an_own_cause_is_kept(subject: Subject, raiser: Any) -> None:
    found = raised(lambda: raiser.throw("cause"))
    assert [type(error) for error in chain_of(found)] == [Plain, KeyError, ServerTraceback]
    assert found.__cause__ is not None
    assert found.__cause__.args == ("the cause",)
    assert "the cause" in str(chain_of(found)[-1])


@on(*MANOR)
def test_an_own_context_is_kept(subject: Subject, raiser: Any) -> None:
    found = raised(lambda: raiser.throw("context"))
    assert found.__cause__ is None
    assert type(found.__context__) is KeyError
    assert [type(error) for error in chain_of(found)] == [Plain, KeyError, ServerTraceback]


@on(*MANOR)
def test_a_hidden_context_stays_hidden(subject: Subject, raiser: Any) -> None:
    found = raised(lambda: raiser.throw("from none"))
    assert [type(error) for error in chain_of(found)] == [Plain, ServerTraceback]
    assert "hidden" not in "".join(traceback.format_exception(found))


@on(*MANOR)
def test_long_and_circular_chains_arrive(subject: Subject, raiser: Any) -> None:
    found = chain_of(raised(lambda: raiser.throw("long chain")))
    assert found[0].args == ("199",)
    assert type(found[-1]) is ServerTraceback
    assert "origin" in str(found[-1])
    found = chain_of(raised(lambda: raiser.throw("circle")))
    assert [error.args for error in found[:2]] == [("first",), ("second",)]
    assert type(found[-1]) is ServerTraceback


@on(*MANOR)
def test_an_exception_that_is_caught_here_leaves_no_trace_of_the_last_one(subject: Subject, raiser: Any) -> None:
    first = raised(lambda: raiser.throw("plain"))
    second = raised(lambda: raiser.throw("zero"))
    assert first not in chain_of(second)


@on(*MANOR)
def test_an_exception_raised_while_another_is_handled_has_it_as_context(subject: Subject, raiser: Any) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        try:
            raise Plain("here")
        except Plain:
            raiser.throw("zero")
    assert "WAYS[way]()" in "".join(traceback.format_exception(caught.value))
