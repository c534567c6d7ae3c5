"""What an adapter is: replacements for the methods of one hosted object that block or take."""

import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from manor._server.calls import Process, bury
from manor._server.waiting import wait_on

Method = Callable[..., Any]


class Adapter:
    """Stands between the server and an object of the standard library that a user registered.

    The base replaces no method: some objects only need their waits made cancellable.
    """

    def __init__(self) -> None:
        self._methods: dict[str, Method] = {}

    def method(self, name: str) -> Method | None:
        """What the server calls in place of the object's method `name`; None: the object's own."""
        return self._methods.get(name)

    def release_dead(self, process: Process) -> None:
        """Give back what `process`, which died abnormally, held. From any thread, any number of times."""
        bury(process)

    def _replace(self, subject: object, base: type, methods: dict[str, Method]) -> None:
        """Replace those methods that `subject` has from `base` unchanged; the user's own are left alone."""
        self._methods.update((name, method) for name, method in methods.items() if is_stock(subject, base, (name,)))


def is_stock(subject: object, base: type, names: Iterable[str]) -> bool:
    """Whether neither a subclass nor the object itself has replaced any of these methods of `base`."""
    shadows = getattr(subject, "__dict__", {})
    return all(
        name not in shadows and getattr(type(subject), name, None) is getattr(base, name, subject) for name in names
    )


def make_cancellable(condition: threading.Condition, forward: Callable[[], object] | None = None) -> None:
    """Have the waits on a condition inside an object of the standard library end with the call that waits.

    The standard library's own code goes on calling `condition.wait`, in every thread and with the locks and
    loops of its version of Python, but finds `wait_on` there. To threads without a call that is the same. A
    condition whose class has its own `wait` is left alone.
    """
    if is_stock(condition, threading.Condition, ("wait",)):
        vars(condition)["wait"] = partial(wait_on, condition, forward=forward)


def condition_of(subject: object) -> threading.Condition:
    """What the standard library's semaphores, events, barriers and iterators of pools wait on."""
    condition: threading.Condition = subject._cond  # type: ignore[attr-defined]
    return condition
