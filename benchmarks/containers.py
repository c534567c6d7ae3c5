"""What does one operation on a standard type cost?"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from benchmarks.row import Opener, Row, Sampler, each
from benchmarks.subject import Subject


def operation(created: Callable[[Any], Any], done: Callable[[Any], object]) -> Opener:
    """Create an object with a manager, and time an operation on its proxy."""

    @contextmanager
    def opened(subject: Subject) -> Iterator[Sampler]:
        with subject.manager() as manager:
            yield each(partial(done, created(manager)))

    return opened


def hundred_keys(manager: Any) -> Any:
    return manager.dict({str(number): number for number in range(100)})


def set_value(value: Any) -> None:
    value.value = 7


def put_and_get(queue: Any) -> None:
    queue.put(7)
    queue.get()


def acquire_and_release(lock: Any) -> None:
    with lock:
        pass


ROWS = [
    Row("dict get", operation(hundred_keys, lambda d: d["50"]), calls=400),
    Row("dict set", operation(hundred_keys, lambda d: d.__setitem__("50", 7)), calls=400),
    Row("list append", operation(lambda m: m.list(), lambda x: x.append(7)), calls=400),
    Row("list index", operation(lambda m: m.list(range(100)), lambda x: x[50]), calls=400),
    Row("Namespace get", operation(lambda m: m.Namespace(a=7), lambda n: n.a), calls=400),
    Row("Value get", operation(lambda m: m.Value("i", 7), lambda v: v.value), calls=400),
    Row("Value set", operation(lambda m: m.Value("i", 7), set_value), calls=400),
    Row("Event is_set", operation(lambda m: m.Event(), lambda e: e.is_set()), calls=400),
    Row("Queue put and get", operation(lambda m: m.Queue(), put_and_get), calls=200),
    Row("Lock acquire and release", operation(lambda m: m.Lock(), acquire_and_release), calls=200),
]
