"""The box office under gunicorn: workers are killed under load; no order is lost or sold twice, and nobody is stuck."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
LIMIT_S = 60.0
CLIENTS, ORDERS, KILLS = 4, 120, 3


@contextlib.contextmanager
def served(*options: str, application: str = "examples.web_counter.app:application") -> Iterator[int]:
    """Run the example; yields the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command = [
            sys.executable, "-m", "gunicorn", "-c", "examples/web_counter/gunicorn_conf.py", *options,
            "-b", f"fd://{listener.fileno()}", application,
        ]  # fmt: skip
        with subprocess.Popen(
            command, cwd=ROOT, pass_fds=[listener.fileno()], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as master:
            try:
                yield listener.getsockname()[1]
                master.terminate()
                said, _ = master.communicate(timeout=LIMIT_S)
            finally:
                master.kill()
    assert master.returncode == 0, said
    assert "Traceback" not in said, said


def ask(port: int, method: str, path: str) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT_S)
    with contextlib.closing(connection):
        connection.request(method, path)
        return json.loads(connection.getresponse().read())


class Audience:
    """Clients that order tickets, and ask again where a worker was killed before it answered."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._lock = threading.Condition()
        self.tickets: dict[str, int] = {}
        self.attempts = 0
        self.workers: set[int] = set()

    def order_all(self, client: int) -> None:
        for number in range(ORDERS):
            self._order(f"{client}-{number}")

    def _order(self, name: str) -> None:
        while True:
            self.attempts += 1
            with contextlib.suppress(ConnectionError, http.client.HTTPException, ValueError):  # a part of an answer
                answer = ask(self._port, "POST", f"/orders/{name}")
                break
        with self._lock:
            self.tickets[name] = answer["ticket"]
            self.workers.add(answer["worker"])
            self._lock.notify_all()

    def wait_for_more(self, count: int) -> None:
        with self._lock:
            target = len(self.tickets) + count
            assert self._lock.wait_for(lambda: len(self.tickets) >= target, LIMIT_S), "somebody is stuck"


@pytest.mark.parametrize("options", [[], ["--preload"]], ids=["loaded by each worker", "preloaded"])
def test_nothing_is_lost_and_nobody_stuck_when_workers_are_killed_under_load(options: list[str]) -> None:
    killed: set[int] = set()
    with served(*options) as port, ThreadPoolExecutor(CLIENTS) as pool:
        audience = Audience(port)
        clients = [pool.submit(audience.order_all, client) for client in range(CLIENTS)]
        for _ in range(KILLS):
            audience.wait_for_more(CLIENTS * ORDERS // (KILLS + 2))
            victim = min(audience.workers - killed)
            os.kill(victim, signal.SIGKILL)
            killed.add(victim)
        for client in clients:
            client.result(LIMIT_S)
        statistics = ask(port, "GET", "/statistics")
        again = [ask(port, "POST", f"/orders/{name}")["ticket"] for name in list(audience.tickets)[:20]]
    assert sorted(audience.tickets.values()) == list(range(1, CLIENTS * ORDERS + 1))
    assert again == list(audience.tickets.values())[:20]
    assert statistics["tickets"] == CLIENTS * ORDERS
    assert CLIENTS * ORDERS <= statistics["requests"] <= audience.attempts
    assert len(audience.workers) > KILLS


def test_the_lock_of_a_worker_that_is_killed_holding_it_goes_on() -> None:
    with served(application="tests.examples.holding:application") as port:
        for number in range(1, 4):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT_S)
            with contextlib.closing(connection), ThreadPoolExecutor(1) as pool:
                connection.request("GET", "/hold")
                holder = int(connection.getresponse().readline())
                sale = pool.submit(ask, port, "POST", f"/orders/{number}")
                os.kill(holder, signal.SIGKILL)
                answer = sale.result(LIMIT_S)
            assert answer["ticket"] == number
            assert answer["worker"] != holder


def test_it_says_what_there_is_to_ask() -> None:
    with served() as port:
        assert ask(port, "GET", "/")["try"]
        assert ask(port, "GET", "/statistics") == {"tickets": 0, "requests": 1}
