"""Every pair by its path, in reading order. Neither NumPy nor PyTorch is imported."""

import re
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

IMPORT = re.compile(r"^from reference\.(\w+\.[\w.]+) import", re.MULTILINE)


def paths() -> tuple[str, ...]:
    """Read the order of the pairs from the imports of `reference`, without running."""
    spec = find_spec("reference")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("reference is not installed")
    source = Path(spec.origin).read_text(encoding="utf-8")
    return tuple(path.replace(".", "/") for path in IMPORT.findall(source))


PATHS = paths()


def path_of(name: str) -> str:
    """Find the path of a pair by the path itself, or by its last part.

    Of several paths that end so, the shortest is taken, if there is one.

    >>> path_of("causal"), path_of("byte_pair")
    ('attention/causal', 'tokenizers/byte_pair')

    Raises:
        KeyError: there is no such pair, or several.
    """
    if name in PATHS:
        return name
    found = sorted((p for p in PATHS if f"/{p}".endswith(f"/{name}")), key=depth)
    if not found:
        raise KeyError(f"no pair is called {name}; there are {', '.join(PATHS)}")
    if len(found) > 1 and depth(found[0]) == depth(found[1]):
        raise KeyError(f"{name} may be {' or '.join(found)}: say which")
    return found[0]


def depth(path: str) -> int:
    """Count the folders of a path."""
    return path.count("/")


def load(name: str) -> Any:
    """Import what is known of a pair: `PAIR` in the file of its tests."""
    folder, _, last = path_of(name).replace("/", ".").rpartition(".")
    return import_module(f"parity_tests.{folder}.test_{last}").PAIR


def load_all() -> Iterator[Any]:
    """Import all pairs, in reading order."""
    yield from map(load, PATHS)
