"""The places kept for children before a fork: who holds what until a child has taken its own, or never does."""

import gc
from multiprocessing.connection import Connection
from typing import Any

from manor import _native
from tests.conformance.children import forked
from tests.unit.resident.arenas import make_arena


def test_places_that_no_child_takes_are_given_back_when_a_child_would_have_had_time() -> None:
    arena = make_arena()
    for _ in range(300):  # as if each fork failed: more than there are places
        assert arena.before_fork(0.0)
    assert arena.stats()["slots"] == 2
    assert arena.before_fork(60.0)
    assert arena.before_fork(60.0)
    assert arena.stats()["slots"] == 3


def test_a_place_that_a_child_took_stays_its_own_however_long_ago_that_was() -> None:
    arena = make_arena()
    shared = _native.Dict(arena)
    assert arena.before_fork(0.0)

    def work(pipe: Connection) -> bool:
        taken = arena.after_fork_in_child()
        pipe.send(taken)
        pipe.recv()
        shared["child"] = 1
        return True

    with forked(work) as child:
        assert child.hear()
        assert arena.before_fork(0.0)
        child.tell()
        assert child.hear()
    assert shared["child"] == 1


def test_a_child_holds_what_another_thread_made_while_its_parent_was_about_to_fork() -> None:
    arena = make_arena()
    assert arena.before_fork()
    made = [_native.Dict(arena)]

    def work(pipe: Connection) -> Any:
        arena.after_fork_in_child()
        pipe.send("has it")
        pipe.recv()
        made[0]["a"] = 1
        return made[0]["a"]

    with forked(work) as child:
        arena.after_fork_in_parent()
        later = _native.Dict(arena)
        assert child.hear() == "has it"
        made.clear()
        del later
        gc.collect()
        assert len(arena.objects()) == 1
        child.tell()
        assert child.hear() == 1
