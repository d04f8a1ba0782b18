"""Wait until a module is imported, and then put a stand-in into it.

Every Python process that a test suite starts comes by here, so nothing else of the
project is imported until the module is.
"""

import json
import os
import sys
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, SupportsIndex

from parity_tests.kit.against.notes import IMPORTED, note

VARIABLE = "DIPTYCH_AGAINST"

STARTUP = '''"""Written by diptych, for the tests that it runs; Python imports it."""

import sys
from pathlib import Path

own = sys.modules.pop(__name__)
sys.path = [p for p in sys.path if Path(p) != Path(__file__).parent]
try:
    import sitecustomize  # the one that this one hides
except ImportError:
    sys.modules[__name__] = own

from parity_tests.kit.against.hook import install

install()
'''
"""What a file `sitecustomize.py` must hold for Python to install the hook."""


def install() -> None:
    """Wait for the module that an environment variable names, if there is one."""
    if VARIABLE in os.environ:
        order = json.loads(os.environ[VARIABLE])
        sys.meta_path = FirstStays([Finder(order), *sys.meta_path])


class FirstStays(list[Any]):
    """A list in which nothing is inserted before its first entry.

    Other tools insert their finders first, and never ask those behind them.
    """

    def insert(self, index: SupportsIndex, entry: Any) -> None:
        """Insert an entry, at the second place if it is to be the first."""
        super().insert(int(index) or 1, entry)


class Finder(MetaPathFinder):
    """Finds one module as the other finders do, and changes it once it has run."""

    def __init__(self, order: dict[str, Any]):
        self.order = order

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Find the module, and no other."""
        if fullname != self.order["module"]:
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        specs = (finder.find_spec(fullname, path, target) for finder in others)
        spec = next(filter(None, specs), None)
        if spec is not None and spec.loader is not None:
            loader: Any = spec.loader
            loader.exec_module = partial(run_and_change, loader.exec_module, self.order)
        return spec


def run_and_change(run: Any, order: dict[str, Any], module: ModuleType) -> None:
    """Run a module, and then change it."""
    run(module)
    note(order, IMPORTED)
    import_module(order["put_by"]).put_in_place(module, order)
