"""A link to a server in the same process: proxies there call their objects directly."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from manor._proxy.holds import Hold
from manor._server.dispatch import ProxyResult
from manor._server.objects import Hosted
from manor._server.server import Server
from manor._wire.answers import Encoded
from manor._wire.calls import SERVER
from manor._wire.references import Reference
from manor._wire.tokens import Token
from manor.errors import NotExposed, ObjectGone

if TYPE_CHECKING:
    from manor._server.primitives import DeadOwner
    from manor._wire.granted import Granted

_AUTO_PROXY: Final = Reference("manor._proxy.auto", "AutoProxy")
_GRANTED: Final = Reference("manor._wire.granted", "Granted")
_RESIDENT_PROXY: Final = Reference("manor._proxy.base", "resident_proxy")
"""Few servers use proxies: what those need, need not be loaded before they answer."""

__all__ = ["LocalHold", "LocalLink"]


class LocalHold(Hold):
    """The server's own reference to one of its objects; it counts as long as it lives."""

    __slots__ = ()

    link: Any

    def __del__(self) -> None:
        if self.credits:
            self.link.dispatcher.table.drop_local(self.ident)


class LocalLink:
    """Takes the place of ``manor._proxy.link.Link`` inside the server; arguments and results are copied as there."""

    ended = None
    timeout = None
    holder = None
    memory = None
    """It needs nobody to map the server's memory: see ``arena``."""

    def __init__(self, server: Server) -> None:
        """Reach the objects of *server*."""
        self.dispatcher = server.dispatcher
        self.codec = server.codec
        self.limits = server.limits
        self.route = server.route
        self.server = server.route.server
        self.public_address = server.address
        self.holds: weakref.WeakSet[LocalHold] = weakref.WeakSet()

    def call(
        self,
        ident: int,
        method: str,
        args: tuple[Any, ...] = (),
        kwds: Mapping[str, Any] | None = None,
        proxy: object = None,
    ) -> Any:
        """Call a method in the current thread, as part of the call that it carries out."""
        if ident == SERVER:
            return self._call_server(method, args)
        result = self.dispatcher.call(self, ident, method, args, kwds or {})
        if type(result) is Encoded:
            return self.codec.decode(memoryview(b"".join(result.parts)))
        if type(result) is ProxyResult:
            return self._granted(result)
        return self.codec.decode(memoryview(b"".join(self.codec.encode(result))))

    def _granted(self, result: ProxyResult) -> Granted:
        number, _, resident = result.id.partition("@")
        hold = self.hold(int(number, 16), credited=True)
        token = Token(result.typeid, self.public_address, resident or number, self.route)
        granted: Granted = _GRANTED(result.exposed, token, result.proxytype, hold)
        return granted

    def make(self, typeid: str, *args: Any) -> Any:
        """Make an object of a standard type here, and return its proxy."""
        granted = self._granted(self.dispatcher.create(self, typeid, args, {}))
        resident = _RESIDENT_PROXY(granted.token, self)
        if resident is not None:
            return resident
        proxytype = granted.proxytype or _AUTO_PROXY
        return proxytype.resolve()(granted.token, self.codec.name, exposed=granted.exposed)

    def _call_server(self, method: str, args: tuple[Any, ...]) -> Any:
        if method == "stand_in" and self.dispatcher.residency is not None:
            return self.dispatcher.residency.stand_in(*args)
        if method == "keep" and self.dispatcher.residency is not None:
            return self.dispatcher.residency.keep(*args)
        if method == "shape":
            from manor._server.whole.classes import numbered_class  # for classes that cannot be imported

            return numbered_class(*args).shape
        if method == "get_methods":
            return tuple(self.dispatcher.find(int(args[0], 16)).exposed)
        raise NotExposed(f"proxies in the server itself cannot call its function {method!r}")

    @property
    def arena(self) -> Any:
        """The server's arena, if it has one."""
        return self.dispatcher.residency and self.dispatcher.residency.arena

    def ident_of(self, token: Token) -> tuple[int, None]:
        """Return the number of a token's object."""
        return token.ident, None

    def mark(self) -> object:
        """Return nothing: a call in the same thread has no way back to be interrupted on."""
        return None

    def give_back_since(self, mark: object) -> None:
        """Do nothing."""

    def note_hold(self, hosted: Hosted) -> None:
        """As a grantee: do nothing, the reference is adopted by ``hold(credited=True)``."""

    def grant_new(self, obj: Any, typeid: str, exposed: tuple[str, ...]) -> str:
        """As a grantee: host *obj* and return its id."""
        return self.dispatcher.grant_new(self, obj, typeid, exposed)

    def noted(self, result: Any, hosted: Hosted, died: DeadOwner) -> Any:
        """As a grantee: return the result with its note."""
        return self.dispatcher.noted(result, hosted, died)

    def encoded(self, result: Any, hosted: Hosted, method: str) -> Encoded:
        """As a grantee: return a result as it is to be sent."""
        return Encoded(self.codec.encode(result))

    def hold(self, ident: int, *, credited: bool) -> LocalHold:
        """Return a new reference."""
        table = self.dispatcher.table
        hosted = table.find(ident) if credited else table.add_local(ident)
        if hosted is None:
            raise ObjectGone(f"object {ident:x} is gone from the manager's server (pid {self.route.pid})")
        found = LocalHold(self, ident)  # type: ignore[arg-type]
        found.credits = 1
        self.holds.add(found)
        return found

    def unheld(self, ident: int) -> LocalHold:
        """Return a hold that keeps nothing alive."""
        found = LocalHold(self, ident)  # type: ignore[arg-type]
        self.holds.add(found)
        return found

    def lease(self, hold: LocalHold) -> None:
        """Keep an object alive for a pickle that is being made now."""
        self.dispatcher.table.lease(hold.ident, self.limits.pickle_lease_s)
