"""Encoding the arguments of a call, and saying which of them cannot travel."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NoReturn

from manor._codec.context import Recipient, travel
from manor._codec.refusals import advice, advised
from manor._wire.blueprints import Blueprint
from manor._wire.deep import split_typeid
from manor.errors import NotPicklable

if TYPE_CHECKING:
    from manor._codec.codec import Codec
    from manor._codec.pickles import Buffer

__all__ = ["encode_arguments"]

_CREATE: Final = "manager.create()"


def encode_arguments(
    codec: Codec, recipient: Recipient, where: str, args: tuple[Any, ...], kwds: Mapping[str, Any]
) -> Sequence[Buffer]:
    """Return the parts of the payload of a call.

    Args:
        codec: Encodes it.
        recipient: For whom.
        where: The method, for messages.
        args: Positional arguments.
        kwds: Keyword arguments.

    Raises:
        NotPicklable: One of the arguments cannot travel; the message says which, and why.
    """
    outer, travel.recipient = travel.recipient, recipient
    try:
        return codec.encode((args, dict(kwds)))
    except Exception as error:
        _explain(codec, where, args, kwds, error)
    finally:
        travel.recipient = outer


def _explain(codec: Codec, where: str, args: tuple[Any, ...], kwds: Mapping[str, Any], error: Exception) -> NoReturn:
    if where == _CREATE and isinstance(args[0], str):  # that was said by the manager's method of that name
        where, args = f"manager.{split_typeid(args[0])[0]}()", args[1:]
    named = [(f"argument {at}", value) for at, value in enumerate(args, 1)]
    named += [(f"argument {name!r}", value) for name, value in kwds.items()]
    for name, value in named:
        try:
            codec.encode(value)
        except Exception as reason:
            text = _text(f"{name} of {where}", value, reason)
            if isinstance(reason, NotPicklable.__bases__[1:]):
                raise NotPicklable(text) from error
            error.add_note(text)
            advised(error)
            break
    raise error


def _text(what: str, value: Any, reason: Exception) -> str:
    if isinstance(value, Blueprint):
        if isinstance(reason, NotPicklable):
            return str(reason)  # which says all of it
        shown = value.name
    else:
        shown = reprlib.repr(value)
    return f"{what} cannot be sent to the manager's server: {shown} ({type(reason).__name__}: {reason}){advice(reason)}"
