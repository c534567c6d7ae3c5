"""What this process holds on one server.

All proxies of one object in one process share one hold; when the last of them goes, so does it, and its finalizer
gives back the credits that the server counted for this process. A credit that is still on its way to us is not
given back with the others, so the object survives it.
"""

from __future__ import annotations

import time
import weakref
from typing import TYPE_CHECKING, Final

from manor._proxy.control import LOST, Control
from manor._wire.calls import pack_drop
from manor._wire.control import Notice, What

if TYPE_CHECKING:
    from manor._proxy.fate import Fate
    from manor._proxy.link import Link
    from manor._proxy.sessions import Sessions

__all__ = ["Hold", "Holds"]

_LEASE_MARGIN: Final = 1.25
"""A lease is asked for this many times as long as promised, so that not every pickle has to ask."""


class Hold:
    """This process's hold of one object.

    Attributes:
        link: How its server is reached.
        ident: The object's number.
        credits: How often the server counted this process as a holder.
        changes: How often a proxy of this process called a method that changes the object.
        leased_until: Until when (monotonic, in seconds) the server keeps the object for pickles made here.
    """

    __slots__ = ("__weakref__", "changes", "credits", "ident", "leased_until", "link")

    def __init__(self, link: Link, ident: int) -> None:
        self.link = link
        self.ident = ident
        self.credits = 0
        self.changes = 0
        self.leased_until = 0.0

    def __del__(self) -> None:
        if self.credits:
            self.link.holds.drop(self)


class Holds:
    """The holds of one link, by object."""

    def __init__(self, link: Link, control: Control, sessions: Sessions, fate: Fate) -> None:
        """Tell the server of *link*, whose end is *fate*, of holds through *control* or an idle one of *sessions*."""
        self._link = link
        self._control = control
        self._sessions = sessions
        self._fate = fate
        self._lease_s = link.limits.pickle_lease_s
        self._holds: dict[int, weakref.ref[Hold]] = {}
        self._adopted: list[Hold] = []

    def hold(self, ident: int, *, credited: bool) -> Hold:
        """Return this process's hold of an object; *credited* when the server has counted it already."""
        reference = self._holds.get(ident)
        found = None if reference is None else reference()
        if found is None:
            found = Hold(self._link, ident)
            self._holds[ident] = weakref.ref(found)
        if credited:
            found.credits += 1
        elif not found.credits:
            found.credits += 1
            self._control.post(Notice(What.HOLD, ident, 1))
        return found

    def drop(self, hold: Hold) -> None:
        """Give back a hold's credits; called by its finalizer."""
        reference = self._holds.get(hold.ident)
        if reference is not None and reference() is None:
            self._holds.pop(hold.ident, None)
        if self._fate.ended is None:
            self._give_back(hold.ident, hold.credits)

    def _give_back(self, ident: int, credits_: int) -> None:
        """Give back credits, from anywhere, also in the middle of a call.

        It goes by an idle session of this thread, whose server thread is likely to be awake, or else by the control
        connection. Nothing waits for it, and it may fail: then the server is gone.
        """
        idle = self._sessions.idle.sessions
        control = self._control
        try:
            session = idle.pop()
        except IndexError:
            control.post(Notice(What.DROP, ident, credits_))
            return
        try:
            session.connection.send([pack_drop(control.posted, ident, credits_)], control.send_s)
        except TimeoutError:  # the server is stopped, and its socket full
            idle.append(session)
            control.post(Notice(What.DROP, ident, credits_))
        except LOST:
            session.connection.abandon()
        else:
            control.count_drop()
            idle.append(session)

    def lease(self, hold: Hold) -> None:
        """Have the server keep an object for a pickle that is being made now."""
        now = time.monotonic()
        if hold.leased_until < now + self._lease_s:
            seconds = self._lease_s * _LEASE_MARGIN
            hold.leased_until = now + seconds
            self._control.post(Notice(What.LEASE, hold.ident, int(seconds * 1000) + 1))

    def adopt(self, holds: list[Hold]) -> None:
        """Have *holds*, which another link had, be claimed with the others."""
        self._adopted = holds

    def claim(self, control: Control, token: bytes | None) -> None:
        """In a forked child: hold, through a control connection of its own, what it inherited under *token*."""
        self._control = control
        holds = [found for found in (reference() for reference in list(self._holds.values())) if found is not None]
        holds += self._adopted
        self._adopted = []
        self._holds = {hold.ident: weakref.ref(hold) for hold in holds}
        notices = []
        for hold in holds:
            hold.leased_until = 0.0
            if hold.credits:
                hold.credits = 1
                notices.append(Notice(What.HOLD, hold.ident, 1))
        if token is not None:
            notices.append(Notice(What.CLAIM, token=token))
        if notices:
            control.post_all(notices)
