"""Bounds that a server and its clients keep: on messages, on handshakes, and on how many of those at a time."""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest

import manor
from manor._transport.preamble import Proof, pack_client
from manor._wire.introduction import Role
from manor._wire.tokens import Route, Token
from manor.limits import Limits
from manor.managers import AutoProxy
from tests.faults.stage import Attacked, attacked, client
from tests.faults.strangers import LIMIT_S, Stranger, frame, hello, process_of_strangers

MESSAGE_BYTES_MAX = 100_000
HANDSHAKE_S = 0.4
LATE_S = 4.0  # how much later a busy machine may hang up; without a limit of its own a handshake may take 10 s
PENDING_MAX = 3
SMALL = Limits(message_bytes_max=MESSAGE_BYTES_MAX, handshake_s=HANDSHAKE_S, pending_handshakes_max=PENDING_MAX)

over = pytest.mark.parametrize("over", ["tcp", "path"])


@pytest.fixture(scope="module", params=["fork", "spawn"])
def server(request: pytest.FixtureRequest) -> Iterator[Attacked]:
    with attacked(SMALL, request.param) as found:
        yield found


def keeper_over(server: Attacked, over: str, limits: Limits) -> Any:
    """A context with a proxy for a client with limits of its own; a Unix socket takes the key as well."""
    return client(getattr(server, over), limits)


# Messages


