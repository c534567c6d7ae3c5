"""Types of `collections` and deep containers in children for which the arena has no slot: all by the server."""

import collections
from contextlib import ExitStack
from multiprocessing.connection import Connection
from typing import Any

from manor import to_local
from manor.managers import CounterProxy, DequeProxy
from tests.conformance.children import forked
from tests.conformance.collections_subjects import FORK
from tests.faults.arena.test_forks_and_slots import taken_by_a_child
from tests.faults.arena.test_forks_without_a_slot import quiet


def test_what_was_inherited_works_through_the_server() -> None:
    with ExitStack() as stack:
        manager = stack.enter_context(FORK.manager())
        recent, counts = manager.deque([1, 2]), manager.Counter("aab")
        groups, shared = manager.defaultdict(list), manager.dict(deep=True)
        stack.enter_context(taken_by_a_child(manager._process.pid, manager.stats()["bytes_reserved"]))

        def work(_: Connection) -> list[Any]:
            recent.appendleft(0)
            recent.rotate(1)
            counts.update("b")
            groups["k"].append(1)
            groups["k"].append(2)
            shared["a"] = {"list": [1]}
            shared["a"]["list"].append(2)
            return [
                list(recent), recent.maxlen, recent == collections.deque([2, 0, 1]), isinstance(recent, DequeProxy),
                counts["missing"], counts.most_common(1), counts + counts, isinstance(counts, CounterProxy),
                to_local(groups), groups.default_factory, to_local(shared), to_local(counts),
            ]  # fmt: skip

        with forked(quiet(work)) as child:
            found, warned = child.hear()
        assert found == [
            [2, 0, 1], None, True, True, 0, [("a", 2)], collections.Counter(a=4, b=4), True,
            {"k": [1, 2]}, list, {"a": {"list": [1, 2]}}, collections.Counter(a=2, b=2),
        ]  # fmt: skip
        assert len(warned) == 1
        assert groups["k"] == [1, 2]
        assert shared["a"]["list"] == [1, 2]
