"""The laws that a pair obeys, read from the names of its tests as sentences."""

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import parity_tests

NAMES = {"pytorch": "PyTorch", "torch": "PyTorch", "numpy": "NumPy", "gpt2": "GPT-2"}
AGREEMENT = "test_reference_and_torch_agree"


@dataclass(frozen=True)
class Law:
    """A property that the tests try on random cases, and where it is written."""

    sentence: str
    line: int


def test_path(path: str) -> str:
    """Name the test file of a concept.

    >>> test_path("attention/causal")
    'parity_tests/attention/test_causal.py'
    """
    group, _, name = path.rpartition("/")
    return f"parity_tests/{group}/test_{name}.py"


def root() -> Path:
    """Return the folder that holds `parity_tests`."""
    return Path(parity_tests.__file__).parent.parent


@cache
def laws(path: str) -> tuple[Law, ...]:
    """Read the sentences of a concept's tests, in the order in which they stand."""
    file = root() / test_path(path)
    if not file.exists():
        return ()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return tuple(
        Law(sentence(node.name), node.lineno)
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and node.name.startswith("test_")
        and node.name != AGREEMENT
    )


def sentence(name: str) -> str:
    """Turn a test's name into the sentence that it is.

    >>> sentence("test_a_hidden_key_has_no_influence")
    'A hidden key has no influence.'
    """
    parts = name.removeprefix("test_").split("_")
    words = " ".join(NAMES.get(part, part) for part in parts).replace(" s ", "’s ")
    return f"{words[:1].upper()}{words[1:]}."
