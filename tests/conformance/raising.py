"""Exceptions of every kind, and an object that raises them: here, or in a server."""

import errno
import queue
import threading
from collections.abc import Callable
from typing import Any, NoReturn

from tests.conformance.subjects import (
    register,
)


class Plain(Exception):
    """Nothing special."""


class KeywordOnly(Exception):
    def __init__(self, *, code: int) -> None:
        super().__init__(f"code {code}")
        self.code = code


class MoreArguments(Exception):
    def __init__(self, what: str, where: str) -> None:
        super().__init__(f"{what} at {where}")
        self.what, self.where = what, where


class FewerArguments(Exception):
    def __init__(self) -> None:
        super().__init__("one", "two")


class WithoutSuper(Exception):
    def __init__(self, first: int, second: int) -> None:
        self.total = first + second


class Converting(Exception):
    """Would be given its own text again: 'number number 7'."""

    def __init__(self, number: int) -> None:
        super().__init__(f"number {number}")


class OwnNew(Exception):
    def __new__(cls, word: str, number: int) -> "OwnNew":
        return super().__new__(cls, word, number)

    def __init__(self, word: str, number: int) -> None:
        super().__init__(word)
        self.number = number


class WithSlots(Exception):
    __slots__ = ("detail",)

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class OddExit(SystemExit):
    def __init__(self, *, status: int) -> None:
        super().__init__(status)


class OddFileError(OSError):
    def __init__(self, *, path: str) -> None:
        super().__init__(errno.ENOENT, "gone", path)


class OddDecodeError(UnicodeDecodeError):
    def __init__(self, *, data: bytes) -> None:
        super().__init__("utf-8", data, 0, 1, "odd")


class KeyErrorOfOurs(KeyError):
    """Caught as what it derives from."""


class LockInside(Exception):
    """Cannot be pickled."""

    def __init__(self) -> None:
        super().__init__("has a lock", threading.Lock())


class LockAttribute(Exception):
    def __init__(self) -> None:
        super().__init__("has a lock")
        self.lock = threading.Lock()


class RefusesToTravel(Exception):
    def __reduce__(self) -> NoReturn:
        raise RuntimeError("no way")


class Lying(Exception):
    """Its pickle is of something else."""

    def __reduce__(self) -> tuple[Any, ...]:
        return str, ("not an exception",)


class BadRepr(Exception):
    def __repr__(self) -> str:
        raise RuntimeError("no repr")

    def __str__(self) -> str:
        raise RuntimeError("no str")


class Raiser:
    """Raises whatever is asked for; the ways are in the module, so that they can be called there too."""

    def throw(self, way: str) -> NoReturn:
        WAYS[way]()
        raise AssertionError(f"{way} raises nothing")

    def fine(self) -> str:
        return "fine"


def throw(error: BaseException) -> NoReturn:
    raise error


def raise_with_attributes() -> NoReturn:
    error = Plain("text")
    error.attribute = {"any": ["thing"]}  # type: ignore[attr-defined]
    error.add_note("a note")
    error.add_note("another note")
    raise error


def raise_from_cause() -> NoReturn:
    try:
        raise KeyError("the cause")
    except KeyError as error:
        raise Plain("the effect") from error


def raise_in_context() -> NoReturn:
    try:
        raise KeyError("the context")
    except KeyError:
        raise Plain("while handling")  # noqa: B904 - that is the point


def raise_from_none() -> NoReturn:
    try:
        raise KeyError("hidden")
    except KeyError:
        raise Plain("alone") from None


def raise_long_chain() -> NoReturn:
    error: Exception = ValueError("origin")
    for number in range(200):
        following = Plain(str(number))
        following.__cause__ = error
        error = following
    raise error


def raise_chain_with_strangers() -> NoReturn:
    try:
        try:
            raise LockInside
        except LockInside as error:
            raise KeywordOnly(code=1) from error
    except KeywordOnly as error:
        raise Plain("on top") from error


def raise_circle() -> NoReturn:
    first, second = Plain("first"), Plain("second")
    first.__cause__, second.__cause__ = second, first
    raise first


def raise_local() -> NoReturn:
    class Local(ValueError):
        pass

    raise Local("of a local class")


def raise_group() -> NoReturn:
    raise ExceptionGroup("several", [ValueError("one"), ExceptionGroup("deep", [KeywordOnly(code=2)])])


def raise_group_with_a_stranger() -> NoReturn:
    raise ExceptionGroup("several", [ValueError("one"), LockInside()])


def raise_recursively() -> NoReturn:
    raise_recursively()


WAYS: dict[str, Callable[[], Any]] = {
    "plain": lambda: throw(Plain("text", 1)),
    "keyword only": lambda: throw(KeywordOnly(code=7)),
    "more arguments": lambda: throw(MoreArguments("fire", "home")),
    "fewer arguments": lambda: throw(FewerArguments()),
    "without super": lambda: throw(WithoutSuper(1, 2)),
    "converting": lambda: throw(Converting(7)),
    "own new": lambda: throw(OwnNew("word", 7)),
    "slots": lambda: throw(WithSlots("detail")),
    "odd exit": lambda: throw(OddExit(status=3)),
    "odd file": lambda: throw(OddFileError(path="/gone")),
    "odd decode": lambda: throw(OddDecodeError(data=b"\xff")),
    "key error of ours": lambda: throw(KeyErrorOfOurs("key")),
    "lock inside": lambda: throw(LockInside()),
    "lock attribute": lambda: throw(LockAttribute()),
    "refuses": lambda: throw(RefusesToTravel("text")),
    "lying": lambda: throw(Lying("text")),
    "bad repr": lambda: throw(BadRepr("text")),
    "attributes": raise_with_attributes,
    "cause": raise_from_cause,
    "context": raise_in_context,
    "from none": raise_from_none,
    "long chain": raise_long_chain,
    "strangers": raise_chain_with_strangers,
    "circle": raise_circle,
    "local": raise_local,
    "group": raise_group,
    "group with a stranger": raise_group_with_a_stranger,
    "recursion": raise_recursively,
    "exit": lambda: throw(SystemExit("bye")),
    "exit number": lambda: throw(SystemExit(3)),
    "interrupt": lambda: throw(KeyboardInterrupt()),
    "generator exit": lambda: throw(GeneratorExit()),
    "stop": lambda: throw(StopIteration("value")),
    "missing file": lambda: open("/missing/file"),  # noqa: SIM115, PTH123 - it raises
    "os error": lambda: throw(OSError(errno.EXDEV, "text", "from", None, "to")),
    "os error without number": lambda: throw(OSError("text only")),
    "unicode": lambda: b"\xff".decode("utf-8"),
    "unicode encode": lambda: "\xe4".encode("ascii"),
    "empty": lambda: queue.Queue[int]().get_nowait(),
    "broken barrier": lambda: throw(threading.BrokenBarrierError()),
    "import": lambda: __import__("no_such_module_anywhere"),
    "name": lambda: throw(NameError("name", name="missing")),
    "attribute": lambda: object().missing,  # type: ignore[attr-defined]
    "syntax": lambda: compile("1 +", "file", "exec"),
    "zero": lambda: 1 / 0,
}
register("Raiser", Raiser)


def raised(action: Callable[[], Any]) -> BaseException:
    """What an action raises, whatever it is."""
    try:
        action()
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def chain_of(error: BaseException) -> list[BaseException]:
    """The exceptions from one to its origin, as a traceback shows them."""
    found = [error]
    while True:
        following = found[-1].__cause__ or (None if found[-1].__suppress_context__ else found[-1].__context__)
        if following is None:
            return found
        found.append(following)
