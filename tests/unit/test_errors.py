"""One tree of errors: each is also what code written for multiprocessing catches, and travels by pickle."""

import inspect
import multiprocessing
import pickle

import pytest

import manor
from manor import errors

ALSO: dict[type[BaseException], tuple[type[BaseException], ...]] = {
    errors.RemoteError: (errors.ManorError,),
    errors.NotExposed: (AttributeError, errors.RemoteError),
    errors.NotPicklable: (errors.RemoteError, pickle.PicklingError, TypeError, AttributeError),
    errors.ObjectGone: (errors.RemoteError, KeyError),
    errors.ManagerDied: (ConnectionError, EOFError, OSError),
    errors.ManagerStartError: (OSError,),
    errors.AddressInUse: (errors.ManagerStartError, OSError),
    errors.CallTimeout: (TimeoutError, OSError),
    errors.AuthenticationError: (multiprocessing.AuthenticationError, multiprocessing.ProcessError),
    errors.ProtocolError: (ConnectionError, OSError),
    errors.MessageTooLarge: (ValueError,),
    errors.ServerBusy: (ConnectionError, OSError),
    errors.NameInUse: (FileExistsError, OSError),
    errors.ManagerNotFound: (FileNotFoundError, OSError, LookupError),
    errors.ArenaFull: (MemoryError,),
    errors.ArenaCorrupt: (RuntimeError,),
    errors.ArenaUnavailable: (OSError,),
    errors.NotImportable: (ImportError,),
    errors.OwnerDied: (RuntimeError,),
    errors.WouldDeadlock: (RuntimeError,),
    errors.OwnerDiedWarning: (errors.ManorWarning, RuntimeWarning),
    errors.WeakKeyWarning: (errors.ManorWarning, UserWarning),
}
ABSTRACT = (errors.ManorError, errors.ManorWarning, errors.ServerTraceback)


def test_every_error_is_listed_here_and_exported() -> None:
    made = {value for value in vars(errors).values() if inspect.isclass(value) and value.__module__ == "manor.errors"}
    made.discard(errors.ShutDown)  # queue's own, where it has one
    assert made == {*ALSO, *ABSTRACT}
    assert {kind.__name__ for kind in made} | {"ShutDown"} == set(errors.__all__)
    assert set(errors.__all__) - {"ServerTraceback"} <= set(manor.__all__)


@pytest.mark.parametrize("kind", ALSO, ids=lambda kind: str(kind.__name__))
def test_an_error_is_also_the_built_in_that_it_promises(kind: type[BaseException]) -> None:
    assert issubclass(kind, ALSO[kind])
    assert issubclass(
        kind, errors.ManorError if issubclass(kind, Exception) and not issubclass(kind, Warning) else Warning
    )


@pytest.mark.parametrize("kind", [*ALSO, errors.ManorError], ids=lambda kind: str(kind.__name__))
def test_an_error_says_its_text_and_travels(kind: type[BaseException]) -> None:
    for error in (kind("a text"), pickle.loads(pickle.dumps(kind("a text")))):
        assert type(error) is kind
        assert "a text" in str(error)
        assert error.args == ("a text",)
    assert str(kind()) in ("", str(kind("")))


@pytest.mark.parametrize("kind", ALSO, ids=lambda kind: str(kind.__name__))
def test_an_error_says_when_it_is_raised(kind: type[BaseException]) -> None:
    assert len(kind.__doc__ or "") > 40


def test_a_key_error_of_ours_shows_its_text_as_it_is() -> None:
    assert str(errors.ObjectGone("object 'x' is gone")) == "object 'x' is gone"


def test_a_remote_error_sets_the_servers_text_apart() -> None:
    assert str(errors.RemoteError("text")).splitlines() == ["", "-" * 75, "text", "-" * 75]
