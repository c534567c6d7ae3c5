"""What a server makes of chains that go through others: who waits for whom, and for how long that is known."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from manor._server.whole.remote_chains import arrived
from manor._server.whole.turns import Turn
from manor._wire import chains
from manor._wire.chains import take_chain
from manor.errors import WouldDeadlock

LIMIT_S = 60.0


def departure() -> Any:
    assert chains.depart is not None
    return chains.depart()


def told(departed: Any) -> tuple[list[bytes], bytes]:
    return take_chain(bytearray(departed.head))


def elsewhere(function: Callable[[], Any]) -> Any:
    """What a function returns in another thread, as in one that serves a call."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(function).result(LIMIT_S)


def enter(turn: Turn, tokens: list[bytes], text: bytes = b"", *, shared: bool = False) -> Any:
    """Enter a turn as part of a chain that has come; return what leaves from there."""
    with arrived(tokens, text):
        turn.enter("method", shared=shared)
        try:
            return told(departure())
        finally:
            turn.leave()


def test_nothing_departs_outside_of_any_chain() -> None:
    assert departure() is None


def test_what_departs_tells_what_runs_and_where() -> None:
    turn = Turn("thing 1", lambda: ("host", 5))
    turn.enter("method")
    tokens, text = told(departure())
    turn.leave()
    assert text == b"thing 1.method at host:5"
    assert len(tokens) == 1


def test_a_chain_that_comes_back_is_refused_for_as_long_as_it_is_waited_for() -> None:
    turn = Turn("thing")
    turn.enter("method")
    departed = departure()
    tokens, text = told(departed)
    with pytest.raises(WouldDeadlock, match=r"thing.method at  -> other.call -> thing.method"):
        elsewhere(lambda: enter(turn, tokens, text + b" -> other.call"))
    departed.end()
    late = ThreadPoolExecutor(1)
    waiting = late.submit(enter, turn, tokens)
    while not turn._line:
        pass
    assert not waiting.done()
    turn.leave()
    waiting.result(LIMIT_S)
    late.shutdown()


def test_who_gives_up_waiting_waits_for_nothing_of_it_any_more() -> None:
    one, two = Turn("one"), Turn("two")
    one.enter("method")
    departed = departure()
    tokens, _ = told(departed)
    with ThreadPoolExecutor(2) as threads:
        inside, leave = threading.Event(), threading.Event()

        def have_two() -> None:
            two.enter("method")
            inside.set()
            assert leave.wait(LIMIT_S)
            one.enter("method")
            one.leave()
            two.leave()

        having = threads.submit(have_two)
        assert inside.wait(LIMIT_S)
        coming = threads.submit(enter, two, tokens)
        while not two._line:
            pass
        departed.end()
        leave.set()
        while not one._line:
            pass
        one.leave()
        having.result(LIMIT_S)
        coming.result(LIMIT_S)


@pytest.mark.parametrize("count", [0, 1, 255])
def test_a_chain_that_was_made_up_harms_nobody(count: int) -> None:
    turn = Turn("thing")
    tokens = [os.urandom(16) for _ in range(count)]
    passed, text = elsewhere(lambda: enter(turn, tokens, b"made up"))
    assert passed[:-1] == tokens[-254:] or passed[:-1] == tokens
    assert text == b"made up -> thing.method at "
    turn.enter("method")
    turn.leave()


def test_a_server_has_one_token_in_a_chain_however_often_that_comes_by() -> None:
    foreign, turns = os.urandom(16), [Turn(f"thing {number}") for number in range(20)]

    def come_by(tokens: list[bytes], left: list[Turn]) -> None:
        with arrived(tokens, b""):
            left[0].enter("method")
            departed = departure()
            passed, _ = told(departed)
            assert len(passed) == 2
            assert passed[0] == foreign
            if left[1:]:
                elsewhere(lambda: come_by(passed, left[1:]))
            else:
                with pytest.raises(WouldDeadlock):
                    elsewhere(lambda: enter(turns[0], passed))
            departed.end()
            left[0].leave()

    come_by([foreign], turns)


def test_a_forked_child_is_part_of_no_chain() -> None:
    turn = Turn("thing")
    turn.enter("method")
    pid = os.fork()
    if pid == 0:
        os._exit(0 if departure() is None else 1)
    turn.leave()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
