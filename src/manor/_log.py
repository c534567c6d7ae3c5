"""One line of log, to where users look: the logger "manor", and multiprocessing's own when it is switched on."""

from __future__ import annotations

import logging
from multiprocessing import util

__all__ = ["debug", "info", "logger", "warning"]

logger = logging.getLogger("manor")


def _log(level: int, text: str, values: tuple[object, ...]) -> None:
    if logger.isEnabledFor(level):
        logger.log(level, text, *values)
    theirs: logging.Logger | None = util._logger  # type: ignore[attr-defined]
    if theirs is not None and theirs.isEnabledFor(level):
        theirs.log(level, "manor: " + text, *values)


def debug(text: str, *values: object) -> None:
    """Log at level DEBUG."""
    _log(logging.DEBUG, text, values)


def info(text: str, *values: object) -> None:
    """Log at level INFO."""
    _log(logging.INFO, text, values)


def warning(text: str, *values: object) -> None:
    """Log at level WARNING."""
    _log(logging.WARNING, text, values)
