"""Carries out one call: finds the object and the method, and hosts what has to stay here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

from manor._server.adapting import adapt, id_of
from manor._server.calls import Call, current
from manor._server.objects import Hosted, ObjectTable
from manor._server.processes import Process
from manor._server.registry import RESIDENT_TYPEIDS, Registry
from manor._transport.connection import Turns
from manor._wire.blueprints import OPEN_WHOLE, Blueprint
from manor._wire.deep import split_typeid
from manor._wire.references import Reference
from manor._wire.tokens import Route, Token
from manor.errors import NotExposed, ObjectGone

if TYPE_CHECKING:
    from manor._server.primitives import DeadOwner
    from manor._server.residency import Residency
    from manor._wire.answers import Encoded

__all__ = ["Dispatcher", "Grantee", "ProxyResult"]


_AUTO_PROXY: Final = Reference("manor._proxy.auto", "AutoProxy")
_NOTED: Final = Reference("manor._wire.notes", "Noted")
_DESCRIBED: Final = Reference("manor._wire.notes", "described")
_NOTING_DEATH: Final = {"acquire": "acquire_noting_death", "wait": "wait_noting_death"}
"""Methods that make the caller a lock's owner, and those of our own locks that also tell if the last one died."""


def granting() -> Any:
    """Return the module that makes objects whole, which few servers need."""
    from manor._server.whole import granting  # see above; and it imports this one

    return granting


def _note_change(hosted: Hosted, method: str) -> None:
    from manor._server.watches import note_change  # loaded by then: somebody watches

    note_change(hosted, method)


class ProxyResult:
    """A result that stays on the server; the client, which knows the server, makes a token and a proxy of it."""

    __slots__ = ("exposed", "id", "proxytype", "typeid")

    def __init__(self, exposed: tuple[str, ...], id: str, typeid: str, proxytype: Reference | None) -> None:  # noqa: A002 - a token's
        self.exposed: tuple[str, ...] = exposed
        self.id: str = id
        self.typeid: str = typeid
        self.proxytype: Reference | None = proxytype

    def as_tuple(self) -> tuple[Any, ...]:
        """Return what the client is told."""
        proxytype = self.proxytype
        return self.exposed, self.id, self.typeid, proxytype and (proxytype.module, proxytype.name)


class Grantee(Protocol):
    """Whoever called: it can be made a holder of an object."""

    @property
    def holder(self) -> Process | None:
        """Who is credited with a new object; None for the server itself."""

    def note_hold(self, hosted: Hosted) -> None:
        """Note that the caller holds *hosted* once more, through a call whose answer may not arrive."""

    def grant_new(self, obj: Any, typeid: str, exposed: tuple[str, ...]) -> str:
        """Host *obj* for the caller and return its id."""

    def noted(self, result: Any, hosted: Hosted, died: DeadOwner) -> Any:
        """Return *result* with the note that the last owner of *hosted* died."""

    def encoded(self, result: Any, hosted: Hosted, method: str) -> Encoded:
        """Return a result as it is to be sent, now that nobody changes it."""


