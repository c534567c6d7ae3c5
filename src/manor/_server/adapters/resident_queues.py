"""Queues of the arena: an item whose getter never learnt of it goes back to where it was."""

from functools import partial
from typing import Any, Final

from manor._server.adapters.residents import ResidentAdapter
from manor._server.calls import current

__all__ = ["ResidentQueueAdapter"]

_TAKING: Final = frozenset(("get", "get_many", "get_nowait"))


class ResidentQueueAdapter(ResidentAdapter):
    """Has every method run as the caller's deputy, and puts back what was taken for one who has gone."""

    def _run(self, name: str, *args: Any, **kwds: Any) -> Any:
        result = super()._run(name, *args, **kwds)
        call = current()
        if call is not None and name in _TAKING:
            items = result if name == "get_many" else [result]
            call.undo.extend(partial(self._subject._put_back, item) for item in items)
        return result
