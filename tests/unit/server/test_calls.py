import gc
import threading
import weakref

from manor._server.calls import Call, Caller, as_current, bury, caller, current, is_dead, set_current
from manor._server.waiting import Cancellation
from tests.unit.server.clients import ClientProcess, clients


def make_call() -> Call:
    return Call(ClientProcess(), 1, Cancellation())


def test_a_thread_of_the_servers_own_carries_out_no_call() -> None:
    assert current() is None


def test_a_call_is_current_inside_its_block_and_the_outer_one_again_after_it() -> None:
    outer, inner = make_call(), make_call()
    with as_current(outer) as entered:
        assert entered is outer
        with as_current(inner):
            assert current() is inner
        assert current() is outer
        with as_current(None):
            assert current() is None
    assert current() is None


def test_a_call_is_current_in_its_own_thread_only() -> None:
    set_current(make_call())
    try:
        with clients(1) as (client,):
            assert client.run(lambda: current() is not None)
        seen: list[Call | None] = []
        thread = threading.Thread(target=lambda: seen.append(current()))
        thread.start()
        thread.join()
        assert seen == [None]
    finally:
        set_current(None)


def test_the_caller_is_the_clients_thread_whichever_server_thread_serves_it() -> None:
    call = make_call()
    with as_current(call):
        here = caller()
    there: list[Caller] = []

    def elsewhere() -> None:
        with as_current(call):
            there.append(caller())

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert there == [here] == [Caller(call.process, 1)]


def test_threads_of_the_server_are_never_taken_for_each_other_even_if_the_system_reuses_their_ident() -> None:
    seen: list[Caller] = []
    for _ in range(20):
        thread = threading.Thread(target=lambda: seen.extend((caller(), caller())))
        thread.start()
        thread.join()
    assert len(set(seen)) == 20
    assert all(one.process is None for one in seen)


def test_a_buried_process_is_dead_and_others_are_not() -> None:
    dead, alive = ClientProcess(), ClientProcess()
    bury(dead)
    bury(dead)
    assert is_dead(dead)
    assert not is_dead(alive)
    assert not is_dead(None)


def test_a_buried_process_is_forgotten_when_nobody_knows_it_any_more() -> None:
    process = ClientProcess()
    bury(process)
    gone = weakref.ref(process)
    del process
    gc.collect()
    assert gone() is None
