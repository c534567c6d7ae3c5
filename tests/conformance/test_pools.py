"""Pools of processes that a manager's server hosts."""

import inspect
import multiprocessing.pool
from typing import Any

import pytest

import manor.managers
from tests.conformance.subjects import LIMIT_S, MANOR_FORK, MANOR_TCP, STANDARD_FORK, Subject, on

METHODS = [name for name in manor.managers.BasePoolProxy._exposed_ if hasattr(multiprocessing.pool.Pool, name)]


@on(MANOR_FORK, MANOR_TCP, STANDARD_FORK)
def test_every_way_to_have_work_done(subject: Subject, manager: Any) -> None:
    with manager.Pool(2) as pool:
        assert pool.apply(abs, (-3,)) == 3
        assert pool.apply(int, ("11",), {"base": 2}) == 3
        assert pool.map(abs, [-1, -2, -3], chunksize=2) == [1, 2, 3]
        assert pool.starmap(pow, [(2, 3), (3, 2)]) == [8, 9]
        assert list(pool.imap(abs, [-1, -2])) == [1, 2]
        assert sorted(pool.imap_unordered(abs, [-1, -2], 1)) == [1, 2]
        assert pool.apply_async(abs, (-3,)).get(timeout=LIMIT_S) == 3
        assert pool.map_async(abs, [-1, -2]).get(timeout=LIMIT_S) == [1, 2]
        assert pool.starmap_async(pow, [(2, 3)]).get(timeout=LIMIT_S) == [8]
        with pytest.raises(ZeroDivisionError):
            pool.apply(divmod, (1, 0))
        with pytest.raises(ValueError, match="running"):
            pool.join()
        pool.close()
        with pytest.raises(ValueError, match="not running"):
            pool.apply(abs, (-3,))
        pool.join()


@on(MANOR_FORK, STANDARD_FORK)
def test_callbacks_are_called_in_the_servers_process(subject: Subject, manager: Any) -> None:
    results, errors = manager.list(), manager.list()
    with manager.Pool(1) as pool:
        pool.apply_async(abs, (-3,), callback=results.append).get(timeout=LIMIT_S)
        pool.map_async(abs, [-1, -2], callback=results.append).get(timeout=LIMIT_S)
        failing = pool.starmap_async(divmod, [(1, 0)], error_callback=errors.append)
        with pytest.raises(ZeroDivisionError):
            failing.get(timeout=LIMIT_S)
    assert list(results) == [3, [1, 2]]
    assert [type(error) for error in errors] == [ZeroDivisionError]


@pytest.mark.parametrize("name", METHODS)
def test_methods_look_as_those_of_a_pool_do(name: str) -> None:
    ours = inspect.signature(getattr(manor.managers.PoolProxy, name))
    theirs = inspect.signature(getattr(multiprocessing.pool.Pool, name))
    assert [(at.name, at.default, at.kind) for at in ours.parameters.values()] == [
        (at.name, at.default, at.kind) for at in theirs.parameters.values()
    ]
    assert inspect.getdoc(getattr(manor.managers.PoolProxy, name))


@pytest.mark.timeout(60)
@on(MANOR_FORK)
def test_pools_that_are_terminated_at_once_end(subject: Subject, manager: Any) -> None:
    for _ in range(20):
        with manager.Pool(2):  # a worker that lost the signal would be waited for, for ever
            pass
