"""The properties of a pair, each with the function that checks it."""

import inspect
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import parity_tests
from diptych.reader.files import file_of_tests
from diptych.site.prose import sentence
from parity_tests.catalogue import load


@dataclass(frozen=True)
class Listed:
    """A property that is tried on random cases, in a few words more, and its lines."""

    sentence: str
    why: str
    file: str
    line: int


def root() -> Path:
    """Return the folder that holds `parity_tests`."""
    return Path(parity_tests.__file__).parent.parent


@cache
def properties(path: str) -> tuple[Listed, ...]:
    """List the properties of a pair."""
    found = []
    for each in load(path).properties:
        check = inspect.unwrap(each.check)
        file = Path(str(inspect.getsourcefile(check))).relative_to(root())
        why = (inspect.getdoc(check) or "").partition("\n")[0]
        _, line = inspect.getsourcelines(check)
        found.append(Listed(sentence(each.sentence), why, file.as_posix(), line))
    return tuple(found)


def path_of_tests(path: str) -> str:
    """Name the test file of a pair.

    >>> path_of_tests("attention/causal")
    'parity_tests/attention/test_causal.py'
    """
    return f"parity_tests/{file_of_tests(path)}.py"
