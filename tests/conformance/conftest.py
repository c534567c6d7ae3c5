"""Fixtures of the conformance tests; subjects.py says who is tested and how to mark a test."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conformance.subjects import SUBJECTS, Subject


@pytest.fixture(scope="module", params=SUBJECTS, ids=lambda subject: str(subject.name))
def subject(request: pytest.FixtureRequest) -> Subject:
    """A library, the way that its processes start, and the way to its server."""
    found: Subject = request.param
    return found


@pytest.fixture(scope="module")
def manager(subject: Subject) -> Iterator[Any]:
    """A started manager that the tests of a file share: leave it running, and count none of its objects."""
    with subject.manager() as started:
        yield started
