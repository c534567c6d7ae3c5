"""Making objects whole, and answering with them."""

from __future__ import annotations

import importlib
import types
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import manor._server.whole.remote_chains  # noqa: F401 - what has turns tells of them in the calls that it makes
from manor._codec.main_module import of_main
from manor._server.adapting import adapt
from manor._server.dispatch import ProxyResult
from manor._server.whole.chains import lock
from manor._server.whole.classes import hosted_class
from manor._server.whole.objects import Whole
from manor._server.whole.streams import grant_stream
from manor._server.whole.turns import Turn
from manor._wire.blueprints import OPEN_WHOLE, Blueprint, Concurrency, check_concurrency
from manor.errors import NotImportable

if TYPE_CHECKING:
    from manor._server.dispatch import Dispatcher, Grantee
    from manor._server.objects import Hosted

__all__ = ["create_whole", "grant_again", "grant_result", "grant_whole", "record_of"]


def create_whole(
    dispatcher: Dispatcher, grantee: Grantee, blueprint: Blueprint, args: tuple[Any, ...], kwds: Mapping[str, Any]
) -> ProxyResult:
    """Make an object of any class, and make the caller its holder.

    Raises:
        NotImportable: The class is not to be found here.
        BaseException: Whatever the class raises.
    """
    check_concurrency(blueprint.concurrency)
    made_by = blueprint.made_by
    if isinstance(made_by, tuple):
        made_by = of_main(*made_by) if blueprint.is_of_main else _imported(*made_by)
    obj = made_by(*args, **kwds)
    if isinstance(obj, types.CoroutineType):
        obj.close()
        raise TypeError(
            f"{blueprint.name}() returned a coroutine: create() takes a class, or a plain function that makes an object"
        )
    if obj is None:
        raise TypeError(f"{blueprint.name}() returned None, which is no object to host")
    return grant_whole(dispatcher, grantee, obj, concurrency=blueprint.concurrency)


def _imported(module: str, qualname: str) -> Any:
    try:
        found: Any = importlib.import_module(module)
        for name in qualname.split("."):
            found = getattr(found, name)
    except (ModuleNotFoundError, AttributeError) as error:
        raise NotImportable(f"the manager's server cannot import {module}.{qualname}: {error}") from error
    return found


def grant_whole(
    dispatcher: Dispatcher,
    grantee: Grantee,
    obj: Any,
    typeid: str | None = None,
    *,
    concurrency: Concurrency | None = None,
    allowed: frozenset[str] | None = None,
    method_to_typeid: Mapping[str, str] | None = None,
) -> ProxyResult:
    """Host an object whole, if it is not yet, and make the caller its holder."""
    kind = hosted_class(type(obj))
    adapter = adapt(obj)
    hosted = dispatcher.table.host(
        obj, typeid or kind.typeid, kind.exposed, method_to_typeid or {}, adapter, grantee.holder
    )
    with lock:
        if hosted.whole is None:
            concurrency = concurrency or ("serial" if adapter is None else "threads")
            turn = None if concurrency == "threads" else Turn(_name(hosted), dispatcher.public_address)
            is_adapted, readers = hosted.adapter is not None, concurrency == "readers"
            hosted.whole = Whole(kind, turn, readers=readers, allowed=allowed, is_adapted=is_adapted)
    grantee.note_hold(hosted)
    return ProxyResult(kind.record, f"{hosted.ident:x}", hosted.typeid, OPEN_WHOLE)


def _name(hosted: Hosted) -> str:
    return f"{hosted.typeid} {hosted.ident:x}"


def grant_again(dispatcher: Dispatcher, grantee: Grantee, hosted: Hosted) -> ProxyResult:
    """Make the caller a holder of an object that is hosted whole."""
    dispatcher.table.host(
        hosted.obj, hosted.typeid, hosted.exposed, hosted.method_to_typeid, hosted.adapter, grantee.holder
    )
    grantee.note_hold(hosted)
    return ProxyResult(record_of(hosted), f"{hosted.ident:x}", hosted.typeid, OPEN_WHOLE)


def record_of(hosted: Hosted) -> tuple[str, ...]:
    """Return what a client is told of an object's class."""
    return hosted_class(type(hosted.obj)).record


def grant_result(
    dispatcher: Dispatcher, grantee: Grantee, hosted: Hosted, name: str, result: Any, *, proxied: bool
) -> Any:
    """Return what a client is told of a result that stays here; None for one that is to be copied."""
    if getattr(type(result), "_callmethod", None) is not None:
        return None  # a proxy travels by itself
    if proxied and result is not None:
        return grant_whole(dispatcher, grantee, result)
    typeid = hosted.method_to_typeid.get(name)
    if typeid is not None and typeid in dispatcher.registry:
        return dispatcher.by_proxy(grantee, typeid, result)
    return grant_stream(dispatcher, grantee, hosted, name, result)
