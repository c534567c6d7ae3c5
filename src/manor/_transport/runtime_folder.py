"""The folder of this user's named managers, which no other user can enter, and news of what changes in it.

It is reached by a descriptor of itself, which is checked: whatever another user put at its path, a link for instance,
is refused. News goes through a named pipe on which nothing is ever written. Whoever waits has it open for reading;
whoever has changed something opens it for writing and closes it again, upon which every reader, of those who came
before, is told of a hang-up.
"""

from __future__ import annotations

import contextlib
import os
import select
import stat
import sys
import time
from collections.abc import Iterator
from typing import Final

from manor.errors import CallTimeout

__all__ = ["News", "RuntimeFolder"]

_NEWS: Final = ".news"
_EPOCH_BYTES: Final = 8
_LOOK_AGAIN_S: Final = 60.0
"""A cleaner of /tmp may remove the pipe on which somebody waits."""


class RuntimeFolder:
    """The folder, open."""

    def __init__(self, path: str) -> None:
        """Open, and make if need be, the folder at *path*.

        Raises:
            PermissionError: It belongs to another user, or others may use it.
            OSError: It cannot be made, or is no folder.
        """
        self.path = path
        with contextlib.suppress(FileExistsError):
            os.mkdir(path, 0o700)
        self._descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            self._refuse_unless_private()
            with contextlib.suppress(FileExistsError):
                os.mkfifo(_NEWS, 0o600, dir_fd=self._descriptor)
        except BaseException:
            os.close(self._descriptor)
            raise

    @classmethod
    def of_user(cls) -> RuntimeFolder:
        """Return that of the current user, which is the same for all processes of the user, however they started."""
        user = os.geteuid()
        for base in (os.environ.get("XDG_RUNTIME_DIR", ""), f"/run/user/{user}"):
            if os.path.isabs(base) and _is_private(base, user):
                return cls(os.path.join(base, "manor"))
        return cls(f"/tmp/manor-{user}")  # noqa: S108 - checked when it is opened; not TMPDIR, which others may not share

    def _refuse_unless_private(self) -> None:
        found = os.fstat(self._descriptor)
        if found.st_uid != os.geteuid():
            raise PermissionError(
                f"{self.path} is of user {found.st_uid}, not of user {os.geteuid()}: names cannot be kept there"
            )
        if stat.S_IMODE(found.st_mode) & 0o077:
            raise PermissionError(
                f"other users may enter {self.path}: names cannot be kept there (chmod 700 {self.path})"
            )

    def __enter__(self) -> RuntimeFolder:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def names(self) -> list[str]:
        """Return the names of all files but the folder's own."""
        return sorted(name for name in os.listdir(self._descriptor) if not name.startswith("."))

    def read(self, name: str) -> bytes | None:
        """Return what a file says, or None if there is none."""
        try:
            descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self._descriptor)
        except OSError:
            return None
        with open(descriptor, "rb") as file:
            return file.read()

    def write(self, name: str, data: bytes) -> None:
        """Replace a file in one step, and tell those who wait for news; only while the folder is locked."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(os.open(".new", flags, 0o600, dir_fd=self._descriptor), "wb") as file:
            file.write(data)
        os.rename(".new", name, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)
        self._tell()

    def remove(self, name: str) -> None:
        """Remove a file; only while the folder is locked."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._descriptor)
        self._tell()

    def _tell(self) -> None:
        with contextlib.suppress(OSError):  # nobody waits
            os.close(self._open_news(os.O_WRONLY))

    def _open_news(self, mode: int) -> int:
        return os.open(_NEWS, mode | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self._descriptor)

    def epoch(self, name: str) -> memoryview:
        """Return how often *name* was given, which its first item goes on to say."""
        import mmap  # most programs use no names

        descriptor = self._open_epoch(name, os.O_RDONLY)
        try:
            return memoryview(mmap.mmap(descriptor, _EPOCH_BYTES, prot=mmap.PROT_READ)).cast("Q")
        finally:
            os.close(descriptor)

    def set_epoch(self, name: str, number: int) -> None:
        """Say that *name* was given again; only while the folder is locked."""
        descriptor = self._open_epoch(name, os.O_RDWR)
        try:
            os.pwrite(descriptor, number.to_bytes(_EPOCH_BYTES, sys.byteorder), 0)
        finally:
            os.close(descriptor)

    def forget_epoch(self, name: str) -> None:
        """Begin to count anew when *name* is given again; only while the folder is locked, and nobody has the name."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f".epoch-{name}", dir_fd=self._descriptor)

    def _open_epoch(self, name: str, mode: int) -> int:
        flags = mode | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            return os.open(f".epoch-{name}", flags, dir_fd=self._descriptor)
        except FileNotFoundError:
            descriptor = os.open(f".epoch-{name}", flags | os.O_RDWR | os.O_CREAT, 0o600, dir_fd=self._descriptor)
            os.truncate(descriptor, _EPOCH_BYTES)
            return descriptor

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes and threads from changing anything."""
        import fcntl  # most programs use no names

        lock = os.open(".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=self._descriptor)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            fcntl.flock(lock, fcntl.LOCK_UN)  # a child that another thread forks meanwhile has a copy of it
            os.close(lock)

    @contextlib.contextmanager
    def news(self) -> Iterator[News]:
        """Listen for changes from now on."""
        descriptor = self._open_news(os.O_RDONLY)
        try:
            yield News(descriptor)
        finally:
            os.close(descriptor)


def _is_private(path: str, user: int) -> bool:
    """Whether *path* is a folder that only *user* can change; ``sudo`` may leave us another one's."""
    try:
        found = os.stat(path)
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == user and not stat.S_IMODE(found.st_mode) & 0o022


class News:
    """Tells whether something has changed."""

    def __init__(self, descriptor: int) -> None:
        self._poller = select.poll()
        self._poller.register(descriptor, 0)

    def wait(self, end: float | None) -> None:
        """Return when something has changed, or may have without our being told.

        Args:
            end: Until when to wait (monotonic, in seconds), or None.

        Raises:
            CallTimeout: The time is over.
        """
        left = _LOOK_AGAIN_S if end is None else end - time.monotonic()
        if left <= 0:
            raise CallTimeout("nothing has changed in time")
        self._poller.poll(min(left, _LOOK_AGAIN_S) * 1000)
