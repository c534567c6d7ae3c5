"""Items of an iterator, as they travel: in chunks of what it gives within a moment."""

from __future__ import annotations

from manor._native import take_items

__all__ = ["take_items"]
