import pickle

import pytest

from manor._wire.tokens import Route, Token
from manor.errors import ObjectGone

ROUTE = Route(bytes(16), b"m" * 16, "/a/path", 42)


@pytest.mark.parametrize("route", [None, ROUTE])
def test_a_token_is_pickled_with_its_route(route: Route | None) -> None:
    token = Token("list", ("localhost", 1), "2a", route)
    again = pickle.loads(pickle.dumps(token))
    assert (again.typeid, again.address, again.id, again.route) == ("list", ("localhost", 1), "2a", route)
    assert route is None or type(again.route) is Route
    assert again.ident == 42


def test_a_token_shows_what_multiprocessings_shows() -> None:
    assert repr(Token("list", "/path", "2a", ROUTE)) == "Token(typeid='list', address='/path', id='2a')"


@pytest.mark.parametrize("forged", ["0", "-1", "", "no number", f"{2**64:x}", None])
def test_a_forged_number_names_no_object(forged: str) -> None:
    with pytest.raises(ObjectGone):
        Token("list", "/path", forged).ident  # noqa: B018 - it is a property that raises
