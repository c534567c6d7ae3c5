"""Private sockets that servers have left behind: one that is killed, and its owner with it, removes nothing."""

from __future__ import annotations

import contextlib
import os
import stat
import time
from typing import Final

from manor._transport.listening import is_private, is_stale, remove_private

__all__ = ["remove_left", "remove_left_beside"]

_AGE_S: Final = 60.0
"""What is younger may be of a server that is about to listen."""


def remove_left(path: str) -> None:
    """Remove the private socket of a server that is gone, with its folder, unless somebody listens there."""
    if is_private(path) and is_stale(path):
        remove_private(path)


def remove_left_beside(path: str) -> None:
    """Do that for all that servers of this user have left some time ago where the one at *path* listens."""
    if not is_private(path):
        return
    place = os.path.dirname(os.path.dirname(path))
    with contextlib.suppress(OSError), os.scandir(place) as entries:
        for entry in entries:
            if is_private(os.path.join(entry.path, "socket")) and _is_old_and_ours(entry):
                remove_left(os.path.join(entry.path, "socket"))
                with contextlib.suppress(OSError):
                    os.rmdir(entry.path)  # of one that was killed before it listened


def _is_old_and_ours(entry: os.DirEntry[str]) -> bool:
    try:
        found = entry.stat(follow_symlinks=False)
    except OSError:  # removed since it was listed
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and found.st_mtime < time.time() - _AGE_S
