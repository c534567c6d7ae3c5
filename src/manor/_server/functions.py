"""What clients may call on the server itself."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from manor._server.adapting import id_of
from manor._server.dispatch import Dispatcher
from manor._server.names import Names
from manor._wire.references import Reference
from manor.errors import NotExposed

if TYPE_CHECKING:
    from manor._server.residency import Residency
    from manor._server.sessions import Session
    from manor._wire.blueprints import Blueprint
    from manor._wire.people import LockState
    from manor._wire.shapes import Shape

__all__ = ["ServerFunctions"]

_LOCKS: Final = Reference("manor._server.locks", "locks")


class ServerFunctions:
    """The functions of one server, under the names that ``multiprocessing`` gives them."""

    def __init__(self, dispatcher: Dispatcher, stop: Callable[[str], None]) -> None:
        """Serve *dispatcher*'s objects; *stop* ends the server, saying why."""
        self._dispatcher = dispatcher
        self._stop = stop
        self._names = Names(dispatcher)
        dispatcher.name_of = self._names.of
        self._functions: dict[str, Callable[..., Any]] = {
            "create": self._create,
            "host": self._host,
            "keep": self._keep,
            "stand_in": self._stand_in,
            "add_name": self._add_name,
            "find_name": self._find_name,
            "remove_name": lambda _, name: self._names.remove(name),
            "names": lambda _: self._names.all(),
            "stats": self._stats,
            "locks": self._locks,
            "dummy": self._dummy,
            "get_methods": self._get_methods,
            "shape": self._shape,
            "number_of_objects": self._number_of_objects,
            "debug_info": self._debug_info,
            "incref": self._incref,
            "decref": self._decref,
            "shutdown": self._shutdown,
        }

    def add(self, name: str, function: Callable[..., Any]) -> None:
        """Add a function of a special kind of server; it gets the session first."""
        self._functions[name] = function

    def call(self, session: Session, name: str, args: tuple[Any, ...], kwds: Mapping[str, Any]) -> Any:
        """Call a function; raise ``NotExposed`` when there is none of that name."""
        function = self._functions.get(name)
        if function is None:
            raise NotExposed(
                f"the manager's server has no function {name!r}; it has {', '.join(sorted(self._functions))}"
            )
        return function(session, *args, **kwds)

    def _create(self, session: Session, typeid: str | Blueprint, /, *args: Any, **kwds: Any) -> Any:
        return self._dispatcher.create(session.grantee, typeid, args, kwds)

    def _host(self, session: Session, typeid: str, at: int, generation: int) -> Any:
        return self._dispatcher.host_resident(session.grantee, typeid, (at, generation))

    def _residency(self) -> Residency:
        residency = self._dispatcher.residency
        if residency is None:
            raise NotExposed("the manager's server has no shared memory")
        return residency

    def _keep(self, session: Session, proxy: Any) -> tuple[int, int]:
        """Keep a proxy of another manager, for a container in shared memory."""
        return self._residency().keep(proxy)

    def _stand_in(self, session: Session, ident: int) -> tuple[int, int]:
        return self._residency().stand_in(ident)

    def _add_name(self, session: Session, name: str, ident: int) -> bool:
        return self._names.add(name, self._dispatcher.find(ident))

    def _find_name(self, session: Session, name: str) -> Any:
        return self._names.grant(session.grantee, name)

    def _stats(self, session: Session) -> dict[str, Any]:
        residency = self._dispatcher.residency
        found: dict[str, Any] = {} if residency is None else residency.stats()
        counts = Counter(found.get("objects", {}))
        counts.update(hosted.typeid for hosted in self._dispatcher.table.all() if id_of(hosted.obj) is None)
        return {**found, "objects": dict(counts)}

    def _locks(self, session: Session) -> list[LockState]:
        found: list[LockState] = _LOCKS(self._dispatcher, self._names)
        return found

    def _dummy(self, session: Session) -> None:
        return None

    def _get_methods(self, session: Session, ident: str) -> tuple[str, ...]:
        return tuple(self._dispatcher.find(int(ident, 16)).exposed)

    def _shape(self, session: Session, number: int) -> Shape:
        from manor._server.whole.classes import numbered_class  # only clients that cannot import a class ask

        return numbered_class(number).shape

    def _number_of_objects(self, session: Session) -> int:
        residency = self._dispatcher.residency
        return len(self._dispatcher.table) + (0 if residency is None else residency.count())

    def _debug_info(self, session: Session) -> str:
        lines = []
        for hosted in self._dispatcher.table.all():
            try:
                text = str(hosted.obj)[:75]
            except Exception as error:  # a user's __str__; the others are still to be shown
                text = f"<str() failed: {error!r}>"
            count = sum(hosted.holders.values()) + hosted.local
            lines.append(f"  {hosted.ident:x}:       refcount={count}\n    {text}")
        return "\n".join(lines)

    def _incref(self, session: Session, ident: str) -> None:
        hosted = self._dispatcher.find(int(ident, 16))
        self._dispatcher.table.credit(hosted.ident, session.process)

    def _decref(self, session: Session, ident: str) -> None:
        self._dispatcher.table.give_back(int(ident, 16), session.process)

    def _shutdown(self, session: Session) -> None:
        reason = f"was shut down by process {session.process.pid} ({session.process.name})"
        if session.process.pid == os.getpid():
            reason = "was shut down by its own process"
        session.after_answer(lambda: self._stop(reason))
