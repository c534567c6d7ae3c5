"""A lock that any thread of any process may release."""

from manor._server.calls import Caller
from manor._server.primitives.mutex import Holding, Mutex


class Lock(Mutex):
    """`threading.Lock` for callers in many processes."""

    def _is_held_by(self, who: Caller) -> bool:
        return self._holding is not None  # `threading.Condition` does not ask by whom either

    def _is_free_for(self, who: Caller) -> bool:
        return self._holding is None

    def _holding_to_release(self) -> Holding:
        if self._holding is None:
            raise RuntimeError("release unlocked lock")
        return self._holding
