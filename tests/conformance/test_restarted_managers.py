"""Proxies of objects that have a name, of managers that have one: they work again when a manager of that name does."""

import multiprocessing
import os
import pickle
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import pytest

import manor
from tests.conformance.accounts import Account
from tests.conformance.children import Child, Ending
from tests.conformance.runtime_folders import own_named, runtime_folder
from tests.conformance.subjects import LIMIT_S, MANOR_FORK

__all__ = ["runtime_folder"]
pytestmark = pytest.mark.usefixtures("runtime_folder")
FORK = multiprocessing.get_context("fork")

KINDS = pytest.mark.parametrize("options", [{}, {"resident": False}], ids=["resident", "served"])
USES: dict[str, Callable[[Any], Any]] = {
    "table": lambda d: (d["a"], "a" in d, len(d), list(d), d.get("b"), dict(d.items()), d.copy()),
    "list": lambda x: (x[0], 1 in x, len(x), list(x), x[:], x.index(1)),
    "set": lambda s: (1 in s, len(s), list(s), s | {2}),
    "value": lambda v: (v.value, v.get()),
    "array": lambda a: (a[0], len(a), list(a)),
    "queue": lambda q: (q.qsize(), q.empty()),
    "recent": lambda q: (q[0], q.maxlen, q.copy()),
    "counts": lambda c: (c["a"], c.most_common(1), c.copy()),
    "ordered": lambda d: (d["a"], list(d), d.copy()),
    "groups": lambda d: (d["a"][:], list(d)),
    "chain": lambda m: (m["a"], dict(m)),
    "account": lambda a: (a.balance, str(a), a.deposit(0), isinstance(a, Account)),
}


def own(options: dict[str, Any], **items: Any) -> Child:
    return Child(FORK, own_named, options, items)


def end(child: Child, how: str) -> None:
    if how == "shutdown":
        child.tell()
        child.join()
    else:
        child.kill()


@KINDS
@pytest.mark.parametrize("how", ["shutdown", "kill"])
def test_proxies_of_named_objects_work_again_after_a_restart(options: dict[str, Any], how: str) -> None:
    with own(options, a=1) as first, Ending(first.hear()) as server:
        proxies = {name: manor.attach("scores").get(name) for name in USES}
        before = {name: use(proxies[name]) for name, use in USES.items()}
        end(first, how)
        assert server.within(LIMIT_S)
        with own(options, a=1) as second:
            second.hear()
            assert {name: use(proxies[name]) for name, use in USES.items()} == before
            proxies["table"]["b"] = 2
            proxies["value"].value = 7
            proxies["list"] += [2]
            proxies["queue"].put("another")
            other = manor.attach("scores")
            assert other.get("table")["b"] == 2
            assert other.get("value").value == 7
            assert other.get("list")[:] == [1, 2]
            assert other.get("queue").qsize() == 2
            end(second, "shutdown")


@KINDS
def test_the_first_operation_may_be_any(options: dict[str, Any]) -> None:
    uses: tuple[Callable[[Any], Any], ...] = (
        lambda d: d["a"], lambda d: d.update(b=1), len, list, repr, lambda d: d == {"a": 1}, bool, hash,
    )  # fmt: skip
    for use in uses:
        with own(options, a=1) as first, Ending(first.hear()) as server:
            table = manor.attach("scores").get("table")
            end(first, "kill")
            assert server.within(LIMIT_S)
        with own(options, a=1) as second:
            second.hear()
            use(table)
            assert table["a"] == 1
            end(second, "shutdown")


@KINDS
def test_proxies_that_made_their_object_work_again_too(options: dict[str, Any]) -> None:
    with own(options) as first, Ending(first.hear()) as server:
        attached = manor.attach("scores")
        account = attached.options(name="an account").create(Account, 1)
        ordered: Any = attached.OrderedDict(name="another")
        end(first, "kill")
        assert server.within(LIMIT_S)
    with own(options) as second:
        second.hear()
        attached.options(name="an account").create(Account, 2)
        attached.OrderedDict({"a": 1}, name="another")
        assert account.balance == 2
        assert ordered["a"] == 1
        end(second, "shutdown")


@KINDS
def test_what_the_former_manager_held_is_gone(options: dict[str, Any]) -> None:
    with own(options, a=1, mine="old") as first, Ending(first.hear()) as server:
        table = manor.attach("scores").get("table")
        end(first, "shutdown")
        assert server.within(LIMIT_S)
    with own(options, a=2) as second:
        second.hear()
        assert table.copy() == {"a": 2}
        end(second, "shutdown")


@KINDS
def test_as_long_as_there_is_no_other_manager_operations_raise(options: dict[str, Any]) -> None:
    with own(options, a=1) as first, Ending(first.hear()) as server:
        table = manor.attach("scores").get("table")
        end(first, "shutdown")
        assert server.within(LIMIT_S)
    for use in (lambda: table["a"], lambda: table.get("a"), lambda: len(table)):
        with pytest.raises(manor.ManagerDied):
            use()


