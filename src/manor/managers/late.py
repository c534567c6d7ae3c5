"""What only those need that start a server; imported when they do."""

from __future__ import annotations

from typing import Any, Final

from manor._wire.references import Reference

__all__ = ["END_IN_ORDER", "ENTER", "NEW_SERVER", "SERVER", "SERVER_PROCESS"]

SERVER_PROCESS: Final = Reference("manor._engines.child", "ServerProcess")
NEW_SERVER: Final = Reference("manor._engines.process", "new_server")
END_IN_ORDER: Final = Reference("manor._engines.process", "end_in_order")
ENTER: Final = Reference("manor._engines.entering", "enter")


class _LateClass(Reference):
    """As an attribute of a class: imported when it is looked at."""

    __slots__ = ()

    def __get__(self, instance: object, owner: object = None) -> Any:
        return self.resolve()


SERVER: Final = _LateClass("manor._server.server", "Server")
