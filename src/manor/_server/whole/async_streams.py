"""Asynchronous generators that a method returns: they stay here, and run on the server's event loop."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING, Any, Final

from manor._server.whole.tasks import cancel, cancellable, run
from manor.errors import NotExposed

if TYPE_CHECKING:
    from manor._server.dispatch import Dispatcher, Grantee
    from manor._server.objects import Hosted
    from manor._server.whole.turns import Turn

__all__ = ["AsyncStream"]


class AsyncStream:
    """One asynchronous generator: its items are made, and travel, one at a time.

    Attributes:
        name: Of the method that returned it.
    """

    def __init__(self, generator: AsyncGenerator[Any, Any], owner: Hosted, method: str) -> None:
        self.name = f"{owner.typeid}.{method}"
        self._generator = generator
        self._owner = owner
        self._method = method

    def call(
        self,
        dispatcher: Dispatcher,
        grantee: Grantee,
        hosted: Hosted,
        method: str,
        args: tuple[Any, ...],
        kwds: Mapping[str, Any],
    ) -> Any:
        """Carry out a call: a step of the generator, or the cancellation of one."""
        if method == "#CANCEL":
            return cancel(*args)
        key, step, args, _ = args
        if method != "#AWAIT" or step not in _STEPS:
            raise NotExposed(f"an asynchronous generator does not expose {step!r}")
        turn: Turn | None = getattr(self._owner.whole, "turn", None)
        with cancellable(key):
            result = run(self._step(step, args), turn, self._owner.typeid, self._method)
        return grantee.encoded(result, hosted, step)

    async def _step(self, step: str, args: tuple[Any, ...]) -> Any:
        """Return whether there is an item, and the item: StopAsyncIteration cannot leave a coroutine as itself."""
        try:
            return True, await getattr(self._generator, step)(*args)
        except StopAsyncIteration:
            return False, None


_STEPS: Final = frozenset(("__anext__", "asend", "athrow", "aclose"))
