"""A signal handler that runs in a wait may use what is waited for, as with `threading`."""

import signal
import threading
from typing import Any

from tests.conformance.children import forked
from tests.conformance.subjects import CONTAINERS, LIMIT_S, Subject, on, until


def notified_by_own_handler(condition: Any) -> bool:
    """Wait in this process's main thread, and notify by a signal that comes as soon as it does."""

    def notify(*_: object) -> None:
        with condition:
            condition.notify()

    def interrupt() -> None:
        until(lambda: condition.waiters)
        signal.pthread_kill(main, signal.SIGUSR1)

    main = threading.get_ident()
    signal.signal(signal.SIGUSR1, notify)
    interrupting = threading.Thread(target=interrupt)
    with condition:
        interrupting.start()
        notified = bool(condition.wait(LIMIT_S))
    interrupting.join()
    return notified


@on(*CONTAINERS)
def test_a_handler_may_notify_the_condition_in_whose_wait_it_runs(subject: Subject, manager: Any) -> None:
    condition = manager.Condition()
    with forked(lambda _: notified_by_own_handler(condition)) as child:
        assert child.hear() is True
    with condition:
        assert condition.waiters == []
