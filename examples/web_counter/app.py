"""A box office: every order gets one ticket, and no two get the same, whichever worker is asked and however often.

gunicorn -c examples/web_counter/gunicorn_conf.py examples.web_counter.app:application
gunicorn -c examples/web_counter/gunicorn_conf.py --preload examples.web_counter.app:application

curl -X POST http://127.0.0.1:8000/orders/ada
curl http://127.0.0.1:8000/statistics
"""

import json
import os
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from examples.web_counter.shared import find

# With --preload this runs once, in the master, and workers inherit what it found; without, in each worker.
shared = find()


def sell(order: str) -> int:
    """Return the number of the order's ticket.

    A worker may be killed at any moment. The lock goes to the next one, whose log has a warning of that; and since a
    sale is one assignment, there is nothing half done to repair.
    """
    known: int | None = shared.tickets.get(order)
    if known is not None:
        return known
    with shared.lock:
        number: int = shared.tickets.setdefault(order, len(shared.tickets) + 1)
    return number


def answer_to(method: str, path: str) -> tuple[str, dict[str, Any]]:
    match method, path.strip("/").split("/"):
        case "POST", ["orders", order]:
            return "200 OK", {"ticket": sell(order), "worker": os.getpid()}
        case "GET", ["statistics"]:
            return "200 OK", {"tickets": len(shared.tickets), "requests": shared.requests.value}
        case _:
            return "404 Not Found", {"try": ["POST /orders/<name>", "GET /statistics"]}


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    status, answer = answer_to(environ["REQUEST_METHOD"], environ["PATH_INFO"])
    shared.requests.add(1)  # in one step: needs no lock
    body = json.dumps(answer).encode()
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
