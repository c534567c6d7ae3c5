"""How arrays and views of dicts travel: side effects of importing ``multiprocessing.managers`` that code relies on."""

from __future__ import annotations

import array
from multiprocessing.reduction import ForkingPickler
from typing import Any

__all__ = ["rebuild_as_list", "reduce_array"]


def reduce_array(values: array.array[Any]) -> tuple[Any, ...]:
    """Pickle an array as its bytes."""
    return array.array, (values.typecode, values.tobytes())


def rebuild_as_list(view: Any) -> tuple[Any, ...]:
    """Pickle a view of a dict as a list."""
    return list, (list(view),)


ForkingPickler.register(array.array, reduce_array)
_empty: dict[Any, Any] = {}
for _view in (_empty.items(), _empty.keys(), _empty.values()):
    ForkingPickler.register(type(_view), rebuild_as_list)
