"""Exceptions travel as themselves, with the chain behind them, and packing one never fails."""

import builtins
import pickle
import threading
from typing import Any, NoReturn

import pytest

from manor._codec.codec import codec_for
from manor.errors import ManorError, RemoteError, ServerTraceback


class Plain(Exception):
    pass


class Odd(Exception):
    """Its constructor takes something else than what it passes on."""

    def __init__(self, one: int, *, two: int) -> None:
        super().__init__(f"{one} and {two}")
        self.two = two


class Unpicklable(Exception):
    def __init__(self) -> None:
        super().__init__("has a lock")
        self.lock = threading.Lock()


class Broken(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")

    def __reduce__(self) -> NoReturn:
        raise RuntimeError("no pickle")


def raised(error: BaseException, cause: BaseException | None = None) -> BaseException:
    try:
        raise error from cause
    except BaseException as found:
        return found


def back(error: BaseException, serializer: str = "pickle") -> BaseException:
    codec = codec_for(serializer)
    payload = b"".join(bytes(part) for part in codec.encode_error(error))
    return codec.decode_error(memoryview(payload))


def chain(error: BaseException) -> list[BaseException]:
    found = [error]
    while following := found[-1].__cause__ or found[-1].__context__:
        found.append(following)
    return found


@pytest.mark.parametrize(
    "error",
    [
        Plain(), Plain("text", 1), Odd(1, two=2), KeyError("key"), StopIteration(3), SystemExit(4),
        KeyboardInterrupt(), OSError(2, "missing", "a file"), UnicodeDecodeError("utf-8", b"x", 0, 1, "why"),
        ExceptionGroup("two", [Plain()]), ManorError("ours"),
    ],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_an_exception_arrives_as_itself(error: BaseException) -> None:
    found = back(raised(error))
    assert type(found) is type(error)
    assert repr(found.args) == repr(error.args)
    assert str(found) == str(error)
    assert {name: repr(value) for name, value in vars(found).items()} == {
        name: repr(value) for name, value in vars(error).items()
    }


def test_the_servers_traceback_ends_the_chain_and_has_source_lines() -> None:
    last = chain(back(raised(Plain("here"))))[-1]
    assert isinstance(last, ServerTraceback)
    assert "raise error from cause" in str(last)
    assert "Plain: here" in str(last)


def test_a_cause_stays_a_cause_and_a_context_a_context() -> None:
    found = back(raised(Plain(1), raised(Odd(2, two=3), raised(KeyError(4)))))
    assert [type(link) for link in chain(found)] == [Plain, Odd, KeyError, ServerTraceback]
    assert found.__suppress_context__
    try:
        try:
            raise KeyError(5)
        except KeyError:
            raise Plain(6)  # noqa: B904 - without a cause on purpose
    except Plain as error:
        found = back(error)
    assert type(found.__context__) is KeyError
    assert found.__cause__ is None


def test_notes_and_attributes_arrive() -> None:
    error = Plain("noted")
    error.add_note("a note")
    error.extra = [1, 2]  # type: ignore[attr-defined]
    found: Any = back(raised(error))
    assert found.__notes__ == ["a note"]
    assert found.extra == [1, 2]


def test_what_cannot_travel_arrives_as_text() -> None:
    found = back(raised(Unpicklable()))
    assert isinstance(found, RemoteError)
    assert "Unpicklable" in str(found)
    assert "raise error from cause" in str(found)


def test_an_exception_whose_own_methods_fail_arrives_all_the_same() -> None:
    found = back(raised(Broken(1, 2)))
    assert type(found) is Broken
    assert found.args == (1, 2)


def test_a_class_that_the_receiver_does_not_have_arrives_as_text() -> None:
    class Local(Exception):
        pass

    found = back(raised(Local("unreachable")))
    assert isinstance(found, RemoteError)
    assert "unreachable" in str(found)


def test_a_chain_that_bites_its_tail_ends() -> None:
    first, second = Plain(1), Plain(2)
    first.__cause__, second.__cause__ = second, first
    assert len(chain(back(first))) == 3


def test_a_very_long_chain_is_cut() -> None:
    error: BaseException = Plain(0)
    for number in range(200):
        error = raised(Plain(number), error)
    assert len(chain(back(error))) < 50


@pytest.mark.parametrize("garbage", [b"", b"?", b"B", pickle.dumps(1), pickle.dumps(("text", []))])
def test_garbage_in_place_of_an_exception_raises_or_is_an_exception(garbage: bytes) -> None:
    with pytest.raises(Exception, match=r".*"):
        raise codec_for("pickle").decode_error(memoryview(garbage))


@pytest.mark.parametrize("error", [KeyError("key"), ValueError("text", 1), ZeroDivisionError()])
def test_xmlrpc_carries_the_built_in_ones(error: Exception) -> None:
    found = back(raised(error), "xmlrpclib")
    assert type(found) is type(error)
    assert found.args == error.args
    assert isinstance(found.__cause__, ServerTraceback)


@pytest.mark.parametrize("error", [Plain("text"), Odd(1, two=2), ValueError([1])])
def test_xmlrpc_carries_others_as_text(error: Exception) -> None:
    found = back(raised(error), "xmlrpclib")
    assert isinstance(found, RemoteError)
    assert type(error).__name__ in str(found)


def test_xmlrpc_builds_exceptions_only() -> None:
    codec = codec_for("xmlrpclib")
    for name in ("eval", "print", "__import__", "object"):
        assert hasattr(builtins, name)
        payload = b"".join(bytes(part) for part in codec.encode([name, ["1"], "text"]))
        assert type(codec.decode_error(memoryview(payload))) is RemoteError
