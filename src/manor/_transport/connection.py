"""The native connection, and what it raises whose peer is gone."""

from __future__ import annotations

from typing import Final

from manor._native import Connection, Turns

__all__ = ["LOST", "Connection", "Turns"]

LOST: Final = (OSError, EOFError, ValueError)
"""What a connection raises whose peer is gone (``ValueError``: it was closed on our side)."""
