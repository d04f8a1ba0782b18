"""The runs of a pair: those that are baked, and those that an address asks for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlencode

from diptych.reader.inputs import CORPUS, PRESETS, Choices
from diptych.reader.reading import Reading

VARIATIONS = {
    "num_heads": (
        "four heads",
        "the same text, seen by four heads",
        Choices(num_heads=4),
    ),
    "dropout": (
        "with dropout",
        "as while training: half of the weights are dropped",
        Choices(dropout=0.5),
    ),
    "d_in": (
        "in 32 bits",
        "the same numbers, kept in half the bits",
        Choices(dtype="float32"),
    ),
}


@dataclass(frozen=True)
class Run:
    """A run that is offered by name, and why it is worth a look."""

    slug: str
    label: str
    why: str
    choices: Choices


def offered(reading: Reading) -> list[Run]:
    """List the runs that a page offers; the first one is what it opens with."""
    runs = [
        Run(slug(preset.name), preset.name, preset.why, Choices(text=preset.text))
        for preset in PRESETS.get(reading.group, ())
    ]
    runs = runs or [Run("first", "as it is", "", Choices())]
    runs[0] = replace(runs[0], slug="", choices=Choices())
    config: Any = reading.input.config if reading.input else {}
    if reading.group == "tokenizers" and reading.input and not reading.input.corpus:
        learned = Choices(corpus=CORPUS)
        why = "the merges are learned from a text of a few words, not taken from GPT-2"
        runs.append(Run("learned-here", "learned here", why, learned))
    for name, (label, why, choices) in VARIATIONS.items():
        if name in config:
            runs.append(Run(slug(label), label, why, choices))
    return runs


def slug(label: str) -> str:
    """Turn a label into a part of a file name.

    >>> slug("All alike!")
    'all-alike'
    """
    return re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")


def asked(query: Mapping[str, str]) -> Choices:
    """Read the choices out of an address.

    >>> asked({"text": "a b", "num_heads": "3"}).num_heads
    3

    Raises:
        ValueError: a choice is unknown or is not the number that it should be.
    """
    chosen: dict[str, Any] = {}
    known = {field.name: field.type for field in fields(Choices)}
    for name, written in query.items():
        if name not in known:
            raise ValueError(f"there is no choice called {name!r}")
        if name == "text" or written:
            chosen[name] = parsed(name, written, known[name])
    return Choices(**chosen)


def parsed(name: str, written: str, kind: Any) -> Any:
    """Read one value of an address as the kind that the choice has."""
    if kind in (str, str | None):
        return written
    try:
        return float(written) if kind is float else int(written)
    except ValueError:
        whole = "a number" if kind is float else "a whole number"
        raise ValueError(f"{name} must be {whole}, got {written!r}") from None


def address(choices: Choices) -> str:
    """Write choices as the query of an address, less what is as ever.

    >>> address(Choices(text="a b", seed=3))
    '?text=a+b&seed=3'
    """
    chosen = {
        field.name: getattr(choices, field.name)
        for field in fields(Choices)
        if getattr(choices, field.name) != field.default
    }
    return f"?{urlencode(chosen)}" if chosen else ""
