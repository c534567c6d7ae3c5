import threading

from manor._server.waiting import wait_until
from tests.unit.server.clients import clients, watch


def test_who_is_woken_in_vain_keeps_its_place() -> None:
    condition, turns = threading.Condition(threading.Lock()), list[str]()
    until_waiting = watch(condition)
    is_free = False

    def take(name: str) -> None:
        nonlocal is_free
        with condition:
            wait_until(condition, lambda: is_free)
            is_free = False
            turns.append(name)

    def free() -> None:
        nonlocal is_free
        with condition:
            is_free = True
            condition.notify()

    with clients(2) as (first, second):
        one = first.start(take, "first")
        until_waiting(1)
        other = second.start(take, "second")
        until_waiting(2)
        with condition:
            condition.notify()  # somebody else was faster
        until_waiting(2)
        free()
        one.result()
        free()
        other.result()
    assert turns == ["first", "second"]
