"""Messages of every size: right bytes come back, and over TCP they cost what their bytes cost."""

import hashlib
import multiprocessing.managers
import os
import random
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from tests.conformance.relay import relay
from tests.conformance.subjects import (
    KEY,
    MANOR,
    MANOR_FORK,
    MANOR_SPAWN,
    MANOR_TCP,
    STANDARD_FORK,
    ManorManager,
    Subject,
    on,
    register,
    run_in_child,
    standard_library_fails,
)

# Where packets, buffers, encrypted segments and mailboxes end; a message has some 40 bytes besides its value.
BOUNDARIES = (1448, 4096, 16384, 65519, 65535, 65536, 131072)
AROUND = tuple(boundary + off for boundary in BOUNDARIES for off in (-50, -40, -17, -1, 0, 1, 17))
POWERS = (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000)
STALL_S = 0.040  # a delayed acknowledgement, which a message in two packets waits for
TRIPS = 7

STANDARD_TCP = Subject("standard-tcp", multiprocessing.managers, "fork", over_tcp=True)


class Mirror:
    """Gives back what it gets."""

    def echo(self, value: object) -> object:
        return value

    def digest(self, data: bytes) -> str:
        return hashlib.sha256(data).hexdigest()

    def make_zeros(self, size: int) -> bytes:
        return bytes(size)

    def make(self, seed: int, size: int) -> bytes:
        return random.Random(seed).randbytes(size)  # noqa: S311 no secret


register("Mirror", Mirror)


