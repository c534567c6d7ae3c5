"""What a call is told when the fault is not the method's: not exposed, not created, not picklable."""

import pickle
import threading
from collections.abc import Callable
from typing import Any

import pytest

import manor
from manor.errors import ServerTraceback
from tests.conformance.raising import raised
from tests.conformance.subjects import (
    CHEAP,
    MANOR,
    MANOR_TCP,
    STANDARD_FORK,
    Subject,
    on,
    register,
    standard_library_left_out,
)


class OddError(Exception):
    def __init__(self, what: str, *, code: int) -> None:
        super().__init__(what)
        self.code = code


class Failing:
    """Cannot be made."""

    def __init__(self, how: str) -> None:
        if how == "odd":
            raise OddError("odd", code=7)
        if how == "file":
            raise FileNotFoundError(2, "No such file", "/missing")
        if how == "key":
            raise KeyError("key")
        if how == "exit":
            raise SystemExit(3)
        if how == "interrupt":
            raise KeyboardInterrupt


class Shop:
    """Has things that cannot travel."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.sold = 0

    def sell(self, thing: Any = None, *things: Any, price: Any = 0) -> str:
        self.sold += 1
        return "sold"

    def give_lock(self) -> Any:
        return self.lock

    def give_locks(self) -> Any:
        return {"locks": [self.lock]}

    def give_lambda(self) -> Any:
        return lambda: None

    def give_local(self) -> Any:
        class Local:
            pass

        return Local()

    def give_bad(self) -> Any:
        return BadToPickle()

    def give_trap(self) -> Any:
        return Trap()

    def _private(self) -> str:
        return "private"


class BadToPickle:
    def __reduce__(self) -> Any:
        raise ZeroDivisionError("in __reduce__")


class Trap:
    """Can be pickled, but not unpickled."""

    def __reduce__(self) -> Any:
        return int, ("not a number",)


def make_nothing() -> Any:
    raise ValueError("not today")


register("Failing", Failing)
register("Shop", Shop)
register("Till", Shop, exposed=("sell",))
register("make_nothing", make_nothing)


Case = tuple[Callable[[], Any], tuple[str, ...]]


@pytest.fixture
def shop(manager: Any) -> Any:
    return manager.Shop()


# Not created


@on(*MANOR, STANDARD_FORK)
def test_an_error_of_a_constructor_is_a_remote_error(subject: Subject, manager: Any) -> None:
    for fail in (lambda: manager.Failing("key"), manager.make_nothing, lambda: manager.list(5)):
        with pytest.raises(subject.managers.RemoteError):
            fail()


@standard_library_left_out("it raises a RemoteError with a text only")
def test_an_error_of_a_constructor_is_itself_as_well(subject: Subject, manager: Any) -> None:
    with pytest.raises(KeyError) as key:
        manager.Failing("key")
    with pytest.raises(OddError) as odd:
        manager.Failing("odd")
    with pytest.raises(FileNotFoundError) as missing:
        manager.Failing("file")
    assert key.value.args == ("key",)
    assert str(key.value) == "'key'"
    assert (odd.value.code, str(odd.value)) == (7, "odd")
    assert (missing.value.errno, missing.value.filename) == (2, "/missing")
    for caught in (key, odd, missing):
        assert isinstance(caught.value, manor.RemoteError)
        assert type(caught.value.__cause__) is ServerTraceback
        assert "test_errors_of_calls.py" in str(caught.value.__cause__)
        again = pickle.loads(pickle.dumps(caught.value))
        assert (type(again), again.args) == (type(caught.value), caught.value.args)


@on(*MANOR)
def test_a_constructor_that_ends_the_process_ends_nothing(subject: Subject, manager: Any) -> None:
    with pytest.raises(SystemExit):
        manager.Failing("exit")
    with pytest.raises(KeyboardInterrupt):
        manager.Failing("interrupt")
    assert manager.list([1])[:] == [1]


@on(*MANOR)
def test_wrong_arguments_for_a_constructor_are_a_type_error(subject: Subject, manager: Any) -> None:
    with pytest.raises(TypeError, match="missing 1 required positional argument") as caught:
        manager.Failing()
    assert isinstance(caught.value, manor.RemoteError)


# Not exposed


@standard_library_left_out("it raises a RemoteError with a text only")
def test_a_method_that_is_not_exposed_is_named_with_those_that_are(subject: Subject, manager: Any, shop: Any) -> None:
    counter = manager.Till()
    cases: list[Case] = [
        (lambda: counter._callmethod("give_lock"), ("'give_lock'", "sell", "Till")),
        (lambda: shop._callmethod("_private"), ("'_private'", "sell", "give_lock")),
        (lambda: shop._callmethod("missing"), ("'missing'", "sell")),
        (lambda: shop._callmethod("sold"), ("'sold'", "sell")),
        (lambda: manager.list()._callmethod("__class__"), ("'__class__'", "append")),
        (lambda: manager.list()._callmethod("__reduce__"), ("'__reduce__'", "append")),
        (lambda: counter._callmethod("#CHUNK", (0, 1)), ("#CHUNK",)),
    ]
    for action, names in cases:
        with pytest.raises(manor.NotExposed) as caught:
            action()
        assert isinstance(caught.value, AttributeError)
        assert isinstance(caught.value, manor.RemoteError)
        assert all(name in str(caught.value) for name in names), str(caught.value)
    assert counter.sell() == "sold"


@on(*CHEAP)
def test_a_method_that_is_not_exposed_is_no_attribute_and_its_call_a_remote_error(
    subject: Subject, manager: Any
) -> None:
    counter = manager.Till()
    with pytest.raises(AttributeError):
        counter.give_lock()
    with pytest.raises(subject.managers.RemoteError):
        counter._callmethod("give_lock")
    assert counter.sell() == "sold"


@on(*MANOR)
def test_the_server_has_no_function_but_its_own(subject: Subject, manager: Any) -> None:
    with pytest.raises(manor.NotExposed, match=r"'__init__'.*create"):
        manager._link.call(0, "__init__", ())
    assert manager._number_of_objects() >= 0


# Not picklable


@standard_library_left_out("it names neither the object nor the method")
def test_an_argument_that_cannot_be_pickled_is_named(subject: Subject, manager: Any, shop: Any) -> None:
    unpicklable = threading.Lock()
    cases: list[Case] = [
        (lambda: shop.sell(unpicklable), ("argument 1", "Shop.sell()", "lock")),
        (lambda: shop.sell(1, [2, {"deep": unpicklable}]), ("argument 2", "Shop.sell()", "lock")),
        (lambda: shop.sell(price=lambda: None), ("argument 'price'", "Shop.sell()", "lambda")),
        (lambda: manager.list().append(x for x in "ab"), ("argument 1", "list.append()", "generator")),
        (lambda: manager.dict().update(key=unpicklable), ("argument 'key'", "dict.update()", "lock")),
        (lambda: manager.Queue().put(unpicklable), ("argument 1", "Queue.put()", "lock")),
    ]
    if subject is MANOR_TCP:  # where a list is mapped, the key is called here
        cases.append((lambda: manager.list([1]).sort(key=lambda x: x), ("argument 'key'", "list.sort()", "lambda")))
    for action, names in cases:
        with pytest.raises(manor.NotPicklable) as caught:
            action()
        for base in (manor.RemoteError, pickle.PicklingError, TypeError):
            assert isinstance(caught.value, base)
        assert all(name in str(caught.value) for name in names), str(caught.value)
        assert caught.value.__cause__ is not None
    assert shop.sell() == "sold"


@on(*MANOR)
def test_an_argument_of_a_constructor_that_cannot_be_pickled_is_named(subject: Subject, manager: Any) -> None:
    with pytest.raises(manor.NotPicklable, match=r"argument 1 of manager\.Failing\(\) cannot be sent"):
        manager.Failing(threading.Lock())
    with pytest.raises(manor.NotPicklable, match=r"argument 'how'"):
        manager.Failing(how=threading.Lock())


@on(*MANOR)
def test_what_an_arguments_own_pickling_raises_is_raised_with_its_place(subject: Subject, shop: Any) -> None:
    with pytest.raises(ZeroDivisionError, match="in __reduce__") as caught:
        shop.sell("fine", BadToPickle())
    assert any("argument 2 of Shop.sell()" in note for note in caught.value.__notes__)
    assert shop.sell() == "sold"


@standard_library_left_out("it names neither the object nor the method")
def test_a_result_that_cannot_be_pickled_is_named(subject: Subject, shop: Any) -> None:
    for name, of in (
        ("give_lock", "lock"),
        ("give_locks", "dict"),
        ("give_lambda", "function"),
        ("give_local", "Local"),
        ("give_bad", "BadToPickle"),
    ):
        with pytest.raises(manor.NotPicklable) as caught:
            getattr(shop, name)()
        text = str(caught.value)
        assert all(part in text for part in ("the result of", "Shop", f"{name}()", of)), text
        assert isinstance(caught.value, manor.RemoteError)
        assert shop.sell() == "sold"


@on(*CHEAP)
def test_the_connection_is_fine_after_something_could_not_be_pickled(subject: Subject, shop: Any) -> None:
    for _ in range(3):
        assert isinstance(raised(lambda: shop.sell(threading.Lock())), TypeError)
        assert shop.sell() == "sold"
        assert isinstance(raised(shop.give_lock), subject.managers.RemoteError)
        assert shop.sell() == "sold"


@on(*MANOR)
def test_what_cannot_be_unpickled_is_an_error_on_the_side_that_tried(subject: Subject, shop: Any) -> None:
    with pytest.raises(ValueError, match="not a number"):
        shop.sell(Trap())
    assert shop.sell() == "sold"
    with pytest.raises(ValueError, match="not a number"):
        shop.give_trap()
    assert shop.sell() == "sold"


@on(*MANOR)
def test_a_call_whose_arguments_could_not_be_sent_has_not_run(subject: Subject, manager: Any) -> None:
    numbers = manager.list([1])
    with pytest.raises(manor.NotPicklable):
        numbers.extend([2, threading.Lock()])
    assert numbers == [1]
