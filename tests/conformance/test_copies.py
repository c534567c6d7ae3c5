"""A copy of a dict is what it was at one moment, while another process goes on changing it."""

from typing import Any

from tests.conformance.subjects import LIMIT_S, MANOR_FORK, MANOR_SERVED, MANOR_TCP, STANDARD_FORK, Subject, on

KEYS = list(range(1_000))
WATCHED = [*KEYS[::100], KEYS[-1]]


def count_up(counts: Any, is_over: Any) -> None:
    """Set one key after the other: none may ever be ahead of one before it."""
    count = 0
    while not is_over.is_set():
        for key in WATCHED:
            counts[key] = count
        count += 1


@on(MANOR_FORK, MANOR_SERVED, MANOR_TCP, STANDARD_FORK)
def test_a_copy_of_a_dict_is_one_moment(subject: Subject, manager: Any) -> None:
    counts, is_over = manager.dict(dict.fromkeys(KEYS, -1)), subject.context.Event()
    writer = subject.context.Process(target=count_up, args=(counts, is_over))
    writer.start()
    try:
        for _ in range(100):
            for found in (counts.copy(), dict(counts.items())):
                seen = [found[key] for key in WATCHED]
                assert seen == sorted(seen, reverse=True), "a later change, and not the one before"
                assert seen[0] - seen[-1] <= 1
    finally:
        is_over.set()
        writer.join(LIMIT_S)
    assert writer.exitcode == 0
