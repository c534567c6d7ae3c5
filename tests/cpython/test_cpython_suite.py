"""CPython's own manager tests pass when `manor.managers` takes the place of `multiprocessing.managers`."""

import importlib.util
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.cpython.outcome import TIME_LIMIT_S, outcome_of

STANDARD = "multiprocessing.managers"


def require_test_package() -> None:
    if importlib.util.find_spec("test") and importlib.util.find_spec("test._test_multiprocessing"):
        return
    reason = (
        "THE CPYTHON SUITE DID NOT RUN: this interpreter comes without the standard library's `test` package"
        " (Debian and Ubuntu: apt install libpython3-testsuite)"
    )
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


METHODS = ("fork", "spawn", "forkserver")
CASES = [pytest.param("manor.managers", method, id=method) for method in METHODS]
CASES += [
    pytest.param("served_managers", method, id=f"served-{method}", marks=() if method == "fork" else pytest.mark.stress)
    for method in METHODS
]


@pytest.mark.timeout(TIME_LIMIT_S + 60)
@pytest.mark.parametrize(("module", "start_method"), CASES)
def test_manor_passes_cpythons_manager_tests(module: str, start_method: str) -> None:
    require_test_package()
    with ThreadPoolExecutor(2) as both:  # the tests mostly wait
        standard, manor = both.map(outcome_of, [STANDARD, module], [start_method] * 2)
    print(f"standard library: {standard.report}\nmanor: {manor.report}")
    assert standard.ran > 0, standard.report
    assert manor.status == 0, manor.report
    assert not manor.failed, manor.report
    assert manor.ran >= standard.ran
    assert manor.skipped <= standard.skipped
