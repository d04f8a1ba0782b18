"""The laws that a pair obeys, each with the function that checks it."""

import inspect
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import parity_tests
from diptych.site.prose import sentence
from parity_tests.catalogue import concept


@dataclass(frozen=True)
class Law:
    """A property that is tried on random cases, in a few words more, and its place."""

    sentence: str
    why: str
    file: str
    line: int


def root() -> Path:
    """Return the folder that holds `parity_tests`."""
    return Path(parity_tests.__file__).parent.parent


@cache
def laws(path: str) -> tuple[Law, ...]:
    """Read the laws of a pair from its record."""
    found = []
    for law in concept(path).laws:
        file = Path(str(inspect.getsourcefile(law.check))).relative_to(root())
        why = (inspect.getdoc(law.check) or "").partition("\n")[0]
        _, line = inspect.getsourcelines(law.check)
        found.append(Law(sentence(law.sentence), why, file.as_posix(), line))
    return tuple(found)


def test_path(path: str) -> str:
    """Name the test file of a pair: what its laws do not say.

    >>> test_path("attention/causal")
    'parity_tests/attention/test_causal.py'
    """
    group, _, name = path.rpartition("/")
    return f"parity_tests/{group}/test_{name}.py"
