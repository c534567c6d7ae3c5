import pytest

from manor import _native
from tests.unit.resident.arenas import make_arena


@pytest.fixture
def arena() -> _native.Arena:
    return make_arena()