@KINDS
def test_an_object_that_the_next_manager_does_not_have_raises(options: dict[str, Any]) -> None:
    with own(options, a=1) as first, Ending(first.hear()) as server:
        attached = manor.attach("scores")
        only_here: Any = attached.dict(name="only here")
        other_type: Any = attached.list(name="of another type")
        end(first, "kill")
        assert server.within(LIMIT_S)
    with own(options) as second:
        second.hear()
        manor.attach("scores").dict(name="of another type")
        uses: tuple[Callable[[], Any], ...] = (lambda: only_here["a"], lambda: other_type[:])
        for use in uses:
            with pytest.raises(manor.ManagerDied):
                use()
        assert manor.attach("scores").dict(name="only here").copy() == {}
        assert only_here.copy() == {}, "whoever makes it gives it back to all"
        end(second, "shutdown")


@KINDS
def test_proxies_outlive_several_managers_and_keep_their_hash(options: dict[str, Any]) -> None:
    table: Any = None
    first_hash = 0
    for number in range(4):
        with own(options, number=number) as child, Ending(child.hear()) as server:
            table = manor.attach("scores").get("table") if table is None else table
            first_hash = first_hash or hash(table)
            assert table["number"] == number
            assert isinstance(table, manor.managers.DictProxy)
            assert hash(table) == first_hash
            end(child, ("kill", "shutdown")[number % 2])
            assert server.within(LIMIT_S)


@KINDS
def test_a_pickle_of_such_a_proxy_works_after_a_restart_and_so_does_what_it_made(options: dict[str, Any]) -> None:
    with own(options, a=1) as first, Ending(first.hear()) as server:
        table = manor.attach("scores").get("table")
        pickled = pickle.dumps(table)
        loaded = pickle.loads(pickled)
        end(first, "kill")
        assert server.within(LIMIT_S)
    with own(options, a=2) as second:
        second.hear()
        assert pickle.loads(pickled)["a"] == 2
        assert loaded["a"] == 2
        assert pickle.loads(pickle.dumps(loaded))["a"] == 2, "also of one that was renewed"
        end(second, "shutdown")


@KINDS
def test_such_proxies_can_be_stored_and_passed_like_others(options: dict[str, Any]) -> None:
    with manor.Manager(name="scores", **options) as manager:
        table = manager.dict(name="table")
        outer = manager.list([table])
        outer[0]["a"] = 1
        assert table["a"] == 1
        MANOR_FORK.run_in_child(table.__setitem__, "b", 2)
        assert table.copy() == {"a": 1, "b": 2}


def renew_in_child(table: Any) -> Any:
    return table["a"]


@KINDS
def test_a_forked_child_finds_the_next_manager_too(options: dict[str, Any]) -> None:
    with own(options, a=1) as first, Ending(first.hear()) as server:
        table = manor.attach("scores").get("table")
        end(first, "kill")
        assert server.within(LIMIT_S)
    with own(options, a=2) as second:
        second.hear()
        assert MANOR_FORK.run_in_child(renew_in_child, table) == 2
        assert table["a"] == 2
        end(second, "shutdown")


@KINDS
def test_an_attached_manager_goes_on_to_the_next(options: dict[str, Any]) -> None:
    with own(options, a=1) as first, Ending(first.hear()) as server:
        attached = manor.attach("scores")
        assert attached.names()
        end(first, "kill")
        assert server.within(LIMIT_S)
    with pytest.raises(manor.ManagerDied):
        attached.get("table")
    with own(options, a=2) as second:
        second.hear()
        assert attached.get("table")["a"] == 2
        assert attached.address == manor.ls()[0].address
        assert attached.list([1])[:] == [1]
        end(second, "shutdown")


def own_for_ever(test: Connection) -> None:
    os.setsid()
    own_named(test, {}, {"a": 1})


@pytest.mark.parametrize("first_use", ["of the manager", "of a proxy", "in another process"])
def test_memory_of_a_server_that_was_killed_with_its_owner_ends_with_the_name(first_use: str) -> None:
    with Child(FORK, own_for_ever) as first, Ending(first.hear()) as server:
        attached = manor.attach("scores")
        table, items, unnamed = attached.get("table"), attached.get("list"), attached.dict(a=1)
        os.kill(server.pid, signal.SIGKILL)  # before it can end what it has
        first.kill()
        assert table["a"] == 1, "nobody has the name yet"
    with own({}, a=2) as second:
        second.hear()
        if first_use == "of the manager":
            assert attached.get("table")["a"] == 2
        elif first_use == "in another process":
            assert MANOR_FORK.run_in_child(items.index, 1) == 0
        assert items[:] == [1]
        with pytest.raises(manor.ManagerDied):
            unnamed.copy()
        assert table["a"] == 2
        end(second, "shutdown")


def test_an_owner_whose_server_crashed_takes_all_along_to_its_next_manager() -> None:
    """Processes that have mapped the former memory would go on with it for as long as nobody ends it."""
    with Child(FORK, own_crashing) as owner:
        name = owner.hear()
        table = manor.attach("scores").get(name)
        assert table["a"] == 1
        owner.tell()
        owner.hear()
        assert table["a"] == 2
        owner.tell()
        owner.join()


def own_crashing(test: Any) -> None:
    manager = manor.Manager(name="scores")
    manager.dict(name="table")["a"] = 1
    test.send("table")
    test.recv()
    with Ending(manager._process.pid) as server:
        os.kill(server.pid, signal.SIGKILL)
        assert server.within(LIMIT_S)
    with manor.Manager(name="scores") as again:
        again.dict(name="table")["a"] = 2
        test.send("again")
        test.recv()
    manager.shutdown()
