"""A lock that its owner, one thread of one process, may acquire again."""

from manor._server.calls import Caller, caller
from manor._server.primitives.mutex import Holding, Mutex


class RLock(Mutex):
    """`threading.RLock` for callers in many processes."""

    def _is_held_by(self, who: Caller) -> bool:
        return self._was_taken_by(who)

    def _is_free_for(self, who: Caller) -> bool:
        return self._holding is None or self._was_taken_by(who)

    def _holding_to_release(self) -> Holding:
        holding = self._holding
        if holding is None or holding.caller != caller():
            raise RuntimeError("cannot release un-acquired lock")
        return holding