@over
def test_an_argument_that_is_too_large_for_both_is_not_sent(server: Attacked, over: str) -> None:
    with keeper_over(server, over, SMALL) as manager:
        keeper = manager.Keeper()
        too_large(keeper.echo, bytes(MESSAGE_BYTES_MAX))
        assert keeper.echo(bytes(MESSAGE_BYTES_MAX // 2)) == bytes(MESSAGE_BYTES_MAX // 2)
        assert keeper.echo(1) == 1
    server.check_unharmed()


@over
def test_an_argument_that_is_too_large_for_the_server_alone_is_its_clients_error(server: Attacked, over: str) -> None:
    with keeper_over(server, over, Limits()) as manager:
        keeper = manager.Keeper()
        for size in (MESSAGE_BYTES_MAX, 10 * MESSAGE_BYTES_MAX, 10_000_000):
            too_large(keeper.echo, bytes(size))
            assert keeper.echo(1) == 1
    server.check_unharmed()


@over
def test_a_result_that_is_too_large_for_the_server_is_an_error_of_the_method(server: Attacked, over: str) -> None:
    with keeper_over(server, over, Limits()) as manager:
        keeper = manager.Keeper()
        for size in (MESSAGE_BYTES_MAX, 10_000_000):
            too_large(keeper.make, size)
            assert keeper.make(10) == bytes(10)
    server.check_unharmed()


@over
def test_a_result_that_is_too_large_for_the_client_is_its_own_error(server: Attacked, over: str) -> None:
    with keeper_over(server, over, Limits(message_bytes_max=MESSAGE_BYTES_MAX // 10)) as manager:
        keeper = manager.Keeper()
        too_large(keeper.make, MESSAGE_BYTES_MAX // 2, limit=MESSAGE_BYTES_MAX // 10)
        assert keeper.make(10) == bytes(10)
    server.check_unharmed()


def too_large(call: Callable[[Any], object], argument: Any, limit: int = MESSAGE_BYTES_MAX) -> None:
    size = argument if isinstance(argument, int) else len(argument)
    with pytest.raises(manor.MessageTooLarge) as caught, manor.deadline(LIMIT_S):
        call(argument)
    assert isinstance(caught.value, ValueError)
    numbers = [int(word) for word in str(caught.value).replace(",", "").replace(";", "").split() if word.isdigit()]
    assert limit in numbers, str(caught.value)
    assert any(size <= number < size + 1_000 for number in numbers), str(caught.value)
    assert "message_bytes_max" in str(caught.value)


def test_the_largest_message_is_taken_and_one_byte_more_is_not(server: Attacked) -> None:
    keeper = server.keeper
    overhead = overhead_of(keeper)
    largest = bytes(MESSAGE_BYTES_MAX - overhead)
    assert keeper.echo(largest) == largest
    too_large(keeper.echo, largest + b"x")
    server.check(1)


def overhead_of(keeper: Any) -> int:
    """How many bytes a call adds to its argument, as the error for one that is too large tells."""
    with pytest.raises(manor.MessageTooLarge) as caught:
        keeper.echo(bytes(2 * MESSAGE_BYTES_MAX))
    numbers = [int(word) for word in str(caught.value).replace(";", "").split() if word.isdigit()]
    return max(numbers) - 2 * MESSAGE_BYTES_MAX


# Handshakes


def stages(process: bytes) -> dict[str, bytes]:
    """How far a stranger gets before it falls silent."""
    same_user, key = pack_client(Proof.SAME_USER), pack_client(Proof.KEY)
    return {
        "nothing": b"",
        "half a preamble": same_user[:5],
        "a preamble": same_user,
        "a preamble for a key": key,
        "half a handshake": key + bytes(20),
        "half a length": same_user + b"\x10\x00\x00",
        "half an introduction": same_user + frame(hello(Role.SESSION, process))[:30],
        "a length": same_user + b"\x00\x02\x00\x00\x00\x00\x00\x00",
    }


@over
@pytest.mark.parametrize("stage", stages(bytes(16)))
def test_a_silent_stranger_is_hung_up_on(server: Attacked, over: str, stage: str) -> None:
    with Stranger(getattr(server, over)) as stranger:
        start = time.monotonic()
        stranger.say([stages(os.urandom(16))[stage]])
        server.check(1)
        stranger.hear_end()
        if not (over == "tcp" and "introduction" in stage) and stage not in ("a preamble", "half a length", "a length"):
            assert time.monotonic() - start > HANDSHAKE_S / 2
        assert time.monotonic() - start < HANDSHAKE_S + LATE_S
    server.check_unharmed()


@over
@pytest.mark.parametrize("entry", [pack_client(Proof.KEY) + bytes(100), bytes(100)], ids=["key", "zeros"])
def test_a_slow_stranger_is_hung_up_on(server: Attacked, over: str, entry: bytes) -> None:
    with Stranger(getattr(server, over)) as stranger:
        start = time.monotonic()
        stranger.say_slowly(entry, HANDSHAKE_S / 8)
        stranger.hear_end()
        assert time.monotonic() - start < HANDSHAKE_S + LATE_S
    server.check_unharmed()


@over
def test_too_many_strangers_at_a_time_are_sent_away_and_told_why(server: Attacked, over: str) -> None:
    address = getattr(server, over)
    with ExitStack() as stack:
        for _ in range(PENDING_MAX):
            stack.enter_context(Stranger(address))
        refused_as_busy(server, address)
        server.check(1)
    until_welcome(server, address)
    server.check_unharmed()


def refused_as_busy(server: Attacked, address: Any) -> None:
    """The strangers are taken in the order in which they came, so by now the server is busy with them."""
    with pytest.raises(manor.ServerBusy, match="too many connections"), client(address):
        pass


def until_welcome(server: Attacked, address: Any) -> None:
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end:
        try:
            with client(address) as manager:
                assert manager.Keeper().echo(1) == 1
                return
        except manor.ServerBusy:
            continue
    pytest.fail("the server stays busy")


def test_a_new_thread_of_a_client_is_told_that_the_server_is_busy(server: Attacked) -> None:
    with ExitStack() as stack, ThreadPoolExecutor(1) as pool:
        for _ in range(PENDING_MAX):
            stack.enter_context(Stranger(server.path))
        with pytest.raises(manor.ServerBusy):
            pool.submit(server.keeper.echo, 1).result(LIMIT_S)
        server.check(2)
    server.check_unharmed()


def test_many_clients_that_have_introduced_themselves_are_no_strangers(server: Attacked) -> None:
    with process_of_strangers(server.path) as process, ExitStack() as stack:
        for _ in range(3 * PENDING_MAX):
            stranger = stack.enter_context(Stranger(server.path))
            stranger.enter(Role.SESSION, process)
        until_welcome(server, server.tcp)
    server.check_unharmed()


# Forged tokens


def proxy_for(token: Any, **changes: Any) -> Any:
    """A proxy for a token that somebody has changed."""
    parts = {"typeid": token.typeid, "address": token.address, "id": token.id, "route": token.route, **changes}
    return AutoProxy(Token(**parts), "pickle", exposed=("echo",))


@pytest.mark.parametrize(
    "forged", ["deadbeef", "7fffffffffffffff", "ffffffffffffffff", f"{2**64:x}", "-1", "no number"]
)
def test_a_forged_token_names_no_object(server: Attacked, forged: str) -> None:
    real = server.keeper._token
    with pytest.raises(manor.ObjectGone) as caught:
        proxy_for(real, id=forged).echo(1)
    assert isinstance(caught.value, KeyError)
    assert forged in str(caught.value)
    server.check(1)


def test_a_token_of_another_server_is_not_mistaken_for_one_of_this(server: Attacked) -> None:
    real = server.keeper._token
    with pytest.raises(manor.ManagerDied, match="another one listens"):
        proxy_for(real, route=Route(os.urandom(16), *real.route[1:]))
    server.check(1)


def test_the_server_itself_is_no_object_of_a_token(server: Attacked) -> None:
    real = server.keeper._token
    with pytest.raises((manor.ObjectGone, manor.NotExposed)):
        proxy_for(real, id="0").echo(1)
    server.check(1)
