"""Settings of gunicorn: its master owns the manager, so that workers may come and go."""

from typing import Any

from examples.web_counter import shared

workers = 3
control_socket_disable = True


def on_starting(server: Any) -> None:
    """Called in the master; with --preload the application has started the manager already."""
    if not server.cfg.preload_app:
        shared.start()


def on_exit(_: Any) -> None:
    shared.stop()
