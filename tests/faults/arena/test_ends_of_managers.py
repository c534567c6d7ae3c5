"""After a manager's end every operation raises `ManagerDied` at once; after a mere crash of its server they go on."""

import contextlib
import multiprocessing
import os
import pickle
import signal
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

import pytest

from manor import ManagerDied
from tests.conformance.children import Child, Ending
from tests.conformance.subjects import LIMIT_S, MANOR_FORK, MANOR_SPAWN, ManorManager, Subject, until

AT_ONCE_S = 1.0

OPERATIONS: dict[str, tuple[str, ...]] = {
    "dict": (
        "x['a']", "x.get('a')", "x.__setitem__('b', 1)", "x.__delitem__('a')", "'a' in x", "len(x)", "x.pop('a')",
        "x.popitem()", "x.setdefault('c', 1)", "x.clear()", "x.keys()", "x.values()", "x.items()", "list(x)",
        "x.copy()", "x.update(d=1)", "x.add('n', 1)", "x.update_with('a', repr)", "x.compare_and_set('a', 1, 2)",
        "x == {}", "x | {}", "list(reversed(x))",
    ),
    "list": (
        "x[0]", "x[0:1]", "x.__setitem__(0, 1)", "x.__delitem__(0)", "len(x)", "1 in x", "x.append(1)",
        "x.extend([1])", "x.insert(0, 1)", "x.pop()", "x.clear()", "list(x)", "x.copy()", "x.sort()", "x.reverse()",
        "x.index(1)", "x.count(1)", "x.remove(1)", "x.add(0, 1)", "x == []", "x + []", "x * 2",
        "x.compare_and_set(0, 1, 2)", "list(reversed(x))", "x.__iadd__([1])", "x.__setitem__(slice(0, 1), [1])",
    ),
    "set": (
        "x.add(1)", "x.discard(1)", "x.remove(1)", "1 in x", "len(x)", "x.pop()", "x.clear()", "list(x)", "x.copy()",
        "x.update([1])", "x == set()", "x | {1}", "x.issubset({1})",
    ),
    "Value": ("x.value", "x.get()", "x.set(1)", "setattr(x, 'value', 1)", "x.add(1)", "x.compare_and_set(1, 2)"),
    "Array": ("x[0]", "x[0:1]", "x.__setitem__(0, 1)", "len(x)", "list(x)"),
    "Namespace": ("x.a", "setattr(x, 'b', 1)", "delattr(x, 'a')"),
}  # fmt: skip
OF_ALL = ("x._getvalue()", "pickle.dumps(x)")
OF_MANAGERS = (
    "m.dict()", "m.list([1])", "m.set()", "m.Value('i', 1)", "m.Array('i', [1])", "m.Namespace(a=1)",
    "m.dict(name='n')", "m.get('n')", "m.names()", "m.remove('n')", "m.stats()", "m.Queue()",
)  # fmt: skip


def make_all(manager: Any) -> dict[str, Any]:
    return {
        "dict": manager.dict({"a": 1, "n": 1}),
        "list": manager.list([1, 2]),
        "set": manager.set([1]),
        "Value": manager.Value("q", 1),
        "Array": manager.Array("i", [1, 2]),
        "Namespace": manager.Namespace(a=1),
    }


def survivors(proxies: dict[str, Any], manager: Any = None) -> list[str]:
    """The operations that do not raise `ManagerDied`, or not at once."""
    found = []
    for typeid, proxy in proxies.items():
        found += [
            f"{typeid} {operation}: {outcome}"
            for operation in OPERATIONS[typeid] + OF_ALL
            if (outcome := outcome_of(operation, x=proxy)) is not None
        ]
    if manager is not None:
        found += [f"{each}: {outcome}" for each in OF_MANAGERS if (outcome := outcome_of(each, m=manager)) is not None]
    return found


def outcome_of(operation: str, **names: Any) -> str | None:
    """None if the operation raises `ManagerDied` at once, or else what it does."""
    start = time.monotonic()
    try:
        result = repr(eval(operation, {"pickle": pickle, **names}))  # noqa: S307 from the tables above
    except ManagerDied:
        took = time.monotonic() - start
        return None if took < AT_ONCE_S else f"took {took} s"
    except BaseException as error:
        return f"raised {error!r}"
    return f"returned {result}"


def tell_survivors(test: Connection, proxies: dict[str, Any], manager: Any = None) -> None:
    """Use the objects; when told, say what still answers."""
    assert proxies["dict"]["a"] == 1
    test.send("ready")
    test.recv()
    test.send(survivors(proxies, manager))


