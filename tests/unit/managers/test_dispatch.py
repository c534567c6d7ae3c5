"""``dispatch`` over a connection that speaks the standard library's protocol."""

import gc
import queue
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from manor.managers import RemoteError, dispatch


class Answers:
    """A connection on which each request gets the same answer."""

    def __init__(self, *answer: Any) -> None:
        self.answer = answer
        self.requests: list[Any] = []

    def send(self, request: Any) -> None:
        self.requests.append(request)

    def recv(self) -> Any:
        return self.answer


@pytest.fixture
def no_collection() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def test_a_request_has_the_standard_form() -> None:
    connection = Answers("#RETURN", 7)
    assert dispatch(connection, "1a", "add", (1,), {"to": 2}) == 7
    assert connection.requests == [("1a", "add", (1,), {"to": 2})]


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [
        (("#ERROR", queue.Empty("nothing")), queue.Empty, "nothing"),
        (("#TRACEBACK", "where it was"), RemoteError, "where it was"),
        (("#WHAT", None), ValueError, "#WHAT"),
    ],
)
def test_errors_are_raised(answer: tuple[str, Any], kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        dispatch(Answers(*answer), None, "get")


@pytest.mark.usefixtures("no_collection")
def test_an_error_that_was_handled_is_gone() -> None:
    connection = Answers("#ERROR", queue.Empty())
    handled: list[weakref.ref[queue.Empty]] = []
    try:
        dispatch(connection, None, "get")
    except queue.Empty as error:
        handled.append(weakref.ref(error))
    connection.answer = ()
    assert [error() for error in handled] == [None]
