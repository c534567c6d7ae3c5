"""What every test gets: a printed seed, stacks on a time-out, and a check that it leaves nothing running."""

import os
import random
import signal
import threading
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.leftovers import Processes, join_threads

STRESS = os.environ.get("MANOR_STRESS") == "1"
SETTLE_S = 5.0  # how long a test's processes and threads may take to end after it

# A child that is ended by SIGABRT, or crashes, prints the stacks of its threads, however it was started.
os.environ["PYTHONFAULTHANDLER"] = "1"

# A shell starts background jobs with SIGINT ignored, which all our children would inherit.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Orphans are known by their session: each process that runs tests beside others needs one of its own.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.setsid()

settings.register_profile("test", deadline=None, print_blob=True)
settings.register_profile("stress", deadline=None, print_blob=True, max_examples=5_000)
settings.load_profile("stress" if STRESS else "test")


def pytest_report_header() -> str:
    return f"seed: {session_seed()} (MANOR_SEED={session_seed()} repeats it)"


def session_seed() -> int:
    # In the environment, so that processes started by tests that read it agree.
    return int(os.environ.setdefault("MANOR_SEED", str(random.SystemRandom().randrange(2**32))))


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """A number of this test's own; shown when the test fails."""
    number = random.Random(f"{session_seed()} {request.node.nodeid}").getrandbits(32)  # noqa: S311 no secret
    print(f"seed {number}, of MANOR_SEED={session_seed()}")
    return number


@pytest.fixture
def rng(seed: int) -> random.Random:
    """Random numbers that come again with the same MANOR_SEED."""
    return random.Random(seed)  # noqa: S311 no secret


@pytest.fixture(autouse=True, scope="session")
def runtime_folder_of_this_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Managers that tests name are not those of the user, nor of tests that run beside them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
        yield


@pytest.fixture(autouse=True)
def nothing_left_running(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves processes or threads of its own behind; end the processes, which print their stacks."""
    if request.node.get_closest_marker("leaves_processes"):
        yield
        return
    processes = Processes()
    threads = set(threading.enumerate())
    yield
    left = processes.left_after(SETTLE_S)
    described = [process.description for process in left]
    for process in left:
        process.end()
    described += [repr(thread) for thread in join_threads(set(threading.enumerate()) - threads, SETTLE_S)]
    if described:
        pytest.fail("the test left running:\n  " + "\n  ".join(described), pytrace=False)
