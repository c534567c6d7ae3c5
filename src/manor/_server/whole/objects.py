"""How one object that is hosted whole is called: in its turn, by any name that its class has."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from manor._server.whole.classes import HostedClass, Marks
from manor._server.whole.operations import OPERATIONS, deputy_of, is_remote_function, public_name
from manor._server.whole.turns import Turn
from manor._wire.answers import ITSELF, Method
from manor._wire.shapes import OPERATORS
from manor.errors import NotExposed

if TYPE_CHECKING:
    from manor._server.dispatch import Dispatcher, Grantee
    from manor._server.objects import Hosted

__all__ = ["Whole"]

_SCALARS: Final = frozenset((type(None), bool, int, float, str, bytes))
_COPIED: Final = frozenset((list, dict, tuple, set, frozenset, bytearray))
_NO_MARKS: Final = Marks(False, False)
_NOTHING: Final[set[str]] = set()


def _granting() -> Any:
    from manor._server.whole import granting  # it makes objects of this module's class

    return granting


class Whole:
    """Carries out the calls of one hosted object.

    Args:
        kind: Its class.
        turn: Who may call it; None for everybody at once.
        readers: Whether methods that only read run together.
        allowed: The names that clients may use; None for all public ones.
        is_adapted: Whether some of its methods are replaced by an adapter's.
    """

    __slots__ = ("_allowed", "_is_usual", "_kind", "_readers", "_usual", "turn")

    def __init__(
        self, kind: HostedClass, turn: Turn | None, *, readers: bool, allowed: frozenset[str] | None, is_adapted: bool
    ) -> None:
        self._kind = kind
        self.turn = turn
        self._readers = readers
        self._allowed = allowed
        self._is_usual = not readers and allowed is None and not is_adapted
        self._usual = kind.usual if self._is_usual else _NOTHING

    @property
    def record(self) -> tuple[str, ...]:
        """What a client is told of the class."""
        return self._kind.record

    def call(
        self,
        dispatcher: Dispatcher,
        grantee: Grantee,
        hosted: Hosted,
        method: str,
        args: tuple[Any, ...],
        kwds: Mapping[str, Any],
    ) -> Any:
        """Call a method, or do what else a proxy asks for, and return what the client is told."""
        if method not in self._usual and not self._is_plain(method):
            return self._call_special(dispatcher, grantee, hosted, method, args, kwds)
        obj, turn = hosted.obj, self.turn
        if turn is not None:
            turn.enter(method)
        try:
            if method == "#GET":
                name = args[0]
                result = getattr(obj, name) if name[:1] != "_" else self._attribute(obj, name)
                if type(result) in _SCALARS:
                    return result
                result = _told(result, obj, name)
            else:
                result = getattr(obj, method)(*args, **kwds)
                if type(result) in _SCALARS:
                    return result
            if type(result) is not types.CoroutineType:
                return self._answer(dispatcher, grantee, hosted, method, args, result)
        finally:
            if turn is not None:
                turn.leave()
        return self._finish(dispatcher, grantee, hosted, method, result)

    def _is_plain(self, method: str) -> bool:
        """Return whether a method is just called by its name; one that is need not be asked for again."""
        if not self._is_usual or method[0] in "#_":
            return False
        self._kind.note_usual(method)
        return True

    def _call_special(
        self,
        dispatcher: Dispatcher,
        grantee: Grantee,
        hosted: Hosted,
        method: str,
        args: tuple[Any, ...],
        kwds: Mapping[str, Any],
    ) -> Any:
        """Do the same for what is not just called by its name, or in a turn of another kind."""
        if method in _WITHOUT_TURN:
            return _WITHOUT_TURN[method](self, dispatcher, grantee, hosted, args)
        turns = self._turns(dispatcher, hosted, method, args)
        marks = self._marks(method, args) if self._readers else _NO_MARKS
        label = method if method[0] != "#" or not args else str(args[0])
        entered = 0
        try:
            for turn in turns:
                turn.enter(label, shared=marks.reads)
                entered += 1
            result = self._run(dispatcher, grantee, hosted, method, args, kwds)
            if type(result) in _SCALARS:
                return result
            if type(result) is not types.CoroutineType:
                return self._answer(dispatcher, grantee, hosted, method, args, result)
        finally:
            for turn in reversed(turns[:entered]):
                turn.leave()
        return self._finish(dispatcher, grantee, hosted, label, result)

    def _turns(self, dispatcher: Dispatcher, hosted: Hosted, method: str, args: tuple[Any, ...]) -> tuple[Turn, ...]:
        """Return the turns that a call needs, in the order in which all calls take them."""
        own = () if self.turn is None else (self.turn,)
        if method not in OPERATORS:
            return own
        found = {hosted.ident: self.turn}
        for arg in args:
            other = deputy_of(dispatcher, arg)
            if other is not None and other.whole is not None:
                found[other.ident] = getattr(other.whole, "turn", None)
        return own if len(found) == 1 else tuple(turn for _, turn in sorted(found.items()) if turn is not None)

    def _marks(self, method: str, args: tuple[Any, ...]) -> Marks:
        if method[0] != "#":
            return self._kind.marks_of_method(method)
        return self._kind.marks_of_attribute(args[0]) if method == "#GET" else _NO_MARKS

    # What is asked for

    def _run(
        self,
        dispatcher: Dispatcher,
        grantee: Grantee,
        hosted: Hosted,
        method: str,
        args: tuple[Any, ...],
        kwds: Mapping[str, Any],
    ) -> Any:
        obj = hosted.obj
        if method[0] == "#":
            if method == "#GET":
                return self._attribute(obj, *args)
            if method == "#SET":
                return setattr(obj, self._checked(args[0]), args[1])
            if method == "#DEL":
                return delattr(obj, self._checked(args[0]))
            return dispatcher.call_plain(grantee, hosted, method, args, kwds)
        if method[0] == "_":
            return self._operate(dispatcher, grantee, hosted, method, args, kwds)
        self._check(method)
        if hosted.adapter is not None:
            return dispatcher.call_plain(grantee, hosted, method, args, kwds)
        return getattr(obj, method)(*args, **kwds)

    def _attribute(self, obj: Any, name: str) -> Any:
        value = getattr(obj, name if name[:1] != "_" and self._allowed is None else self._checked(name))
        return _told(value, obj, name)

    def _operate(
        self,
        dispatcher: Dispatcher,
        grantee: Grantee,
        hosted: Hosted,
        method: str,
        args: tuple[Any, ...],
        kwds: Mapping[str, Any],
    ) -> Any:
        obj = hosted.obj
        if hosted.adapter is not None and hosted.exposed.issuperset(("acquire", "release")):
            lock = {"__enter__": "#ENTER", "__exit__": "#LEAVE"}.get(method)
            if lock is not None:
                return dispatcher.call_plain(grantee, hosted, lock, (), {})
        self._check(method)
        function = OPERATIONS.get(method)
        if function is None and method in self._kind.exposed:
            function = getattr(type(obj), method)
        if function is None:
            raise NotExposed(f"{hosted.typeid!r} has no {method!r} that a proxy could call")
        if method in OPERATORS:
            args = tuple(arg if (other := deputy_of(dispatcher, arg)) is None else other.obj for arg in args)
        return function(obj, *args, **kwds)

    def _checked(self, name: str) -> str:
        self._check(name)
        return public_name(name, self._kind.typeid)

    def _check(self, name: str) -> None:
        if self._allowed is not None and name not in self._allowed and name not in _ALWAYS:
            raise NotExposed(f"{self._kind.typeid!r} does not expose {name!r}; it exposes {sorted(self._allowed)}")

    # What is answered

    def _answer(
        self,
        dispatcher: Dispatcher,
        grantee: Grantee,
        hosted: Hosted,
        method: str,
        args: tuple[Any, ...],
        result: Any,
    ) -> Any:
        if method == "#GETVALUE":
            return grantee.encoded(result, hosted, method)
        if result is hosted.obj:
            return ITSELF
        name = str(args[0]) if method == "#GET" else method
        marks = self._kind.marks_of_attribute(name) if method == "#GET" else self._kind.marks_of_method(name)
        if type(result) in _COPIED and not marks.proxied and not hosted.method_to_typeid:
            return grantee.encoded(result, hosted, name)
        found = _granting().grant_result(dispatcher, grantee, hosted, name, result, proxied=marks.proxied)
        return grantee.encoded(result, hosted, name) if found is None else found

    def _finish(self, dispatcher: Dispatcher, grantee: Grantee, hosted: Hosted, method: str, coroutine: Any) -> Any:
        from manor._server.whole.tasks import run  # imports asyncio

        result = run(coroutine, self.turn, hosted.typeid, method)
        if type(result) in _SCALARS:
            return result
        if self.turn is None:
            return self._answer(dispatcher, grantee, hosted, method, (), result)
        self.turn.enter(method)
        try:
            return self._answer(dispatcher, grantee, hosted, method, (), result)
        finally:
            self.turn.leave()

    # What waits for nothing

    def _dir(self, dispatcher: Dispatcher, grantee: Grantee, hosted: Hosted, args: tuple[Any, ...]) -> list[str]:
        names = [name for name in dir(hosted.obj) if name[0] != "_"]
        return names if self._allowed is None else [name for name in names if name in self._allowed]

    def _await(self, dispatcher: Dispatcher, grantee: Grantee, hosted: Hosted, args: tuple[Any, ...]) -> Any:
        from manor._server.whole.tasks import cancellable

        key, method, args, kwds = args
        with cancellable(key):
            return self.call(dispatcher, grantee, hosted, method, args, kwds)

    def _cancel(self, dispatcher: Dispatcher, grantee: Grantee, hosted: Hosted, args: tuple[Any, ...]) -> None:
        from manor._server.whole.tasks import cancel

        cancel(*args)


def _told(value: Any, obj: Any, name: str) -> Any:
    """Return what is answered to whoever reads an attribute."""
    return Method(name) if is_remote_function(value, obj) else value


_ALWAYS: Final = frozenset(("__repr__", "__str__", "__hash__", "__eq__"))
_WITHOUT_TURN: Final = {"#DIR": Whole._dir, "#AWAIT": Whole._await, "#CANCEL": Whole._cancel}
