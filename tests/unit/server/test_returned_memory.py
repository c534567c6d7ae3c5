"""What is freed while nobody looks yet is returned to the system all the same."""

from types import SimpleNamespace

from manor._resident.creation import create
from manor._resident.dicts import Dict
from manor._server.residency import Residency
from tests.conformance.subjects import LIMIT_S, until


def test_memory_that_was_freed_before_the_server_ran_is_returned() -> None:
    where = SimpleNamespace(route=SimpleNamespace(server=b"16 bytes of test"), public_address="", ended=None, link=None)
    arena = create(where, 1 << 28, LIMIT_S)
    assert arena is not None
    before = arena.stats()["bytes_backed"]
    values = Dict(arena)
    values["large"] = bytes(100_000_000)
    del values["large"]
    assert arena.stats()["bytes_backed"] - before > 50_000_000
    residency = Residency(arena, arena.fileno(), LIMIT_S, SimpleNamespace())  # type: ignore[arg-type]
    try:
        residency.run_in(SimpleNamespace(after=lambda seconds, action: seconds < 1.0 and action()))  # type: ignore[arg-type]
        until(lambda: arena.stats()["bytes_backed"] - before < 20_000_000, LIMIT_S)
    finally:
        residency.end()
