"""`manor.managers` with all objects in the server process, as where there is no shared memory."""

from typing import Any

from manor import managers
from manor.managers import *  # noqa: F403 - the names that tests import


class SyncManager(managers.SyncManager):  # type: ignore[no-redef]  # it takes that one's place
    """Keeps the standard types in its server."""

    def __init__(self, *args: Any, **kwds: Any) -> None:
        super().__init__(*args, resident=False, **kwds)


def __getattr__(name: str) -> Any:
    return getattr(managers, name)
