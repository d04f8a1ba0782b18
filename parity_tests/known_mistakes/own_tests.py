"""Run a test of a pair's own file with a mistake in the place of the reference."""

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from inspect import signature
from typing import Any
from unittest.mock import patch

from parity_tests.contract.backend import REFERENCE
from parity_tests.contract.property import sentence_of
from parity_tests.known_mistakes.build import files_of, mistaken_package
from parity_tests.known_mistakes.mistake import Mistake
from parity_tests.sources.panels import module_name


def failure_of(mistake: Mistake, sentence: str) -> Iterator[str]:
    """Run the test that is called so, with all its arguments; say how it fails."""
    package = mistaken_package(mistake)
    names = [module_name(file) for file in files_of(mistake.pair)]
    wrong = {f"reference.{n}": import_module(f"{package}.{n}") for n in names}
    test = test_of(mistake.pair, sentence)
    with patch.dict(sys.modules, wrong):
        for arguments in arguments_of(test):
            try:
                test(**arguments)
            except Exception as error:
                yield f"the test “{sentence}” fails: {error!r:.200}"


def test_of(path: str, sentence: str) -> Callable[..., None]:
    """Find a test in the class that tests a pair."""
    folder, _, name = path.replace("/", ".").rpartition(".")
    module = import_module(f"parity_tests.{folder}.test_{name}")
    classes = [each for each in vars(module).values() if isinstance(each, type)]
    tests = next(c for c in classes if getattr(c, "pair", None) is module.PAIR)()
    names = {sentence_of(each): each for each in dir(tests)}
    return getattr(tests, names[sentence])


def arguments_of(test: Callable[..., None]) -> list[dict[str, Any]]:
    """Give every set of arguments with which a test runs on the reference."""
    known = {"backend": REFERENCE} if "backend" in signature(test).parameters else {}
    found: list[dict[str, Any]] = [known]
    for mark in getattr(test, "pytestmark", []):
        names, values = mark.args
        if isinstance(names, str):
            names, values = [names], [[value] for value in values]
        chosen = [dict(zip(names, each, strict=True)) for each in values]
        found = [before | more for before in found for more in chosen]
    return found
