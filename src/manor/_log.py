"""One line of log, to where users look: the logger "manor", and multiprocessing's own when it is switched on.

Nothing is logged before somebody has imported ``logging``, which is slow to import: without it nobody listens.
"""

from __future__ import annotations

import sys
from multiprocessing import util
from typing import Final

__all__ = ["current_error_text", "debug", "info", "warning"]

_DEBUG: Final = 10
_INFO: Final = 20
_WARNING: Final = 30


def _log(level: int, text: str, values: tuple[object, ...]) -> None:
    if level < _WARNING and "logging" not in sys.modules:
        return
    import logging  # shows warnings on stderr, as it does for everybody

    ours = logging.getLogger("manor")
    if ours.isEnabledFor(level):
        ours.log(level, text, *values)
    theirs: logging.Logger | None = util._logger  # type: ignore[attr-defined]
    if theirs is not None and theirs.isEnabledFor(level):
        theirs.log(level, "manor: " + text, *values)


def current_error_text() -> str:
    """Return the traceback of the exception being handled."""
    import traceback  # slow to import, and not needed before something goes wrong

    return traceback.format_exc()


def debug(text: str, *values: object) -> None:
    """Log at level DEBUG."""
    _log(_DEBUG, text, values)


def info(text: str, *values: object) -> None:
    """Log at level INFO."""
    _log(_INFO, text, values)


def warning(text: str, *values: object) -> None:
    """Log at level WARNING."""
    _log(_WARNING, text, values)