@pytest.mark.parametrize("subject", [MANOR_FORK, MANOR_SPAWN], ids=lambda subject: subject.name)
def test_after_shutdown_every_operation_raises_in_every_process(subject: Subject) -> None:
    with subject.manager() as manager:
        proxies = make_all(manager)
        with Child(subject.context, tell_survivors, proxies) as child:
            assert child.hear() == "ready"
            manager.shutdown()
            assert survivors(proxies, manager) == []
            child.tell()
            assert child.hear() == []


def test_repr_and_hash_of_proxies_do_not_fail_after_the_end() -> None:
    with MANOR_FORK.manager() as manager:
        proxies = make_all(manager)
        hashes = {typeid: hash(proxy) for typeid, proxy in proxies.items()}
    for typeid, proxy in proxies.items():
        assert f"typeid {typeid!r}" in repr(proxy)
        assert f"typeid {typeid!r}" in str(proxy)
        assert hash(proxy) == hashes[typeid]


def own_a_manager(test: Connection, method: str) -> None:
    manager = ManorManager(ctx=multiprocessing.get_context(method))
    manager.start()
    proxies = make_all(manager)
    test.send((manager.address, bytes(manager._authkey), manager._process.pid, pickle.dumps(proxies)))
    test.recv()


@contextlib.contextmanager
def owned_elsewhere(method: str) -> Iterator[tuple[Child, Any, Ending, dict[str, Any]]]:
    """A manager of another process: that process, ours to it, its server, and its objects."""
    with Child(MANOR_FORK.context, own_a_manager, method) as owner:
        address, key, pid, pickled = owner.hear()
        manager = ManorManager(address, key)
        manager.connect()
        with Ending(pid) as server:
            yield owner, manager, server, pickle.loads(pickled)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_after_a_sigkill_of_the_owner_every_operation_raises_in_every_process(method: str) -> None:
    with (
        owned_elsewhere(method) as (owner, manager, server, proxies),
        Child(MANOR_SPAWN.context, tell_survivors, proxies) as child,
    ):
        assert child.hear() == "ready"
        owner.kill()
        assert server.within(LIMIT_S)
        assert survivors(proxies, manager) == []
        child.tell()
        assert child.hear() == []


def waiting_for_the_end(test: Connection, numbers: Any) -> None:
    """Change a list until that fails; tell how."""
    test.send("ready")
    try:
        while True:
            numbers.append(1)
            numbers.pop()
    except Exception as error:
        test.send(error)


def test_a_loop_of_operations_ends_when_the_owner_is_killed() -> None:
    with (
        owned_elsewhere("fork") as (owner, _, _, proxies),
        Child(MANOR_FORK.context, waiting_for_the_end, proxies["list"]) as child,
    ):
        assert child.hear() == "ready"
        owner.kill()
        assert isinstance(child.hear(), ManagerDied)


def work_without_server(test: Connection, proxies: dict[str, Any], manager: Any) -> None:
    """Before and after the server's death: read, write, make, and pass on."""
    assert proxies["dict"]["a"] == 1
    test.send("ready")
    test.recv()
    assert proxies["dict"]["a"] == "from the test"
    assert proxies["list"].pop() == "from the test"
    proxies["dict"]["b"] = manager.list([1, 2, 3])
    proxies["Value"].add(5)
    proxies["set"].add("child")
    proxies["Array"][0] = 9
    proxies["Namespace"].b = "child"
    test.send(pickle.dumps(manager.dict(made="by the child")))
    test.recv()
    with pytest.raises(ManagerDied):
        len(proxies["dict"])
    test.send("done")


@pytest.mark.parametrize("subject", [MANOR_FORK], ids=["manor-fork"])
def test_after_a_sigkill_of_the_server_attached_processes_go_on_until_shutdown(subject: Subject) -> None:
    with subject.manager() as manager:
        proxies = make_all(manager)
        kept = manager.Keeper()
        with (
            Child(subject.context, work_without_server, proxies, manager) as child,
            Ending(manager._process.pid) as server,
        ):
            assert child.hear() == "ready"
            os.kill(server.pid, signal.SIGKILL)
            assert server.within(LIMIT_S)
            until(lambda: outcome_of("x.forget()", x=kept) is None)
            proxies["dict"]["a"] = "from the test"
            proxies["list"].append("from the test")
            child.tell()
            made = pickle.loads(child.hear())
            assert made.copy() == {"made": "by the child"}
            assert list(proxies["dict"]["b"]) == [1, 2, 3]
            assert (proxies["Value"].value, proxies["Array"][0], proxies["Namespace"].b) == (6, 9, "child")
            assert proxies["set"].copy() == {1, "child"}
            assert list(pickle.loads(pickle.dumps(manager.list(["made here"])))) == ["made here"]
            manager.shutdown()
            assert survivors(proxies) == []
            assert outcome_of("len(x)", x=made) is None
            child.tell()
            assert child.hear() == "done"
