"""The standard library's ``multiprocessing.managers`` while ``manor.install()`` has its place.

Pickles of what it defines name this module, and find it in every process: in one that has installed us or not.
"""

from __future__ import annotations

from typing import Any

from manor.managers.installing import standard_module

__all__: list[str] = []


def __getattr__(name: str) -> Any:
    return getattr(standard_module(), name)
