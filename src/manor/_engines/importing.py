"""What a process of the start methods spawn and forkserver must be able to import, and what to write if it cannot."""

from __future__ import annotations

import contextlib
import multiprocessing
import sys
from collections.abc import Iterator

__all__ = ["explained_registry", "refuse_while_importing_main"]


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


@contextlib.contextmanager
def explained_registry(start_method: str) -> Iterator[None]:
    """Add to what pickling raises, inside, what can be registered under *start_method*."""
    try:
        yield
    except (AttributeError, TypeError, ValueError) as error:
        if start_method != "fork" and "pickle" in str(error):
            error.add_note(_NOTE.format(start_method))
        raise


_NOTE = (
    "Under the start method {!r} the server imports what is registered by its name: define it at the top of a module, "
    "or start the manager with ctx=multiprocessing.get_context('fork')."
)
