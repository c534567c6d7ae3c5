"""Proxies for whole objects: who gives them, where they go, and what they keep."""

import pickle
from collections.abc import Callable
from typing import Any

import pytest

import manor
from tests.conformance.accounts import Account, Bank, Numbers
from tests.conformance.subjects import MANOR, MANOR_SERVED, ManorManager, objects, on, until

pytestmark = on(*MANOR, MANOR_SERVED)

ManorManager.register("WholeAccount", Account, attributes=True)
ManorManager.register("SomeOfAccount", Account, exposed=("deposit", "balance"), attributes=True)
ManorManager.register("Lending", Bank, attributes=True, method_to_typeid={"copy_of": "Lent"})
ManorManager.register("Lent", attributes=True, create_method=False)
ManorManager.register("Bare", Account)


@pytest.fixture
def account(manager: Any) -> Account:
    found: Account = manager.create(Account, 5, owner="ada")
    return found


def test_results_are_proxies_where_the_annotation_says_so(manager: Any) -> None:
    bank = manager.create(Bank)
    ada = bank.account("ada")
    assert type(ada) is type(manager.create(Account))
    ada.deposit(9)
    assert bank.total() == 12
    assert bank.find("bob").owner == "bob"
    assert bank.find("eve") is None
    assert bank.richest.balance == 10
    assert bank.richest.itself()._id == ada._id
    assert type(bank.copy_of("ada")) is Account


def test_proxies_for_results_hold_their_objects(manager: Any) -> None:
    bank = manager.create(Bank)
    before = objects(manager)
    ada, again = bank.account("ada"), bank.account("ada")
    assert objects(manager) == before + 1
    del ada, again
    assert objects(manager) == before


def test_registered_types_may_have_attributes(manager: Any) -> None:
    account = manager.WholeAccount(5)
    account.balance += 1
    assert account + 1 == Account(7)
    assert isinstance(account, Account)
    bank = manager.Lending()
    lent = bank.copy_of("bob")
    assert type(lent) is type(account)
    lent.deposit(1)
    assert bank.total() == 4, "its typeid has no callable, so it is the bank's own"


class Maker(ManorManager):
    """Has types of its own under names that managers use."""


Maker.register("create", Account)
Maker.register("options", dict)


def test_types_may_be_called_create_and_options(subject: Any) -> None:
    manager: Any
    with Maker(ctx=subject.context) as manager:
        assert manager.create(1).deposit(1) == 2
        assert manager.options(a=1).copy() == {"a": 1}


def test_after_the_end_a_proxy_still_tells_what_it_was(subject: Any) -> None:
    with subject.manager() as manager:
        account = manager.create(Account)
        if subject.over_tcp:
            manager._started_link().call(0, "shutdown")
        else:
            manager.shutdown()
        until(lambda: ended(account))
        assert "Account" in repr(account)
        assert {"deposit", "cents"} <= set(dir(account))
        assert isinstance(account, Account)


def ended(account: Account) -> bool:
    try:
        account.deposit(1)
    except manor.ManagerDied:
        return True
    return False


def test_another_serializer_takes_registered_types_only(subject: Any) -> None:
    with subject.manager(serializer="xmlrpclib") as manager, pytest.raises(TypeError, match="pickle"):
        manager.create(Account)


def test_what_one_object_exposes_another_of_its_class_need_not(manager: Any) -> None:
    open_to_all, restricted = manager.create(Account, 5), manager.SomeOfAccount(5)
    for _ in range(2):
        assert open_to_all.which_currency() == "EUR"
        with pytest.raises(manor.NotExposed):
            restricted._callmethod("which_currency")
        assert restricted.deposit(1) > 5


def test_an_explicit_exposed_is_exhaustive(manager: Any) -> None:
    account = manager.SomeOfAccount(5)
    assert account.deposit(1) == account.balance == 6
    refused: list[Callable[[], Any]] = [lambda: account.withdraw(1), lambda: account.owner, lambda: account + 1]
    for action in refused:
        with pytest.raises(manor.NotExposed):
            action()
    with pytest.raises(manor.NotExposed):
        account.owner = "eve"


def test_a_registered_type_without_attributes_keeps_its_manners(manager: Any) -> None:
    account = manager.Bare(0)
    assert account
    assert account != manager.Bare(0)
    assert not hasattr(account, "balance")
    assert not isinstance(account, Account)


def use(account: Any, bank: Any) -> tuple[Any, ...]:
    account.balance += 1
    return account.deposit(1), isinstance(account, Account), bank.account("ada").balance, str(account)


def test_proxies_work_in_other_processes(subject: Any, manager: Any, account: Account) -> None:
    bank = manager.create(Bank)
    assert subject.run_in_child(use, account, bank) == (7, True, 1, "ada: 7")
    again = pickle.loads(pickle.dumps(account))
    assert again == account
    assert again._id == account._id  # type: ignore[attr-defined]


def test_proxies_are_kept_in_containers(manager: Any, account: Account) -> None:
    kept = manager.dict(account=account)
    kept["account"].deposit(1)
    assert account.balance == 6
    keeper = manager.Keeper()
    keeper.keep(account)
    assert keeper.first().balance == 6


def test_an_object_is_freed_with_its_last_proxy(manager: Any) -> None:
    before = objects(manager)
    account = manager.create(Account)
    assert objects(manager) == before + 1
    del account
    assert objects(manager) == before


def test_a_name_leads_to_the_object(manager: Any) -> None:
    made = manager.options(name="whole account").create(Account, 5)
    made.deposit(1)
    assert manager.get("whole account").balance == 6
    assert manager.options(name="whole account").create(Account).balance == 6
    with pytest.raises(manor.NameInUse, match="whole account"):
        manager.options(name="whole account").create(Account, 5)
    with pytest.raises(manor.NameInUse):
        manager.options(name="whole account").create(Bank)
    with pytest.raises(manor.NameInUse):
        manager.dict(name="whole account")
    del made
    assert manager.get("whole account").balance == 6
    manager.remove("whole account")
    assert manager.get("whole account", None) is None
    assert objects(manager) >= 0


def test_iterators_of_the_standard_library_are_streamed(manager: Any) -> None:
    assert list(manager.create(Numbers).squares()) == [1, 2, 3]