class Dispatcher:
    """Knows the objects and the types of one server."""

    def __init__(self, table: ObjectTable, registry: Registry, route: Route, *, debug: bool = False) -> None:
        """Serve the objects of *table* on the server of that route; *debug*: calls tell from where they come."""
        self.table = table
        self.registry = registry
        self.route = route
        self.debug = debug
        self.turns: Turns = Turns()
        self.find_residency: Callable[[], Residency | None] = lambda: None
        self.public_address: Callable[[], Any] = lambda: None
        self.name_of: Callable[[Hosted], str | None] = lambda hosted: None  # noqa: ARG005 - there may be no names

    @property
    def residency(self) -> Residency | None:
        """The server's part in shared memory, if it has one."""
        return self.find_residency()

    def find(self, ident: int) -> Hosted:
        """Return a hosted object; raise ``ObjectGone`` when nobody has held it any more."""
        hosted = self.table.find(ident)
        if hosted is None:
            raise ObjectGone(
                f"object {ident:x} is gone from the manager's server (pid {self.route.pid}): "
                f"all of its proxies were dropped, or a pickle of one outlived its lease"
            )
        return hosted

    def call(self, grantee: Grantee, ident: int, method: str, args: tuple[Any, ...], kwds: Mapping[str, Any]) -> Any:
        """Call a method of a hosted object; return its result, or a ``ProxyResult``."""
        hosted = self.find(ident)
        if hosted.whole is not None:
            return hosted.whole.call(self, grantee, hosted, method, args, kwds)
        try:
            return self.call_plain(grantee, hosted, method, args, kwds)
        finally:
            if hosted.changes is not None:
                _note_change(hosted, method)

    def call_plain(
        self, grantee: Grantee, hosted: Hosted, method: str, args: tuple[Any, ...], kwds: Mapping[str, Any]
    ) -> Any:
        """Call a method by its name, in no turn."""
        if method not in hosted.exposed:
            return self._special(grantee, hosted, method, args)
        adapter = hosted.adapter
        replaced = None if adapter is None else adapter.method(method)
        function = getattr(hosted.obj, method) if replaced is None else replaced
        noting = _NOTING_DEATH.get(method)
        if noting is not None:
            result = self._note_death(grantee, hosted, noting, function, args, kwds)
        else:
            result = function(*args, **kwds)
        typeid = hosted.method_to_typeid.get(method)
        if typeid is None or typeid not in self.registry:
            return result
        return self.by_proxy(grantee, typeid, result)

    def _special(self, grantee: Grantee, hosted: Hosted, method: str, args: tuple[Any, ...]) -> Any:
        from manor._server.specials import SPECIALS  # with all that it loads, which a start need not wait for

        found = SPECIALS.get(method)
        if found is None or not hosted.exposed.issuperset(found[1]):
            names = ", ".join(sorted(hosted.exposed))
            raise NotExposed(
                f"{hosted.typeid!r} ({type(hosted.obj).__name__}) does not expose {method!r}; it exposes {names}"
            )
        return found[0](grantee, hosted, args)

    def _note_death(
        self,
        grantee: Grantee,
        hosted: Hosted,
        noting: str,
        function: Any,
        args: tuple[Any, ...],
        kwds: Mapping[str, Any],
    ) -> Any:
        tells = getattr(hosted.obj, noting, None)
        if tells is None:
            return function(*args, **kwds)
        result, died = tells(*args, **kwds)
        return result if died is None else grantee.noted(result, hosted, died)

    def noted(self, result: Any, hosted: Hosted, died: DeadOwner) -> Any:
        """Return *result* with the note that the last owner of *hosted* died."""
        what = _DESCRIBED(hosted.typeid, f"{hosted.ident:x}", self.name_of(hosted))
        return _NOTED(result, died.pid, died.process_name, what, died.where, died.raises)

    def by_proxy(self, grantee: Grantee, typeid: str, result: Any) -> ProxyResult:
        """Host a method's result under a type, and make the caller its holder."""
        created = self.registry.answer_as(typeid, result)
        return self._grant(grantee, typeid, created.obj, tuple(created.exposed), created.method_to_typeid)

    def create(
        self, grantee: Grantee, typeid: str | Blueprint, args: tuple[Any, ...], kwds: Mapping[str, Any]
    ) -> ProxyResult:
        """Create an object and make the caller its holder."""
        if isinstance(typeid, Blueprint):
            made: ProxyResult = granting().create_whole(self, grantee, typeid, args, kwds)
            return made
        created = self.registry.create(typeid, args, kwds)
        typeid = split_typeid(typeid)[0]
        return self._grant(grantee, typeid, created.obj, tuple(created.exposed), created.method_to_typeid)

    def host_resident(self, grantee: Grantee, typeid: str, handle: tuple[int, int]) -> ProxyResult:
        """Host an object of the arena for a caller that cannot reach it itself, and make it a holder."""
        residency = self.residency
        if residency is None or typeid not in RESIDENT_TYPEIDS:
            raise ObjectGone(f"the manager's server (pid {self.route.pid}) has no {typeid!r} in shared memory")
        return self.host_again(grantee, typeid, residency.open(typeid, handle))

    def host_again(self, grantee: Grantee, typeid: str, obj: Any) -> ProxyResult:
        """Make the caller a holder of an object of a standard type that exists."""
        created = self.registry.hosting(typeid, obj)
        return self._grant(grantee, typeid, created.obj, tuple(created.exposed), created.method_to_typeid)

    def grant_again(self, grantee: Grantee, hosted: Hosted) -> ProxyResult:
        """Make the caller a holder of a hosted object."""
        if hosted.whole is None:
            return self.host_again(grantee, hosted.typeid, hosted.obj)
        found: ProxyResult = granting().grant_again(self, grantee, hosted)
        return found

    def record_of(self, hosted: Hosted) -> tuple[Any, ...]:
        """Return how proxies for a served object are made, as ``RebuildProxy`` takes it."""
        token = Token(hosted.typeid, self.public_address(), f"{hosted.ident:x}", self.route)
        if hosted.whole is not None:
            return OPEN_WHOLE, token, "pickle", {"exposed": granting().record_of(hosted)}
        proxytype = self.registry.proxytype(hosted.typeid) or _AUTO_PROXY
        return proxytype, token, "pickle", {"exposed": tuple(hosted.exposed)}

    def _grant(
        self, grantee: Grantee, typeid: str, obj: Any, exposed: tuple[str, ...], method_to_typeid: Mapping[str, str]
    ) -> ProxyResult:
        if self.registry.proxytype(typeid) is OPEN_WHOLE:
            allowed = self.registry.explicitly_exposed(typeid)
            concurrency = self.registry.concurrency(typeid)
            options = {"allowed": allowed, "method_to_typeid": method_to_typeid, "concurrency": concurrency}
            whole: ProxyResult = granting().grant_whole(self, grantee, obj, typeid, **options)
            return whole
        hosted = self.table.host(obj, typeid, exposed, method_to_typeid, adapt(obj), grantee.holder)
        grantee.note_hold(hosted)
        resident = id_of(obj)
        id_ = f"{hosted.ident:x}" if resident is None else f"{hosted.ident:x}@{resident}"
        return ProxyResult(exposed, id_, typeid, self.registry.proxytype(typeid))

    def grant_new(self, grantee: Grantee, obj: Any, typeid: str, exposed: tuple[str, ...]) -> str:
        """Host *obj* for the caller and return its id."""
        return self._grant(grantee, typeid, obj, exposed, {}).id


class ProcessGrantee:
    """Makes a client process a holder; undone when the answer does not arrive."""

    def __init__(
        self, dispatcher: Dispatcher, process: Process, encoded: Callable[[Any, Hosted, str], Encoded]
    ) -> None:
        self.dispatcher = dispatcher
        self.holder = process
        self.encoded = encoded

    def take_hold(self, hosted: Hosted) -> None:
        """Credit the process with an object that is hosted already."""
        self.dispatcher.table.credit(hosted.ident, self.holder)
        self.note_hold(hosted)

    def note_hold(self, hosted: Hosted) -> None:
        """Have the credit given back if the answer does not arrive."""
        call: Call | None = current()
        if call is not None:
            call.undo.append(partial(self.dispatcher.table.give_back, hosted.ident, self.holder))

    def grant_new(self, obj: Any, typeid: str, exposed: tuple[str, ...]) -> str:
        """Host *obj* for the process."""
        return self.dispatcher.grant_new(self, obj, typeid, exposed)

    def noted(self, result: Any, hosted: Hosted, died: DeadOwner) -> Any:
        """Return the result with its note."""
        return self.dispatcher.noted(result, hosted, died)
