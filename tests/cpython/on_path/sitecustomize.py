"""Python imports this at start, in every process that has this directory on PYTHONPATH.

It makes the module named in MANOR_SUITE_MODULE take the place of `multiprocessing.managers`. That has to
happen in each interpreter that starts: children of the spawn and forkserver methods import everything afresh.
The module itself must not import `multiprocessing.managers`, which is the point: it stands alone.
"""

import importlib
import importlib.machinery
import os
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from types import ModuleType

REPLACED = "multiprocessing.managers"


class OneName(MetaPathFinder):
    """Finds REPLACED and nothing else."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != REPLACED:
            return None
        return importlib.machinery.ModuleSpec(fullname, self._loader)


class SameModule(Loader):
    """Answers an import with a module that exists already under another name, and leaves it as it is."""

    def __init__(self, name: str) -> None:
        self._name = name

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        module = importlib.import_module(self._name)
        self._own = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # The import system has just labelled the module with the spec of REPLACED.
        module.__spec__ = self._own


replacement = os.environ.get("MANOR_SUITE_MODULE", REPLACED)
if replacement != REPLACED:
    sys.meta_path.insert(0, OneName(SameModule(replacement)))
