"""Asynchronous generators that stay in the server."""

from __future__ import annotations

from typing import Any

from manor._proxy.base import BaseProxy
from manor._wire.tokens import Token

__all__ = ["AsyncStream", "open_async_stream"]


class AsyncStream(BaseProxy):
    """An asynchronous generator that a method of a hosted object returned; the proxy's own method drives it."""


def open_async_stream(token: Token, serializer: str, exposed: Any = None, **kwds: Any) -> AsyncStream:  # noqa: ARG001 - as all that make proxies
    """Return what stands for an asynchronous generator in the server."""
    return AsyncStream(token, serializer, **kwds)