def trip_s(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def median_trip_s(function: Callable[[], object]) -> float:
    return statistics.median(trip_s(function) for _ in range(TRIPS))


def is_stalled(function: Callable[[], object]) -> bool:
    """Whether every other trip takes as long as a stall, three times over: a busy machine has better moments."""
    return all(median_trip_s(function) > STALL_S / 2 for _ in range(3))


@on(*MANOR)
@pytest.mark.parametrize("size", [*POWERS, 10_000_000])
def test_a_message_of_any_size_comes_back_as_it_was(
    subject: Subject, manager: Any, size: int, seed: int, rng: random.Random
) -> None:
    mirror = manager.Mirror()
    data = rng.randbytes(size)
    assert mirror.echo(data) == data
    assert mirror.digest(data) == hashlib.sha256(data).hexdigest()
    assert mirror.make(seed, size) == Mirror().make(seed, size)


@on(*MANOR)
def test_sizes_where_buffers_end_come_back_as_they_were(subject: Subject, manager: Any, rng: random.Random) -> None:
    mirror = manager.Mirror()
    for size in AROUND:
        data = rng.randbytes(size)
        assert mirror.echo(data) == data, size
        assert mirror.digest(data) == hashlib.sha256(data).hexdigest(), size


@on(*MANOR)
def test_100_megabytes_come_back_as_they_were(subject: Subject, manager: Any) -> None:
    mirror = manager.Mirror()
    data = bytes(range(256)) * 390_625
    assert len(data) == 100_000_000
    assert mirror.echo(data) == data
    assert mirror.echo(1) == 1


def check_no_stalls(mirror: Any) -> None:
    mirror.echo(0)  # the session is open
    for size in (*POWERS[:-1], *AROUND):
        data = bytes(size)
        for method, argument in ((mirror.echo, data), (mirror.digest, data), (mirror.make_zeros, size)):
            assert not is_stalled(partial(method, argument)), size


@on(*MANOR)
def test_no_message_waits_for_an_acknowledgement(subject: Subject, manager: Any) -> None:
    check_no_stalls(manager.Mirror())


@on(*MANOR)
def test_no_call_waits_for_the_acknowledgement_of_what_went_before_it(subject: Subject, manager: Any) -> None:
    items, kept = manager.Queue(), [manager.Mirror()]
    items.put(0)

    def confirmed() -> None:
        items.put(items.get())  # the client confirms that it has the item, and then calls again

    def created() -> None:
        kept.append(manager.Mirror())

    def dropped() -> None:
        kept.pop()  # nobody answers that
        items.qsize()

    for step in (confirmed, created, dropped):
        assert not is_stalled(step), step.__name__


def check_no_stalls_at(address: tuple[str, int]) -> None:
    manager = ManorManager(address, KEY)
    manager.connect()
    check_no_stalls(manager.Mirror())


@on(MANOR_TCP)
def test_no_message_of_another_process_waits_for_an_acknowledgement(subject: Subject, manager: Any) -> None:
    run_in_child(subject.context, check_no_stalls_at, manager.address)


@standard_library_fails("header and value are two packets, 40 ms apart", on=(MANOR_TCP, STANDARD_TCP))
def test_20_kilobytes_on_a_settled_connection_do_not_wait_either(subject: Subject) -> None:
    with subject.manager() as manager:
        mirror, data = manager.Mirror(), bytes(20_000)
        for _ in range(20):  # a young connection is acknowledged at once
            mirror.echo(data)
        assert not is_stalled(lambda: mirror.echo(data))


@on(*MANOR)
def test_messages_cost_what_their_bytes_cost(subject: Subject, manager: Any) -> None:
    mirror = manager.Mirror()
    small, large = bytes(1_000_000), bytes(10_000_000)
    seconds = median_trip_s(lambda: mirror.digest(small))
    assert median_trip_s(lambda: mirror.digest(large)) < 40 * seconds + STALL_S


@on(MANOR_TCP)
def test_100_megabytes_cost_what_their_bytes_cost(subject: Subject, manager: Any) -> None:
    mirror = manager.Mirror()
    tenth, whole = bytes(10_000_000), bytes(100_000_000)
    seconds = median_trip_s(lambda: mirror.digest(tenth))
    assert min(trip_s(lambda: mirror.digest(whole)) for _ in range(3)) < 40 * seconds + STALL_S


@on(*MANOR)
@pytest.mark.parametrize("shape", [(0,), (1,), (2_047,), (2_048,), (2_049,), (100, 1_000), (3, 0, 5)])
def test_arrays_come_back_as_they_were(
    subject: Subject, manager: Any, shape: tuple[int, ...], rng: random.Random
) -> None:
    array = np.random.default_rng(rng.getrandbits(32)).random(shape)
    found = manager.Mirror().echo(array)
    assert found.dtype == array.dtype
    assert found.shape == shape
    assert np.array_equal(found, array)
    found += 1  # what arrives can be written to
    assert np.array_equal(found, array + 1)


@on(*MANOR)
def test_several_arrays_of_a_value_stay_apart(subject: Subject, manager: Any) -> None:
    value: dict[str, Any] = {
        "a": np.arange(5_000),
        "b": [np.ones((300, 300), order="F"), bytearray(b"x" * 70_000), b"y" * 70_000],
        "c": 1,
    }
    found = manager.Mirror().echo(value)
    assert np.array_equal(found["a"], value["a"])
    assert np.array_equal(found["b"][0], np.ones((300, 300)))
    assert found["b"][0].flags.f_contiguous
    assert found["b"][1:] == [bytearray(b"x" * 70_000), b"y" * 70_000]
    assert found["c"] == 1


@standard_library_fails("two connections, each with a mutual challenge", on=(MANOR_FORK, MANOR_SPAWN, STANDARD_FORK))
def test_creating_an_object_is_one_round_trip(subject: Subject) -> None:
    with subject.manager_class(("127.0.0.1", 0), KEY, ctx=subject.context) as served, relay(served.address) as middle:
        client = subject.manager_class(middle.address, KEY)
        client.connect()
        kept = [client.Mirror()]  # opens this thread's session
        before = middle.answers()
        kept += [client.Mirror() for _ in range(10)]
        assert middle.answers() - before == 10
        assert len({proxy._id for proxy in kept}) == 11
        del kept


@on(MANOR_FORK)
def test_calls_are_one_round_trip_each_and_one_connection_for_all(subject: Subject) -> None:
    with ManorManager(("127.0.0.1", 0), KEY) as served, relay(served.address) as middle:  # type: ignore[arg-type]
        client = ManorManager(middle.address, KEY)
        client.connect()
        mirror = client.Mirror()
        before, connections = middle.answers(), len(middle.conversations)
        for number in range(10):
            assert mirror.echo(number) == number
        assert middle.answers() - before == 10
        assert len(middle.conversations) == connections


@on(MANOR_FORK)
def test_what_goes_over_tcp_cannot_be_read_on_the_way(subject: Subject) -> None:
    secret = os.urandom(24).hex().encode()
    with ManorManager(("127.0.0.1", 0), KEY) as served, relay(served.address) as middle:  # type: ignore[arg-type]
        client = ManorManager(middle.address, KEY)
        client.connect()
        assert client.Mirror().echo(secret) == secret
        everything = b"".join(bytes(data) for one in middle.conversations for _, data in one.pieces)
    assert len(everything) > 1_000
    for known in (secret, KEY, b"echo", b"Mirror", b"create"):
        assert known not in everything
