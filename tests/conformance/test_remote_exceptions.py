"""An exception that a method raises arrives as itself, also of an odd class; what cannot travel as text."""

import pickle
import traceback
from typing import Any

import pytest

import manor
from manor.errors import ServerTraceback
from tests.conformance.raising import WAYS, KeywordOnly, Plain, chain_of, raised
from tests.conformance.subjects import (
    BUILT_IN,
    CHEAP,
    MANOR,
    Subject,
    on,
    standard_library_fails,
    standard_library_left_out,
)


@pytest.fixture
def raiser(manager: Any) -> Any:
    return manager.Raiser()


def attributes(error: BaseException) -> dict[str, Any]:
    names = (
        "code", "what", "where", "total", "number", "detail", "errno", "strerror", "filename", "filename2", "encoding",
        "object", "start", "end", "reason", "name", "value", "msg", "lineno", "exceptions", "attribute", "__notes__",
    )  # fmt: skip
    return {name: repr(getattr(error, name)) for name in names if hasattr(error, name)}


# As itself


AS_ITSELF = [
    "plain", "own new", "attributes", "key error of ours", "cause", "context", "from none", "stop", "missing file",
    "os error", "os error without number", "unicode", "unicode encode", "empty", "broken barrier", "zero", "recursion",
]  # fmt: skip
ODD = [
    "keyword only",
    "more arguments",
    "fewer arguments",
    "without super",
    "converting",
    "slots",
    "group",
    "odd exit",
    "odd file",
    "odd decode",
]
SPECIAL = ["exit", "exit number", "interrupt", "generator exit", "import", "name", "attribute", "syntax"]


@pytest.mark.parametrize("way", AS_ITSELF + ODD + SPECIAL)
@standard_library_left_out("a test below shows what it does to odd classes, and sys.exit() ends its server's thread")
def test_an_exception_arrives_as_itself(subject: Subject, raiser: Any, way: str) -> None:
    expected, found = raised(WAYS[way]), raised(lambda: raiser.throw(way))
    assert type(found) is type(expected)
    assert repr(found.args) == repr(expected.args)
    assert str(found) == str(expected)
    assert attributes(found) == attributes(expected)
    assert raiser.fine() == "fine"


@pytest.mark.parametrize("way", ["plain", "key error of ours", "empty", "unicode", "zero"])
@on(*CHEAP)
def test_simple_exceptions_arrive_as_themselves(subject: Subject, raiser: Any, way: str) -> None:
    expected, found = raised(WAYS[way]), raised(lambda: raiser.throw(way))
    assert (type(found), found.args, str(found)) == (type(expected), expected.args, str(expected))


@pytest.mark.parametrize("way", ["more arguments", "keyword only"])
@standard_library_fails("an exception whose class takes other arguments cannot be unpickled", on=CHEAP)
def test_exceptions_with_odd_constructors_arrive_as_themselves(subject: Subject, raiser: Any, way: str) -> None:
    expected, found = raised(WAYS[way]), raised(lambda: raiser.throw(way))
    assert (type(found), found.args, attributes(found)) == (type(expected), expected.args, attributes(expected))
    assert raiser.fine() == "fine"


@on(*MANOR)
def test_groups_arrive_whole(subject: Subject, raiser: Any) -> None:
    with pytest.raises(ExceptionGroup) as caught:
        raiser.throw("group")
    values, rest = caught.value.split(ValueError)
    assert values is not None
    assert rest is not None
    (deep,) = rest.exceptions
    assert isinstance(deep, ExceptionGroup)
    (inner,) = deep.exceptions
    assert isinstance(inner, KeywordOnly)
    assert inner.code == 2


@on(*MANOR)
def test_an_exception_can_be_pickled_and_raised_again_here(subject: Subject, raiser: Any) -> None:
    error = raised(lambda: raiser.throw("plain"))
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), again.args) == (Plain, ("text", 1))


@on(*MANOR)
def test_an_exception_arrives_as_itself_in_a_child(subject: Subject, raiser: Any) -> None:
    found = subject.run_in_child(describe, raiser, "keyword only")
    assert found[0] is KeywordOnly
    assert "raise error" in found[1]


def describe(raiser: Any, way: str) -> tuple[type, str]:
    error = raised(lambda: raiser.throw(way))
    return type(error), "".join(traceback.format_exception(error))


# What cannot


@pytest.mark.parametrize("way", ["lock inside", "lock attribute", "refuses", "local", "lying", "bad repr"])
@standard_library_left_out("it has no rule for this")
def test_an_exception_that_cannot_travel_arrives_as_text(subject: Subject, raiser: Any, way: str) -> None:
    found = raised(lambda: raiser.throw(way))
    names = {"local": "Local", "lock inside": "LockInside", "lock attribute": "LockAttribute"}
    names |= {"refuses": "RefusesToTravel", "lying": "Lying", "bad repr": "BadRepr"}
    if type(found).__name__ != names[way]:  # where it could travel after all, it must be itself
        assert type(found) is manor.RemoteError
        assert names[way] in str(found)
        assert "raising.py" in str(found)
    assert type(chain_of(found)[-1]) is ServerTraceback
    assert raiser.fine() == "fine"


@on(*MANOR)
def test_a_stranger_in_the_chain_does_not_change_the_others(subject: Subject, raiser: Any) -> None:
    found = chain_of(raised(lambda: raiser.throw("strangers")))
    assert [type(error) for error in found] == [Plain, KeywordOnly, manor.RemoteError, ServerTraceback]
    assert "LockInside" in str(found[2])


@on(*MANOR)
def test_a_stranger_in_a_group_does_not_change_the_others(subject: Subject, raiser: Any) -> None:
    found = raised(lambda: raiser.throw("group with a stranger"))
    assert isinstance(found, ExceptionGroup)
    assert [type(member) for member in found.exceptions] == [ValueError, manor.RemoteError]
    assert "LockInside" in str(found.exceptions[1])


# The server goes on


@pytest.mark.parametrize("way", ["exit", "exit number", "interrupt", "generator exit", "recursion"])
@standard_library_left_out("sys.exit() ends the thread that serves the client")
def test_what_would_end_a_process_does_not_end_the_server(subject: Subject, manager: Any, way: str) -> None:
    raiser, witness = manager.Raiser(), manager.list([1])
    for _ in range(3):
        assert type(raised(lambda: raiser.throw(way))) is type(raised(WAYS[way]))
    assert raiser.fine() == "fine"
    assert witness == [1]


@on(BUILT_IN)
def test_every_way_raises_something(subject: Subject) -> None:
    for way in WAYS.values():
        assert isinstance(raised(way), BaseException)
