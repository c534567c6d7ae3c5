"""Reaching a manager by its name, also one that is yet to come."""

from __future__ import annotations

import time

from manor._engines.registry_of_names import Entry, checked_name, entries, find
from manor._proxy.deadlines import current_end
from manor._proxy.link import Link
from manor._proxy.links import open_link
from manor._transport.runtime_folder import RuntimeFolder
from manor.errors import CallTimeout, ManagerDied, ManagerNotFound
from manor.limits import Limits

__all__ = ["join"]


def join(name: str, serializer: str, limits: Limits, timeout: float | None = 0.0) -> Link:
    """Return the link to the manager that has the name.

    Args:
        name: The name.
        serializer: What its server must speak.
        limits: Bounds of the link.
        timeout: How long to wait for one that lives, in seconds; None is without limit.

    Raises:
        ManagerNotFound: There was none in that time.
        CallTimeout: There is one which does not introduce itself.
    """
    checked_name(name)
    end = _end_after(timeout)
    while True:
        with RuntimeFolder.of_user() as folder, folder.news() as news:
            try:
                entry = find(name)
                link = None if entry is None else _reached(entry, serializer, limits)
            except CallTimeout:  # it is starting, or stopped
                if end is not None and end <= time.monotonic():
                    raise
                continue
            if link is not None:
                return link
            try:
                news.wait(end)
            except CallTimeout:
                raise _not_found(name, timeout) from None


def _end_after(timeout: float | None) -> float | None:
    ends = [end for end in (current_end(), None if timeout is None else time.monotonic() + timeout) if end is not None]
    return min(ends, default=None)


def _reached(entry: Entry, serializer: str, limits: Limits) -> Link | None:
    """Return the link to a manager, or None if it is dead."""
    if not entry.is_alive():
        return None
    try:
        link = open_link(entry.path, None, serializer, limits)
    except (ManagerDied, ConnectionRefusedError, FileNotFoundError):
        return None
    if link.server != entry.server:
        return None
    link.public_address = entry.address
    return link


def _not_found(name: str, timeout: float | None) -> ManagerNotFound:
    others = [entry.name for entry in entries() if entry.is_alive()]
    known = f"there are: {', '.join(others)}" if others else "there are no others"
    waited = f" within {timeout:.3g} s" if timeout else ""
    return ManagerNotFound(f"this user runs no manager named {name!r}{waited}; {known}")
