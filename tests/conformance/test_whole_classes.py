"""``manager.create(cls, ...)``: a proxy has all that the object has."""

import copy
import dataclasses
import functools
import inspect
import pydoc
from typing import Any

import pytest

import manor
from manor.managers import BaseProxy
from tests.conformance.accounts import (
    Account,
    Countdown,
    Dynamic,
    Point,
    Shelf,
    Words,
    make_account,
)
from tests.conformance.subjects import MANOR, MANOR_SERVED, on

pytestmark = on(*MANOR, MANOR_SERVED)


@pytest.fixture
def account(manager: Any) -> Account:
    found: Account = manager.create(Account, 5, owner="ada")
    return found


def test_methods_run_in_the_server(account: Account) -> None:
    assert account.deposit(3) == 8
    assert account.deposit(1, note="x") == 9
    assert account.history == [3, 1]
    with pytest.raises(ValueError, match="100 is more than 9"):
        account.withdraw(100)
    assert account.rounded(1.7) == 2
    assert account.which_currency() == "EUR"


def test_attributes_are_read_written_and_deleted(account: Account) -> None:
    assert (account.balance, account.owner, account.currency) == (5, "ada", "EUR")
    account.balance += 2
    assert account.balance == 7
    assert (account.cents, account.number, account.number) == (700, 4711, 4711)
    account.cents = 300
    assert (account.balance, account.history) == (3, [-2])
    account.nick = "a"  # type: ignore[attr-defined]
    assert account.nick == "a"  # type: ignore[attr-defined]
    del account.nick  # type: ignore[attr-defined]
    assert not hasattr(account, "nick")
    with pytest.raises(AttributeError):
        del account.nick  # type: ignore[attr-defined]


def test_a_property_that_fails_runs_once(account: Account) -> None:
    with pytest.raises(AttributeError, match="no such thing"):
        _ = account.broken
    assert account.history == [-1]
    with pytest.raises(AttributeError, match="nothing"):
        _ = account.nothing  # type: ignore[attr-defined]


def test_names_with_an_underscore_are_the_proxys_own(account: Any) -> None:
    with pytest.raises(AttributeError, match="underscore"):
        account._secret()
    account._mine = 1
    assert account._mine == 1
    with pytest.raises(manor.NotExposed):
        account._callmethod("_secret")
    with pytest.raises(manor.NotExposed):
        account._callmethod("#GET", ("_secret",))
    with pytest.raises(manor.NotExposed):
        account._callmethod("__reduce__")


def test_operators_are_those_of_the_object(manager: Any, account: Account) -> None:
    other = manager.create(Account, 7)
    assert (account + 1).balance == 6
    assert (account + other).balance == 12
    assert (account + account).balance == 10
    assert 3 + account == 8
    assert -account == -5
    assert (account(3), account(3, plus=1)) == (15, 16)
    assert account < other
    assert other > account
    assert account != other
    assert account == manager.create(Account, 5)
    assert account == Account(5)
    assert Account(5) == account
    assert account != "ada"
    assert hash(account) == 5
    assert account
    assert not manager.create(Account, 0)
    with pytest.raises(TypeError):
        account + "x"  # type: ignore[operator]
    same = account
    account -= 2
    assert account is same
    assert account.balance == 3


def test_the_object_itself_comes_as_the_proxy(account: Account) -> None:
    assert account.itself() is account


def test_a_container_is_one(manager: Any) -> None:
    shelf = manager.create(Shelf, "a", "b", "c")
    assert len(shelf) == 3
    assert shelf[1] == "b"
    shelf[1] = "x"
    del shelf[0]
    assert list(shelf) == ["x", "c"]
    assert "c" in shelf
    assert "b" not in shelf
    assert list(manager.create(Words, "to be")) == ["to", "be"]
    assert "be" in manager.create(Words, "to be")
    countdown = manager.create(Countdown, 3)
    assert next(countdown) == 2
    assert iter(countdown) is countdown
    assert list(countdown) == [1, 0]
    with pytest.raises(TypeError):
        len(countdown)


class Result:
    def of(self, value: int) -> Any:
        return lambda: value


class Unpicklable(Exception):
    def __reduce__(self) -> str:
        raise TypeError("not to be pickled")


