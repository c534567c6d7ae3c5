"""What has a value that can be changed in one step, for the tests of that."""

from typing import Any

Holder = tuple[Any, tuple[Any, ...]]
"""A proxy, and where in it the value is: its key or index, or nothing for a `Value`."""


def holders(manager: Any, value: Any) -> list[Holder]:
    """A dict, a list and a `Value` of the manager's."""
    return [(manager.dict(a=value), ("a",)), (manager.list([None, value]), (1,)), (manager.Value("i", value), ())]


def value_of(holder: Holder) -> Any:
    proxy, where = holder
    return proxy[where[0]] if where else proxy.get()


def increased(value: Any) -> Any:
    return value + 1
