"""What is in use must come back: memory, objects and slots."""

import gc
from typing import Any

from tests.conformance.subjects import until

__all__ = ["assert_back_at"]

COUNTED = ("objects", "slots", "bytes_used")


def assert_back_at(baseline: dict[str, Any], manager: Any) -> None:
    """No more objects, slots and bytes are in use than there were, or will be in a moment."""
    gc.collect()

    def is_back() -> bool:
        stats = manager.stats()
        return stats["objects"] == baseline["objects"] and all(stats[each] <= baseline[each] for each in COUNTED[1:])

    try:
        until(is_back, 10.0)
    except AssertionError:
        stats = manager.stats()
        found = {each: (baseline[each], stats[each]) for each in COUNTED}
        raise AssertionError(f"in use before and now: {found}") from None
