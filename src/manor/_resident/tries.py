"""Trying again what another process's change has made void.

Functions and comparisons of users run outside of any lock, on values that were read before; what they give is
stored only if those values are still there. Someone who changes them all the time makes the others try again, which
ends: whenever one process fails, another has succeeded. But a function that itself changes what it works on fails
each time. The two are told apart by watching whether the values also change for as long again while the function
does not run. With changes that come at random, an attempt is lost, and the watch after it quiet, with a probability
of at most 1/4; twelve times in a row, of 6e-8.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Final

__all__ = ["Tries"]

_FREE: Final = 3
"""Attempts that may be lost before the watching begins."""
_QUIET: Final = 12
"""Quiet watches in a row that are proof."""


class Tries:
    """The attempts of one operation."""

    __slots__ = ("_began", "_lost", "_quiet")

    def __init__(self) -> None:
        self._lost = 0
        self._quiet = 0
        self._began = 0.0

    def lost(self, state: Callable[[], object]) -> bool:
        """Note that an attempt was void; return whether the user's own function makes it so, each time.

        Args:
            state: Returns something that is equal for as long as what the operation works on is unchanged.
        """
        self._lost += 1
        if self._lost > _FREE:
            os.sched_yield()
            self._quiet = self._quiet + 1 if self._is_quiet(state) else 0
        self._began = time.monotonic()
        return self._quiet >= _QUIET

    def _is_quiet(self, state: Callable[[], object]) -> bool:
        """Whether nothing changes for as long as the last attempt took."""
        now = time.monotonic()
        end = now + (now - self._began)
        before = state()
        while time.monotonic() < end:
            os.sched_yield()
            if state() != before:
                return False
        return bool(state() == before)
