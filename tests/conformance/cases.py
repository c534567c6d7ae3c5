"""Which of several kinds of object a test tries on which subject."""

from collections.abc import Iterable

import pytest

from tests.conformance.subjects import MANOR, MANOR_FORK, STANDARD_FORK

__all__ = ["each"]


def each(
    kinds: Iterable[object], *, everywhere: Iterable[object] = (), standard_library: object = None, fails: str = ""
) -> pytest.MarkDecorator:
    """Run a test for every kind on manor under fork; on other subjects for one, since the server runs the same code.

    Args:
        kinds: Values of the test's argument ``kind``; the first is the one that all subjects try.
        everywhere: What all subjects try besides.
        standard_library: The kind that the standard library tries; None leaves it out, the test's comment says why.
        fails: Why the standard library fails each time.
    """
    kinds = list(kinds)
    pairs = [(MANOR_FORK, kind) for kind in kinds] + [
        (subject, kind) for subject in MANOR[1:] for kind in (kinds[0], *everywhere)
    ]
    cases = [pytest.param(subject, kind, id=f"{kind}-{subject.name}") for subject, kind in pairs]
    if standard_library is not None:
        marks = [pytest.mark.xfail(strict=True, reason=f"standard library: {fails}")] if fails else []
        name = f"{standard_library}-{STANDARD_FORK.name}"
        cases.append(pytest.param(STANDARD_FORK, standard_library, id=name, marks=marks))
    return pytest.mark.parametrize(("subject", "kind"), cases, indirect=["subject"])
