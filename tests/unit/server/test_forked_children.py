"""What a forked child holds while parent and child tell the server of it, each on a connection of its own."""

import pytest

from manor._server.objects import ObjectTable
from manor._server.processes import Process

TOKEN = b"the child's token"


@pytest.fixture
def table() -> ObjectTable:
    return ObjectTable()


def holder(name: str) -> Process:
    return Process(name.encode(), 4711, name)


def test_a_child_that_its_parent_has_announced_holds_until_it_claims(table: ObjectTable) -> None:
    parent, child = holder("parent"), holder("child")
    hosted = table.host(object(), "object", (), {}, None)
    table.credit(hosted.ident, parent)
    table.drop_local(hosted.ident)
    table.copy_credits(parent, TOKEN)
    table.forget(parent)
    assert len(table) == 1
    table.credit(hosted.ident, child)
    assert table.claim(TOKEN)
    assert len(table) == 1
    table.forget(child)
    assert len(table) == 0


def test_a_child_that_claims_before_it_is_announced_is_not_counted_twice(table: ObjectTable) -> None:
    parent, child = holder("parent"), holder("child")
    hosted = table.host(object(), "object", (), {}, None)
    table.credit(hosted.ident, parent)
    table.drop_local(hosted.ident)
    table.credit(hosted.ident, child)
    assert not table.claim(TOKEN)
    table.copy_credits(parent, TOKEN)
    table.forget(parent)
    table.forget(child)
    assert len(table) == 0


def test_a_child_that_never_comes_is_forgotten(table: ObjectTable) -> None:
    parent = holder("parent")
    hosted = table.host(object(), "object", (), {}, None)
    table.credit(hosted.ident, parent)
    table.drop_local(hosted.ident)
    table.copy_credits(parent, TOKEN)
    table.forget(parent)
    table.forget_child(TOKEN)
    assert len(table) == 0
