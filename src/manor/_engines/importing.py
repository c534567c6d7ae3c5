"""What a process of the start methods spawn and forkserver must not import."""

from __future__ import annotations

import multiprocessing
import sys

__all__ = ["refuse_while_importing_main"]


def refuse_while_importing_main(start_method: str) -> None:
    """Refuse to start a server in a child that is still importing the main module.

    Raises:
        RuntimeError: Every child would start one, and import the main module in it again.
    """
    if start_method == "fork" or not getattr(multiprocessing.current_process(), "_inheriting", False):
        return
    main = getattr(sys.modules.get("__main__"), "__file__", None) or sys.argv[0]
    raise RuntimeError(
        f"a manager was started while a child process imports the main module, {main}, which it does first "
        f"under the start method {start_method!r}: put what starts the manager under `if __name__ == '__main__':`"
    )
