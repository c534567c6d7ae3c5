"""CPython's own tests of managers, from the interpreter's `test` package, for `python -m unittest manager_tests`.

MANOR_SUITE_START_METHOD says how they start processes. The tests are installed the way that CPython's
test_multiprocessing_fork and its siblings install them; of these, only what concerns managers is run.
"""

import multiprocessing.managers
import os
import unittest
from collections.abc import Iterator

from test import _test_multiprocessing

# Test cases for managers whose name does not say so, and what to look for in the tests of a mixed one.
OTHER_CASES = {"TestManagerExceptions", "TestInitializers", "TestSyncManagerTypes"}
MIXED_CASE = "WithProcessesTestSharedMemory"
MIXED_TESTS = ("SharedMemoryManager", "SharedMemoryServer")

# Children of the spawn and forkserver methods import this as well: none may test the wrong module.
assert multiprocessing.managers.__name__ == os.environ["MANOR_SUITE_MODULE"]

_test_multiprocessing.install_tests_in_module_dict(globals(), os.environ["MANOR_SUITE_START_METHOD"])


def concerns_managers(test: unittest.TestCase) -> bool:
    case = type(test).__name__
    if case == MIXED_CASE:
        return any(word in test.id() for word in MIXED_TESTS)
    return case.startswith("WithManager") or case in OTHER_CASES


def single_tests(suite: unittest.TestSuite) -> Iterator[unittest.TestCase]:
    for member in suite:
        if isinstance(member, unittest.TestSuite):
            yield from single_tests(member)
        else:
            yield member


def load_tests(
    _loader: unittest.TestLoader, everything: unittest.TestSuite, _pattern: str | None
) -> unittest.TestSuite:
    return unittest.TestSuite(test for test in single_tests(everything) if concerns_managers(test))
