"""What is said of a pair besides its own sentences: formulas, and what changes.

One TOML file for each source file, at the same path: `notes/attention/causal.toml`. A
pair without one has a page as well.
"""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cache
from importlib import resources
from typing import Any

from diptych.reader.model import Formula, Function


@dataclass(frozen=True)
class Notes:
    """The notes on one source file.

    `formulas` are by function, and then by how a step's sentence begins, such as
    "Softmax". `sections` lists the functions that a reading goes through, in calling
    order; one of another file is written `attention/causal:CausalAttention.forward`.
    """

    formulas: dict[str, dict[str, Formula]] = field(default_factory=dict)
    title: str = ""
    changes: str = ""
    parameters: str = ""
    sections: tuple[str, ...] = ()


@cache
def notes_on(path: str) -> Notes:
    """Read the notes on a source file, by its path without the package.

    >>> notes_on("attention/causal").title
    'Causal attention'
    """
    file = resources.files("diptych.reader").joinpath("notes", f"{path}.toml")
    if not file.is_file():
        return Notes()
    said: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    formulas = {
        function: {term: Formula(**formula) for term, formula in steps.items()}
        for function, steps in said.pop("formulas", {}).items()
    }
    return Notes(formulas, sections=tuple(said.pop("sections", ())), **said)


def formula_of(function: Function, sentence: str) -> Formula | None:
    """Find the formula of a step by how its sentence begins."""
    formulas = notes_on(function.path).formulas.get(function.title, {})
    found = (each for term, each in formulas.items() if begins(sentence, term))
    return next(found, None)


def begins(sentence: str, term: str) -> bool:
    """Whether a sentence begins with these words.

    >>> begins("Softmax: weights.", "Softmax"), begins("Softmaxes", "Softmax")
    (True, False)
    """
    return re.match(rf"{re.escape(term)}(?!\w)", sentence) is not None


@cache
def trail() -> tuple[str, tuple[str, ...]]:
    """Read the way through some pairs that is offered first: why, and their paths."""
    file = resources.files("diptych.reader").joinpath("notes", "trail.toml")
    said: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    return said["why"], tuple(said["paths"])


@cache
def topics() -> dict[str, tuple[str, ...]]:
    """Read what a reader looks for, and the patterns of paths under it."""
    file = resources.files("diptych.reader").joinpath("notes", "topics.toml")
    said: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    return {topic["title"]: tuple(topic["paths"]) for topic in said["topics"]}


def topic_of(path: str) -> str:
    """Name the topic of a pair, or else its folder.

    >>> topic_of("attention/causal"), topic_of("sampling/top_k")
    ('Attention, as the book builds it', 'Sampling')
    """
    for title, patterns in topics().items():
        if any(fnmatch(path, pattern) for pattern in patterns):
            return title
    return path.partition("/")[0].capitalize()


def by_topic(paths: Iterable[str]) -> dict[str, list[str]]:
    """Gather pairs by their topics, which come in their own order.

    >>> by_topic(["attention/causal", "data/windows", "attention/simple"])
    ... # doctest: +NORMALIZE_WHITESPACE
    {'From ids to vectors': ['data/windows'],
     'Attention, as the book builds it': ['attention/causal', 'attention/simple']}
    """
    found: dict[str, list[str]] = {title: [] for title in topics()}
    for path in paths:
        found.setdefault(topic_of(path), []).append(path)
    return {title: paths for title, paths in found.items() if paths}
