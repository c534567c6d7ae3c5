"""Questions whose answers show whether they belong to them."""

from typing import Any

from tests.conformance.children import forked
from tests.conformance.subjects import (
    register,
)

SHARES = "parent and child use one connection: whoever reads first gets the answer"


class Answering:
    def answer(self, question: object) -> object:
        return question


def ask(proxy: Any, name: object, count: int) -> int:
    """Ask so many questions, each of its own; return how many answers belonged to them."""
    return sum(proxy.answer((name, number)) == (name, number) for number in range(count))


def ends_well(child: forked) -> None:
    """See the result, and then the end, of a forked child."""
    assert child.hear() is True


register("Answering", Answering)
