"""The box office, with one request more: a worker that takes the lock, tells so, and keeps it until it is killed."""

import os
import signal
from collections.abc import Iterable, Iterator
from wsgiref.types import StartResponse, WSGIEnvironment

from examples.web_counter import app


def hold() -> Iterator[bytes]:
    with app.shared.lock:
        yield f"{os.getpid()}\n".encode()
        signal.pause()


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    if environ["PATH_INFO"] != "/hold":
        return app.application(environ, start_response)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return hold()
