"""What does one operation cost in a hot loop, while another live process is attached to the same object?"""

import multiprocessing
import timeit
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.client import client
from benchmarks.row import Opener, Peer, Row, Sampler
from benchmarks.stores import lmdb_dict, ultra_dict
from benchmarks.subject import Subject

BATCHES = 5
FASTER = 100  # so many operations of ours take about as long as one of the standard library's
TEXT, DATA = "x" * 100, b"x" * 100
KEYS = 100_000


def loop(statement: str, names: dict[str, Any], factor: int = 1) -> Sampler:
    """Time batches of a statement; a figure is the time of a batch divided by its length."""
    timer = timeit.Timer(statement, globals=names)

    def sample(calls: int) -> list[float]:
        number = max(1, calls // BATCHES) * factor
        return [timer.timeit(number) * 1e6 / number for _ in range(BATCHES)]

    return sample


def hold(proxy: Any, orders: Any) -> None:
    """Be attached to the object until told to end."""
    str(proxy)
    orders.send(None)
    orders.recv()


def factor_of(subject: Subject) -> int:
    return 1 if subject.package == "multiprocessing" else FASTER


def hot(statement: str, make: Callable[[Any], Any], standard: str = "", **names: Any) -> Opener:
    """Time a statement about the object `x`; *standard* is what the standard library has instead."""

    @contextmanager
    def opened(subject: Subject) -> Iterator[Sampler]:
        is_standard = subject.package == "multiprocessing"
        with subject.manager() as manager:
            proxy = make(manager)
            with client(hold, proxy) as orders:
                orders.recv()
                yield loop(
                    standard if is_standard and standard else statement, {"x": proxy, **names}, factor_of(subject)
                )

    return opened


def built_in(statement: str, value: Any, at_most: float | None = None, **names: Any) -> Peer:
    """The same statement about an object of this process alone."""

    @contextmanager
    def opened(_: Subject) -> Iterator[Sampler]:
        yield loop(statement, {"x": value, **names}, FASTER)

    return Peer(f"the built-in {type(value).__name__}", opened, at_most)


@contextmanager
def locked_value(_: Subject) -> Iterator[Sampler]:
    value = multiprocessing.Value("q", 0)
    yield loop("with x.get_lock(): x.value += 1", {"x": value}, FASTER)


def beside(name: str, statement: str, make: Callable[[Any], Any], bar: float, value: Any, **names: Any) -> Row:
    """A row with the same statement about a built-in object, *value*."""
    return Row(name, hot(statement, make, **names), 200, bar, peers=(built_in(statement, value, **names),))


def rows_of_value(name: str, value: Any, bar: float) -> list[Row]:
    """Reading and writing one kind of value."""

    def one(manager: Any) -> Any:
        return manager.dict(k=value)

    return [
        beside(f"hot: d[k], {name}", "x['k']", one, bar, {"k": value}),
        beside(f"hot: d[k] = {name}", "x['k'] = v", one, bar, {}, v=value),
    ]


def tuple_keys(manager: Any) -> Any:
    return manager.dict({(number, str(number)): number for number in range(KEYS)})


HIT, MISS = (KEYS // 2, str(KEYS // 2)), (KEYS // 2, "no")
IN_PROCESS = {(number, str(number)): number for number in range(KEYS)}

ROWS = [
    Row(
        "hot: d[k], int", hot("x['a']", lambda m: m.dict(a=7)), 200, 150,
        peers=(built_in("x['a']", {"a": 7}, 2.8), lmdb_dict("read", loop, 1), ultra_dict("x['a']", loop, 1)),
    ),
    Row(
        "hot: d[k] = int", hot("x['a'] = 7", lambda m: m.dict(a=7)), 200, 150,
        peers=(built_in("x['a'] = 7", {"a": 7}, 5), lmdb_dict("write", loop, 1), ultra_dict("x['a'] = 7", loop, 1)),
    ),
    *rows_of_value("str of 100", TEXT, 100),
    *rows_of_value("bytes of 100", DATA, 100),
    *rows_of_value("small tuple", (1, "two", 3.0), 15),
    *rows_of_value("small dict", {"a": 1, "b": "two"}, 15),
    beside("hot: d[tuple] of 100,000, hit", "x[k]", tuple_keys, 15, IN_PROCESS, k=HIT),
    beside("hot: d.get(tuple) of 100,000, miss", "x.get(k)", tuple_keys, 15, IN_PROCESS, k=MISS),
    beside("hot: k in d", "'a' in x", lambda m: m.dict(a=7), 200, {"a": 7}),
    beside("hot: len(d)", "len(x)", lambda m: m.dict(a=7), 200, {"a": 7}),
    beside("hot: list index", "x[50]", lambda m: m.list(range(100)), 200, [*range(100)]),
    beside("hot: list append and pop", "x.append(7); x.pop()", lambda m: m.list(), 100, []),
    Row("hot: Value.value", hot("x.value", lambda m: m.Value("q", 7)), 200, 200),
    Row("hot: ns.x", hot("x.x", lambda m: m.Namespace(x=7)), 200, 150),
    Row(
        "hot: d.add(k, 1)", hot("x.add('n', 1)", lambda m: m.dict(n=0), standard="x['n'] += 1"), 200,
        peers=(Peer("multiprocessing.Value under its lock", locked_value, 0.25),),
        note="the standard library has no such method: x['n'] += 1, which loses additions of others",
    ),
]  # fmt: skip
