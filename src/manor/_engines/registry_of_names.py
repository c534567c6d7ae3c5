"""Names of managers: who has one, and where it is reached. One file for each, in a folder of the user's own.

The file is a hint and never the proof: whether a manager lives, its process and its socket say. So nothing has to be
cleaned up for a name to be free again. Names are given under a lock that the system takes back from the dead.
"""

from __future__ import annotations

import json
import os
import re
import time
from typing import Any, Final, NamedTuple

from manor._resident import attachment
from manor._transport.addresses import Address
from manor._transport.endings import start_time
from manor._transport.listening import is_listened_on
from manor._transport.peers import machine_id
from manor._transport.runtime_folder import RuntimeFolder
from manor._wire.tokens import Route
from manor.errors import NameInUse

__all__ = ["Entry", "Registration", "checked_name", "claim", "entries", "find"]

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_RULE: Final = "1 to 64 of the characters a-z, A-Z, 0-9, '.', '_' and '-', the first of them a letter or digit"


def checked_name(name: object) -> str:
    """Return *name*; raise ``TypeError`` or ``ValueError`` for what cannot name a manager."""
    if not isinstance(name, str):
        raise TypeError(f"the name of a manager must be a str, not {name!r}")
    if not _NAME.fullmatch(name):
        raise ValueError(f"a manager cannot be called {name!r}: a name is {_RULE}")
    return name


class Entry(NamedTuple):
    """What is known of the manager that has a name.

    Attributes:
        name: The name.
        server: 16 bytes that name its server.
        machine: 16 bytes that name the machine of its process.
        pid: The server's process id; 0 while that is about to be started.
        started: When that process started, as the system counts it: no later process of the same id has it.
        address: The server's address.
        since: When the name was given, as ``time.time()``.
        path: The Unix socket for clients of this machine and user.
        epoch: How often the name was given before.
    """

    name: str
    server: bytes
    machine: bytes
    pid: int
    started: int
    address: Address
    since: float
    path: str
    epoch: int

    def is_alive(self) -> bool:
        """Whether the manager's server runs, or is being started."""
        if self.pid and self.machine == machine_id() and start_time(self.pid) != self.started:
            return False
        return is_listened_on(self.path)

    def pack(self) -> bytes:
        """Return the contents of its file."""
        address = os.fsdecode(self.address) if isinstance(self.address, bytes) else self.address
        fields = {**self._asdict(), "server": self.server.hex(), "machine": self.machine.hex(), "address": address}
        return json.dumps(fields).encode()

    @classmethod
    def unpack(cls, name: str, data: bytes | None) -> Entry | None:
        """Return what a file says, or None for one that says nothing of use."""
        try:
            fields: dict[str, Any] = json.loads(data or b"")
            address = fields["address"]
            if isinstance(address, list):
                address = (str(address[0]), int(address[1]))
            server, machine = bytes.fromhex(fields["server"]), bytes.fromhex(fields["machine"])
            pid, started = int(fields["pid"]), int(fields["started"])
            since, path, epoch = float(fields["since"]), str(fields["path"]), int(fields["epoch"])
            return cls(name, server, machine, pid, started, address, since, path, epoch)
        except (ValueError, KeyError, TypeError, IndexError):
            return None


class Registration:
    """A name that a manager has; it can be pickled, so that the server and its owner both have it."""

    def __init__(self, folder: str, entry: Entry) -> None:
        self._folder = folder
        self._entry = entry

    def started(self, pid: int) -> None:
        """Enter the process of the server."""
        self._entry = self._entry._replace(pid=pid, started=start_time(pid) or 0)
        with RuntimeFolder(self._folder) as folder, folder.locked():
            if _is_of(folder, self._entry):
                folder.write(self._entry.name, self._entry.pack())

    def remove(self) -> None:
        """Give the name up, unless another manager has it by now."""
        try:
            with RuntimeFolder(self._folder) as folder, folder.locked():
                if _is_of(folder, self._entry):
                    folder.remove(self._entry.name)
        except OSError:  # the folder went with the user's last login; the name is free without it
            return

    def forget(self) -> None:
        """Leave nothing behind, once the memory of the manager has ended: until then its proxies watch the epoch."""
        try:
            with RuntimeFolder(self._folder) as folder, folder.locked():
                if folder.read(self._entry.name) is None:
                    folder.forget_epoch(self._entry.name)
        except OSError:  # likewise
            return


def _is_of(folder: RuntimeFolder, entry: Entry) -> bool:
    found = Entry.unpack(entry.name, folder.read(entry.name))
    return found is not None and found.server == entry.server


def claim(name: str, route: Route, address: Address) -> Registration:
    """Give a name to the manager whose server is reached by *route*, and listens already.

    Raises:
        NameInUse: A manager that lives has it.
        OSError: This user has no folder for names.
    """
    with RuntimeFolder.of_user() as folder, folder.locked():
        former = Entry.unpack(name, folder.read(name))
        if former is not None and former.is_alive():
            raise NameInUse(
                f"a manager named {name!r} runs already (pid {former.pid or 'not known yet'}): "
                f"manor.attach({name!r}) finds it"
            )
        if former is not None:
            _end_memory_of(former)
        epoch = folder.epoch(name)[0] + 1
        entry = Entry(name, route.server, route.machine, 0, 0, address, time.time(), route.path, epoch)
        folder.write(name, entry.pack())
        folder.set_epoch(name, epoch)  # after that: who sees it looks there
        return Registration(folder.path, entry)


def _end_memory_of(former: Entry) -> None:
    """End the memory that a server which crashed has left to us: its objects have other homes now."""
    arena = attachment.find(former.server)
    if arena is not None:
        arena.end()


def find(name: str) -> Entry | None:
    """Return what is known of the manager that has the name, dead or alive."""
    with RuntimeFolder.of_user() as folder:
        return Entry.unpack(name, folder.read(name))


def entries() -> list[Entry]:
    """Return what is known of every manager of this user that has a name."""
    with RuntimeFolder.of_user() as folder:
        found = [Entry.unpack(name, folder.read(name)) for name in folder.names() if _NAME.fullmatch(name)]
    return [entry for entry in found if entry is not None]
