"""The synchronisation objects of `SyncManager`, for callers in many processes.

They behave as those of `threading`, and besides: a wait ends when its client has gone, an acquisition whose
answer was lost is undone, and what a killed process held goes to the next waiter, who learns of it.
"""

from manor._server.primitives.barrier import Barrier
from manor._server.primitives.bounded_semaphore import BoundedSemaphore
from manor._server.primitives.condition import Condition
from manor._server.primitives.deaths import DeadOwner
from manor._server.primitives.event import Event
from manor._server.primitives.lock import Lock
from manor._server.primitives.rlock import RLock
from manor._server.primitives.semaphore import Semaphore

__all__ = ["Barrier", "BoundedSemaphore", "Condition", "DeadOwner", "Event", "Lock", "RLock", "Semaphore"]
