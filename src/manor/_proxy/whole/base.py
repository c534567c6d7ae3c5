"""The base of all proxies for objects that are hosted whole."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

from manor._proxy.base import BaseProxy
from manor._proxy.whole.overriding import DIRECT, call_all_by_callmethod, call_by_callmethod
from manor._wire.answers import ITSELF, Itself, Method
from manor._wire.blueprints import OPEN_WHOLE
from manor._wire.shapes import Shape
from manor._wire.tokens import Token

__all__ = ["WholeProxy", "remote_method", "remote_property"]

_LEARNED_MAX: Final = 256
_SCALARS: Final = frozenset((type(None), bool, int, float, str, bytes))


def remote_property(name: str) -> property:
    """Return a property that reads an attribute of the hosted object."""
    asked = (name,)

    def read(self: WholeProxy) -> Any:
        try:
            result = self._link.call(self._ident, "#GET", asked, None, self)
            return result if type(result) in _SCALARS else self._answered(result)
        except AttributeError as error:
            self._missed = (name, error)
            raise

    setattr(read, DIRECT, name)
    return property(read)


def remote_method(name: str) -> Callable[..., Any]:
    """Return a method that calls the hosted object's, as ``_callmethod`` does but with a call less."""

    def call(self: WholeProxy, /, *args: Any, **kwds: Any) -> Any:
        result = self._link.call(self._ident, name, args, kwds, self)
        return result if type(result) in _SCALARS else self._answered(result)

    setattr(call, DIRECT, name)
    return call


class WholeProxy(BaseProxy):
    """Stands for an object of a user's class: attributes, methods and operators are the object's own.

    Names that begin with an underscore belong to the proxy, all others to the object.
    """

    _is_whole_ = True
    _shape_: ClassVar[Shape]
    _record_of_class: tuple[str, ...] = ()
    _learned_: ClassVar[set[str]]
    _by_callmethod_: ClassVar[bool] = False
    """Whether ``_callmethod`` is overridden and every call goes by way of it."""
    _missed: tuple[str, AttributeError] | None = None

    def __init_subclass__(cls, **kwds: Any) -> None:
        super().__init_subclass__(**kwds)
        if cls._callmethod is not WholeProxy._callmethod and not cls._by_callmethod_:
            call_all_by_callmethod(cls)

    def _callmethod(self, methodname: str, args: tuple[Any, ...] = (), kwds: Mapping[str, Any] = {}) -> Any:
        result = self._link.call(self._ident, methodname, args, kwds, self)
        return result if type(result) in _SCALARS else self._answered(result)

    def _answered(self, result: Any) -> Any:
        kind = type(result)
        if kind is Itself and result is ITSELF:
            return self
        if kind is Method:
            return _Function(self, result.name)
        return super()._answered(result)

    def __getattr__(self, name: str) -> Any:
        if name[0] == "_":
            raise AttributeError(
                f"{type(self).__name__!r} proxy has no attribute {name!r}: "
                f"names that begin with an underscore do not lead to the object",
                name=name,
                obj=self,
            )
        missed = self._missed
        if missed is not None:
            self._missed = None
            if missed[0] == name:
                raise missed[1]  # from a property of the object, which must not run twice
        found = self._callmethod("#GET", (name,))
        if type(found) is not _Function:
            self._learn(name)
        return found

    @classmethod
    def _learn(cls, name: str) -> None:
        """Have an attribute found without a detour from now on, which costs as much as half the call."""
        if len(cls._learned_) < _LEARNED_MAX:
            cls._learned_.add(name)
            hosted: Any = next(base for base in cls.__mro__ if "_shape_" in vars(base))
            found = remote_property(name)
            setattr(hosted, name, found)
            for derived in hosted.__subclasses__():
                if "_by_callmethod_" in vars(derived):
                    setattr(derived, name, call_by_callmethod(found))

    def __setattr__(self, name: str, value: Any) -> None:
        if name[0] == "_":
            object.__setattr__(self, name, value)
        else:
            self._callmethod("#SET", (name, value))

    def __delattr__(self, name: str) -> None:
        if name[0] == "_":
            object.__delattr__(self, name)
        else:
            self._callmethod("#DEL", (name,))

    def __dir__(self) -> list[str]:
        names = {*object.__dir__(self)} - self._learned_ | {*self._shape_.members}
        with contextlib.suppress(Exception):  # whoever looks is often a tool, after something went wrong
            names.update(self._callmethod("#DIR"))
        return sorted(names)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BaseProxy):
            return NotImplemented
        return self._canonical_key_ == other._canonical_key_

    def __hash__(self) -> int:
        return hash(self._canonical_key_)

    def __repr__(self) -> str:
        shape, route = self._shape_, self._token.route
        where = "" if route is None else f" in the manager with pid {route.pid}"
        return f"<proxy for {shape.module}.{shape.qualname} {self._token.id}{where}>"

    def __str__(self) -> str:
        return str(self._callmethod("__str__"))

    def _record(self) -> tuple[Any, Token, str, dict[str, Any]]:
        return OPEN_WHOLE.resolve(), self._token, self._serializer, {"exposed": self._record_of_class}


class _Function:
    """An attribute of an object that is called in the server."""

    def __init__(self, proxy: WholeProxy, name: str) -> None:
        self._proxy = proxy
        self.__name__ = name

    def __call__(self, *args: Any, **kwds: Any) -> Any:
        return self._proxy._callmethod(self.__name__, args, kwds)

    def __repr__(self) -> str:
        return f"<function {self.__name__} of {self._proxy!r}>"
