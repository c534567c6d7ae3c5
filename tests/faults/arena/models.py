"""What operations on shared objects do, as functions from state to state and result: for the checker of histories."""

from typing import Any

__all__ = ["ABSENT", "item", "sequence", "value"]

ABSENT = "no item"


def item(state: Any, name: str, args: tuple[Any, ...]) -> tuple[Any, Any]:
    """One item of a dict; the state is its value, or ABSENT. Operations have the dict's names."""
    absent = bool(state == ABSENT)
    match name, args:
        case "get", ():
            return state, None if absent else state
        case "__contains__", ():
            return state, not absent
        case "__setitem__", (new,):
            return new, None
        case "pop", (default,):
            return ABSENT, default if absent else state
        case "setdefault", (new,):
            return (new, new) if absent else (state, state)
        case "compare_and_set", (expected, new):
            return (new, True) if state == expected else (state, False)
        case "add", (amount,):
            total = amount if absent else state + amount
            return total, total
    raise AssertionError(name)


def value(state: int, name: str, args: tuple[Any, ...]) -> tuple[int, Any]:
    """A Value."""
    match name, args:
        case "get", ():
            return state, state
        case "set", (new,):
            return new, None
    return item(state, name, args)


def sequence(state: tuple[Any, ...], name: str, args: tuple[Any, ...]) -> tuple[tuple[Any, ...], Any]:
    """A list; the state is a tuple. An `IndexError` is the result "IndexError"."""
    match name, args:
        case "append", (new,):
            return (*state, new), None
        case "insert", (0, new):
            return (new, *state), None
        case "pop", (0 | -1 as at,):
            if not state:
                return state, "IndexError"
            return (state[1:], state[0]) if at == 0 else (state[:-1], state[-1])
        case "__len__", ():
            return state, len(state)
        case "copy", ():
            return state, state
        case "extend", (new,):
            return state + tuple(new), None
        case "reverse", ():
            return state[::-1], None
    raise AssertionError(name)