def test_a_context_manager_is_entered_and_left(manager: Any) -> None:
    shelf: Shelf = manager.create(Shelf)
    with shelf as entered:
        assert entered is shelf
    with shelf:
        raise KeyError("swallowed")
    with pytest.raises(Unpicklable), shelf:
        raise Unpicklable("as it is")
    assert shelf.left_with[:2] == ["None", "KeyError('swallowed')"]
    assert "as it is" in shelf.left_with[2]


def test_functions_that_the_object_makes_up_are_called_in_the_server(manager: Any) -> None:
    dynamic = manager.create(Dynamic)
    assert dynamic.call_home(1) == ("call_home", 1)
    assert dynamic.added(1) == 2
    assert dynamic.colour == "red"
    with pytest.raises(AttributeError):
        _ = dynamic.nothing
    deposit = manager.create(Account, 1).deposit
    assert deposit(2) == 3


def test_a_proxy_is_an_instance_of_the_class(manager: Any, account: Account) -> None:
    assert isinstance(account, Account)
    assert isinstance(account, BaseProxy)
    assert account.__class__ is Account
    assert type(account) is not Account
    assert type(account) is type(manager.create(Account))
    point = manager.create(Point, 1, 2)
    assert dataclasses.asdict(point) == {"x": 1, "y": 2}
    assert point == Point(1, 2)
    assert point < Point(1, 3)
    with pytest.raises(TypeError):
        hash(point)
    match manager.create(Point, 1, 2):
        case Point(x, y):
            assert (x, y) == (1, 2)
        case other:
            pytest.fail(f"{other!r} matches no Point")


def test_no_proxy_pretends_to_be_a_built_in(manager: Any) -> None:
    scores = manager.create(dict, ada=1)
    assert scores["ada"] == 1
    scores.update(bob=2)
    assert sorted(scores) == ["ada", "bob"]
    assert scores == {"ada": 1, "bob": 2}
    assert not isinstance(scores, dict)
    assert not isinstance(manager.create(ValueError, "x"), ValueError)


def test_what_tools_show_is_the_class(account: Account) -> None:
    assert inspect.signature(account.deposit) == inspect.signature(Account(1).deposit)
    assert inspect.signature(account.rounded) == inspect.signature(Account.rounded)
    assert inspect.signature(account.which_currency) == inspect.signature(Account.which_currency)
    assert inspect.signature(account) == inspect.signature(Account(1))
    assert account.deposit.__doc__ == "Add to the balance."
    assert account.__doc__ == "Somebody's money."
    names = dir(account)
    assert {"balance", "cents", "currency", "deposit", "owner", "__add__"} <= set(names)
    text = pydoc.render_doc(account, renderer=pydoc.plaintext)  # type: ignore[attr-defined]
    assert "class Account" in text
    assert "deposit(self, amount: int, /, note: str = '') -> int" in text
    assert "The balance in cents." in text


def test_str_is_the_objects_and_repr_says_that_it_is_a_proxy(account: Account) -> None:
    assert str(account) == "ada: 5"
    assert f"{account}" == "ada: 5"
    assert repr(account).startswith("<proxy for tests.conformance.accounts.Account ")


def test_a_function_makes_an_object_too(manager: Any) -> None:
    made = manager.create(make_account, 3)
    assert isinstance(made, Account)
    assert made.owner == "made"
    assert manager.create(Account.rich, "eve").balance == 1_000_000
    assert manager.create(functools.partial(Account, 3), owner="bob").balance == 3
    with pytest.raises(TypeError, match="None"):
        manager.create(print)
    with pytest.raises(TypeError, match="class"):
        manager.create("Account")


def test_what_a_constructor_raises_arrives_as_itself(manager: Any) -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'nothing'"):
        manager.create(Account, nothing=1)
    with pytest.raises(manor.RemoteError):
        manager.create(int, "x")
    with pytest.raises(manor.NotPicklable, match=r"argument 2 of manager\.create\(\)"):
        manager.create(Account, lambda: None)


def test_a_result_that_cannot_be_pickled_says_how_it_stays(manager: Any) -> None:
    with pytest.raises(manor.NotPicklable, match=r"annotate the method with -> manor\.Proxied\[\.\.\.\]"):
        manager.create(Result).of(1)


def test_a_deep_copy_is_a_copy_of_the_object(account: Account) -> None:
    found = copy.deepcopy(account)
    assert type(found) is Account
    assert found.balance == 5
