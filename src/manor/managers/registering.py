"""Registering types with a manager, and making objects of them in its server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from manor._proxy.auto import AutoProxy
from manor._proxy.base import resident_proxy
from manor._proxy.creation import creation_error
from manor._proxy.link import Link
from manor._wire.blueprints import Concurrency, OpenWhole, check_concurrency
from manor._wire.calls import SERVER
from manor._wire.tokens import Token
from manor.errors import ServerTraceback
from manor.managers.advising import Advising, State

__all__ = ["Registering", "State"]


class Registering(Advising):
    """A manager's registry, and the objects that it makes."""

    if TYPE_CHECKING:
        connect: Callable[[], None]
        _link: Link | None
        _serializer: str
        _authkey: Any

    def _started_link(self) -> Link:
        if self._state.value == State.STARTED and self._link is None:
            self.connect()  # it came to this process by pickle
        if self._state.value == State.INITIAL or self._link is None:
            raise self._not_started()
        return self._link

    def _keep_alive(self, proxy: Any) -> Any:
        """Have *proxy* keep this manager, as the proxies of served objects do."""
        proxy._manager = self
        return proxy

    def _proxy_of(self, granted: Any) -> Any:
        """Return a proxy for an object that the server made or found for us."""
        resident = resident_proxy(granted.token, self._link)
        if resident is not None:
            return self._keep_alive(resident)
        entry = self._registry.get(granted.token.typeid)
        proxytype = entry[-1] if entry is not None else granted.proxytype.resolve()
        return proxytype(granted.token, self._serializer, manager=self, authkey=self._authkey, exposed=granted.exposed)

    def _create_granted(self, typeid: str, /, *args: Any, **kwds: Any) -> Any:
        link = self._started_link()
        try:
            return link.call(SERVER, "create", (typeid, *args), kwds)
        except Exception as error:
            if not came_from_server(error):
                raise
            raise creation_error(error)  # noqa: B904 - it is the same error, with its own chain

    def _create(self, typeid: str, /, *args: Any, **kwds: Any) -> tuple[Token, tuple[str, ...]]:
        """Create an object and return its token and exposed methods; a lease keeps it until a proxy is made."""
        granted = self._create_granted(typeid, *args, **kwds)
        granted.hold.link.lease(granted.hold)
        return granted.token, granted.exposed

    def _debug_info(self) -> str:
        """Return a text about each object that the server hosts."""
        return str(self._started_link().call(SERVER, "debug_info"))

    def _number_of_objects(self) -> int:
        """Return how many objects the server hosts."""
        return int(self._started_link().call(SERVER, "number_of_objects"))

    @classmethod
    def register(
        cls,
        typeid: str,
        callable: Callable[..., Any] | None = None,  # noqa: A002 - the standard library's name
        proxytype: Any = None,
        exposed: Iterable[str] | None = None,
        method_to_typeid: Mapping[str, str] | None = None,
        create_method: bool = True,
        *,
        attributes: bool = False,
        concurrency: Concurrency | None = None,
    ) -> None:
        """Register a type of object, as ``multiprocessing.managers.BaseManager.register`` does.

        Args:
            typeid: Its name, and that of the method that makes one.
            callable: Called in the server to make the object; not needed by a manager that only connects.
            proxytype: The class of its proxies; by default one is made.
            exposed: The methods that clients may call; by default all public ones.
            method_to_typeid: Methods whose results stay in the server, and under which typeid.
            create_method: Whether the manager gets a method of that name.
            attributes: Whether proxies have all that the object has, as those of ``manager.create()`` do: attributes,
                properties and operators.
            concurrency: With *attributes*: who may be in the object at once, as ``manager.options()`` has it.

        Examples:
            >>> from collections import Counter
            >>> from manor.managers import BaseManager
            >>> class Tallies(BaseManager):
            ...     '''Makes counters in its server.'''
            >>> Tallies.register("tally", Counter, exposed=["update", "most_common"])
            >>> with Tallies() as manager:
            ...     tally = manager.tally("banana")
            ...     tally.update("band")
            ...     tally.most_common(1)
            [('a', 4)]
        """
        if "_registry" not in cls.__dict__:
            cls._registry = cls._registry.copy()
        proxytype = _proxytype(proxytype, concurrency, attributes=attributes)
        exposed = exposed or getattr(proxytype, "_exposed_", None)
        method_to_typeid = method_to_typeid or getattr(proxytype, "_method_to_typeid_", None)
        if method_to_typeid:
            for key, value in list(method_to_typeid.items()):
                if type(key) is not str or type(value) is not str:
                    raise TypeError(f"method_to_typeid maps {key!r} to {value!r}: both must be str")
        cls._registry[typeid] = (callable, exposed, method_to_typeid, proxytype)
        if create_method:
            setattr(cls, typeid, _creator(typeid))


def came_from_server(error: BaseException) -> bool:
    """Whether the chain of *error* ends with the server's traceback."""
    last = error
    while (behind := last.__cause__ or last.__context__) is not None:
        last = behind
    return type(last) is ServerTraceback


def _proxytype(proxytype: Any, concurrency: Concurrency | None, *, attributes: bool) -> Any:
    """Return what makes a registered type's proxies."""
    if attributes and proxytype is not None:
        raise TypeError("attributes=True makes a class of proxies by itself: it takes no proxytype")
    check_concurrency(concurrency)
    if attributes:
        return OpenWhole(concurrency)
    if concurrency is not None:
        raise TypeError(
            f"concurrency={concurrency!r} goes with attributes=True: without, all calls run at once, as under "
            f"multiprocessing"
        )
    return AutoProxy if proxytype is None else proxytype


def _creator(typeid: str) -> Callable[..., Any]:
    def create(self: Registering, /, *args: Any, **kwds: Any) -> Any:
        return self._proxy_of(self._create_granted(typeid, *args, **kwds))

    create.__name__ = typeid
    create.__qualname__ = f"BaseManager.{typeid}"
    return create
