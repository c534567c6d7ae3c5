"""Being a server, for a process that has imported little yet."""

import gc
from typing import Any, Final

from manor._wire.references import Reference

__all__ = ["enter"]

_RUN_SERVER: Final = Reference("manor._engines.process", "run_server")


def enter(*args: Any) -> None:
    """Run the server, as ``run_server`` does; *args* are its arguments."""
    collects = gc.isenabled()
    gc.disable()  # imports make many objects and no garbage: looking through them for some takes longer than most
    try:
        run_server = _RUN_SERVER.resolve()
    finally:
        if collects:
            _take_for_old()
            gc.enable()
    run_server(*args)


def _take_for_old() -> None:
    """Have the collector look at what there is as rarely as at what it has looked through twice."""
    if gc.get_freeze_count() == 0:  # else the program has its own plan
        gc.freeze()
        gc.unfreeze()
