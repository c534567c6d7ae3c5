"""What do grouping and counting cost, with the types of the module `collections`?"""

import collections
from typing import Any

from benchmarks.hot import built_in, hot
from benchmarks.row import Row

_APPEND = "x['k'].append(7); x['k'].pop()"


def groups(manager: Any) -> Any:
    """A defaultdict, or what the standard library has that comes closest."""
    if hasattr(manager, "defaultdict"):
        return manager.defaultdict(list, k=[])
    return manager.dict(k=manager.list())


def counts(manager: Any) -> Any:
    """A counter, or a dict."""
    return manager.Counter(n=0) if hasattr(manager, "Counter") else manager.dict(n=0)


def ends(manager: Any) -> Any:
    """A deque, or a list."""
    return manager.deque([1, 2, 3]) if hasattr(manager, "deque") else manager.list([1, 2, 3])


ROWS = [
    Row(
        "defaultdict(list): d[k].append and pop", hot(_APPEND, groups), 100, 20,
        peers=(built_in(_APPEND, collections.defaultdict(list, k=[])),),
        note="the standard library has no defaultdict: a dict of list proxies, which has to be filled before",
    ),
    Row(
        "Counter: c.add(k)", hot("x.add('n')", counts, standard="x['n'] += 1"), 200, 200,
        peers=(built_in("x['n'] += 1", collections.Counter(n=0)),),
        note="the standard library has no Counter: x['n'] += 1 on a dict, which loses additions of others",
    ),
    Row(
        "deque: append and popleft", hot("x.append(7); x.popleft()", ends, standard="x.append(7); x.pop(0)"), 200, 50,
        peers=(built_in("x.append(7); x.popleft()", collections.deque([1, 2, 3])),),
        note="the standard library has no deque: append and pop(0) of a list",
    ),
]  # fmt: skip
