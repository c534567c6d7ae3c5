"""``install()``: programs and libraries that say ``multiprocessing`` get our managers, and so do their children."""

from __future__ import annotations

import multiprocessing
import sys
import warnings
from collections.abc import Callable, Iterator
from multiprocessing import spawn
from types import FunctionType, ModuleType
from typing import Any, Final

import manor.managers as ours
from manor.errors import ManorWarning

__all__ = ["install", "standard_module", "uninstall"]

_STANDARD: Final = "multiprocessing.managers"
_SET_ASIDE: Final = "manor.managers.replaced"
_package: Any = multiprocessing
_spawn: Any = spawn


class _Replaced:
    """What was there before.

    Attributes:
        module: The standard library's module, if anybody had imported it.
        prepare: What made ``multiprocessing.spawn``'s message to a new process.
    """

    def __init__(self, module: ModuleType | None, prepare: Callable[..., dict[str, Any]]) -> None:
        self.module = module
        self.prepare = prepare


_replaced: _Replaced | None = None


class _InChild:
    """Unpickled, it installs us: the first thing that a new process does. It has no ``sys.path`` of its own then."""

    _CODE: Final = "import sys; sys.path[:] = path; from manor.managers.installing import install; install()"

    def __init__(self, path: list[str]) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return exec, (self._CODE, {"path": self._path})


class _Inherited:
    """As ``_InChild``, but in the configuration that a process hands down to each process that it makes.

    Libraries that start processes by a way of their own, as loky does, pickle that too, but prepare them themselves.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return bool if _replaced is None else _inherit, ()


def _inherit() -> _Inherited:
    install()
    return _Inherited()


def _configuration() -> dict[str, Any]:
    found: dict[str, Any] = multiprocessing.current_process()._config  # type: ignore[attr-defined]
    return found


def install() -> None:
    """Have ``multiprocessing`` use our managers, for libraries that cannot be edited; ``uninstall()`` undoes it.

    ``multiprocessing.Manager()``, ``Manager()`` of every context and ``import multiprocessing.managers`` give ours from
    now on, here and in children, however they start. Call it before the libraries are imported that are to use it: who
    has imported the standard library's classes already keeps them, and they go on to work.

    Warns:
        ManorWarning: Such classes have subclasses, which are named.

    Examples:
        >>> import manor, multiprocessing
        >>> manor.install()
        >>> with multiprocessing.Manager() as manager:
        ...     manager.Value("i", 5).add(1)
        6
        >>> manor.uninstall()
    """
    global _replaced
    if _replaced is not None:
        return
    replaced = _replaced = _Replaced(sys.modules.get(_STANDARD), _spawn.get_preparation_data)
    if replaced.module is not None:
        _move(replaced.module, _STANDARD, _SET_ASIDE)
    sys.modules[_STANDARD] = _package.managers = ours

    def prepare(name: str) -> dict[str, Any]:
        data = replaced.prepare(name)
        return {**data, "manor": _InChild(data["sys_path"])}

    _spawn.get_preparation_data = prepare
    _configuration()["manor"] = _Inherited()
    if replaced.module is not None:
        _warn_of_subclasses(replaced.module)


def uninstall() -> None:
    """Undo ``install()``; managers that run, and subclasses that were made meanwhile, stay ours.

    Examples:
        >>> import manor
        >>> manor.install()
        >>> manor.uninstall()
        >>> from multiprocessing.managers import SyncManager
        >>> SyncManager.__module__
        'multiprocessing.managers'
    """
    global _replaced
    replaced, _replaced = _replaced, None
    if replaced is None:
        return
    _spawn.get_preparation_data = replaced.prepare
    _configuration().pop("manor", None)
    if replaced.module is not None:
        _move(replaced.module, _SET_ASIDE, _STANDARD)
        sys.modules[_STANDARD] = _package.managers = replaced.module
    elif sys.modules.get(_STANDARD) is ours:
        del sys.modules[_STANDARD], _package.managers


def standard_module() -> ModuleType:
    """Return the standard library's module, which is loaded if need be."""
    import importlib.util  # hardly ever used
    from importlib.machinery import PathFinder

    if _replaced is None:
        return importlib.import_module(_STANDARD)
    if _replaced.module is None:
        spec = PathFinder.find_spec(_STANDARD, _package.__path__)
        if spec is None or spec.loader is None:
            raise ImportError(f"no module named {_STANDARD!r}", name=_STANDARD)
        _replaced.module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(_replaced.module)
        _move(_replaced.module, _STANDARD, _SET_ASIDE)
    return _replaced.module


def _move(module: ModuleType, former: str, name: str) -> None:
    """Have what *module* defines be pickled as of another module."""
    for thing in vars(module).values():
        if isinstance(thing, type | FunctionType) and thing.__module__ == former:
            thing.__module__ = name


def _warn_of_subclasses(standard: Any) -> None:
    found = {cls for kind in (standard.BaseManager, standard.BaseProxy) for cls in _subclasses(kind)}
    names = sorted(f"{cls.__module__}.{cls.__qualname__}" for cls in found if cls.__module__ != _SET_ASIDE)
    if names:
        warnings.warn(
            f"these classes were made before manor.install(), and stay the standard library's: {', '.join(names)}; "
            f"install earlier, before the modules that make them are imported",
            ManorWarning,
            stacklevel=3,
        )


def _subclasses(cls: Any) -> Iterator[type]:
    for subclass in cls.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)
