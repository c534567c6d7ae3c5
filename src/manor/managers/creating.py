"""``create``: objects of any class in the server, and proxies that are what the objects are."""

from __future__ import annotations

import contextlib
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, ParamSpec, TypeVar, cast

from manor._codec.by_value import ByValue
from manor._codec.main_module import MAIN, main_file
from manor._proxy.creation import creation_error
from manor._wire.blueprints import Blueprint, Concurrency
from manor._wire.calls import SERVER
from manor._wire.shapes import module_of, shape_of
from manor.errors import NotImportable
from manor.managers.naming import asks_for_no_more
from manor.managers.options import Options
from manor.managers.registering import came_from_server

if TYPE_CHECKING:
    from manor._proxy.link import Link

__all__ = ["Creating"]

P = ParamSpec("P")
T = TypeVar("T")


class Creating:
    """What a manager offers to have objects of any class."""

    if TYPE_CHECKING:
        _registry: ClassVar[dict[str, tuple[Any, Any, Any, Any]]]
        _started_link: Callable[[], Link]
        _serializer: str
        _authkey: Any

    def create(self, cls: Callable[P, T], /, *args: P.args, **kwds: P.kwargs) -> T:
        """Make an object in the server, and return a proxy that has all that the object has.

        Its methods, attributes, properties and operators are the object's; what a method returns is a copy, unless it
        is annotated as ``manor.Proxied[...]``, and a generator is streamed. One call at a time runs in the object; see
        ``options`` for other ways.

        Args:
            cls: A class, or a function that makes an object; called in the server. One that no other process can
                import travels by value, with cloudpickle.
            args: Its arguments.
            kwds: Likewise.

        Raises:
            NotImportable: The server cannot import the class.
            NotPicklable: An argument cannot travel, or a class cannot do so by value.
            BaseException: Whatever the class raises.

        Examples:
            >>> import manor
            >>> class Account:
            ...     balance = 0
            ...     def deposit(self, amount):
            ...         self.balance += amount
            >>> with manor.Manager() as manager:
            ...     account = manager.create(Account)
            ...     account.deposit(5)
            ...     account.balance
            5
        """
        return self._create_by(cls, args, kwds, None, None)

    def options(self, *, concurrency: Concurrency | None = None, name: str | None = None) -> Options:
        """Return something whose ``create`` makes objects with these options.

        Args:
            concurrency: ``"serial"``: one call at a time. ``"readers"``: as that, but methods marked by
                ``manor.reads``, and reading attributes, run together. ``"threads"``: all calls run at once, as they
                do in the standard library's managers. By default ``"serial"``, but ``"threads"`` for what blocks by
                itself: locks and queues of the standard library.
            name: A name by which ``manager.get()`` finds the object in any process. Where an object has it already,
                that one is returned if it is of the same class and no arguments are given; else ``NameInUse`` is
                raised.
        """
        return Options(self, concurrency, name)

    def _create_by(
        self,
        cls: Callable[..., T],
        args: tuple[Any, ...],
        kwds: Mapping[str, Any],
        concurrency: Concurrency | None,
        name: str | None,
    ) -> T:
        if not callable(cls):
            raise TypeError(f"create() takes a class, or a function that makes an object, not {cls!r}")
        if self._serializer != "pickle":
            raise TypeError("create() needs a manager with serializer='pickle': others host registered types only")
        if name is None:
            return cast("T", self._made(cls, args, kwds, concurrency))
        return cast("T", self._named(cls, args, kwds, concurrency, name))

    def _made(
        self, cls: Callable[..., Any], args: tuple[Any, ...], kwds: Mapping[str, Any], concurrency: Concurrency | None
    ) -> Any:
        link = self._started_link()
        granted = None
        *others, last = _blueprints(cls, concurrency)
        try:
            for blueprint in others:
                with contextlib.suppress(NotImportable):
                    granted = link.call(SERVER, "create", (blueprint, *args), kwds)
                    break
            else:
                granted = link.call(SERVER, "create", (last, *args), kwds)
        except Exception as error:
            if isinstance(error, NotImportable) or not came_from_server(error):
                raise
            raise creation_error(error)  # noqa: B904 - it is the same error, with its own chain
        from manor._proxy.whole.opening import learn_class, open_whole  # which makes classes: for those who create

        if isinstance(cls, type):
            learn_class(link.server, granted.exposed, cls)
        return open_whole(granted.token, self._serializer, self, self._authkey, granted.exposed)

    def _named(
        self,
        cls: Callable[..., Any],
        args: tuple[Any, ...],
        kwds: Mapping[str, Any],
        concurrency: Concurrency | None,
        name: str,
    ) -> Any:
        """Return the object of that name, after making it if there is none."""
        module = module_of(cls)
        typeid = f"{module}.{getattr(cls, '__qualname__', None)}"

        def is_that(found: Any) -> bool:
            if module == MAIN and isinstance(cls, type) and found._token.typeid == typeid:
                return bool(found._shape_ == shape_of(cls)) and not args and not kwds  # not another program's
            return asks_for_no_more(found, typeid, args, kwds)

        return self._by_name()(name, lambda: self._made(cls, args, kwds, concurrency), is_that)

    def _by_name(self) -> Callable[..., Any]:
        """Return what finds an object by its name, or makes one."""
        found: Callable[..., Any] | None = getattr(self, "_make_named", None)
        if found is None:
            raise TypeError(f"a {type(self).__name__} has no names: use a SyncManager, or manor.Manager()")
        return found


def _by_reference(cls: Any) -> tuple[str, str] | None:
    """Return the module and the name that lead to *cls*, or None."""
    module, qualname = getattr(cls, "__module__", None), getattr(cls, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(qualname, str):
        return None
    found: Any = sys.modules.get(module)
    for name in qualname.split("."):
        found = getattr(found, name, None)
    is_found = found is cls or (isinstance(cls, types.MethodType) and found == cls)  # each look makes a new one
    return (module, qualname) if is_found else None


def _blueprints(cls: Any, concurrency: Concurrency | None) -> Iterator[Blueprint]:
    """Yield the ways to tell the server what to make: each for where those before are ``NotImportable``."""
    name = getattr(cls, "__qualname__", repr(cls))
    reference = _by_reference(cls)
    is_of_main = reference is not None and sys.modules[reference[0]] is sys.modules[MAIN]
    if reference is not None and not is_of_main:
        yield Blueprint(reference, name, concurrency)
        return
    where = "in a module that both can import" if is_of_main else "at the top of a module, outside of any function"
    hint = f"the manager's server cannot import {name}: define it {where}"
    main = main_file()  # in an interactive session what has a name may be an older one, or none, in the server
    if main is not None:
        if reference is not None:
            yield Blueprint((main, reference[1]), name, concurrency, is_of_main=True)
        yield Blueprint(ByValue(cls, hint, main), name, concurrency)
    yield Blueprint(ByValue(cls, hint, None), name, concurrency)
