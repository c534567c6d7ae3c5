"""What an arena is used for, and what its processes did."""

from __future__ import annotations

from collections import Counter
from typing import Any

from manor._resident.attachment import Arena
from manor._resident.kinds import type_of

__all__ = ["stats_of"]


def stats_of(arena: Arena) -> dict[str, Any]:
    """Return bytes and slots, how many objects there are of each type, who is attached, and what all of them did."""
    return {
        **arena.stats(),
        "processes": [pid for _, pid, _ in arena.processes()],
        "objects": dict(Counter(type_of(kind, tag) for kind, tag, _, _ in arena.objects())),
    }
