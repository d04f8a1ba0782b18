"""The runs of a pair: those that are baked, and those that an address asks for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from diptych.reader.cases import examples_of
from diptych.reader.inputs import Choices, presets
from parity_tests.catalogue import load

# Runs that are offered where a pair lets one choose this.
VARIATIONS = {
    "num_heads": ("four heads", "the same text with four heads", "4"),
    "dropout": ("with dropout", "in training: half of the numbers are dropped", "0.5"),
    "qkv_bias": ("with bias", "queries, keys and values have a bias", "True"),
    "dtype": ("float32", "the same numbers in half the bits", "float32"),
    "vocabulary": (
        "GPT-2's vocabulary",
        "the merges are GPT-2's own, not learned from a text of a few words",
        "gpt2",
    ),
}


@dataclass(frozen=True)
class Run:
    """A run that is offered by name, and why it is worth a look."""

    slug: str
    label: str
    why: str
    choices: Choices


def offered(path: str) -> list[Run]:
    """List the runs that a page offers; the first one is what it opens with."""
    pair = load(path)
    if pair.typed is None:
        examples = examples_of(pair)
        runs = [
            Run(slug(each.name), each.name, each.comment, Choices(example=each.name))
            for each in examples
        ]
    else:
        runs = [
            Run(slug(each.name), each.name, each.why, Choices(each.text))
            for each in presets(pair.typed.by_word)
        ]
        for name, (label, why, value) in VARIATIONS.items():
            if name in pair.typed.choices:
                choices = Choices(others={name: value})
                runs.append(Run(slug(label), label, why, choices))
    return [replace(runs[0], slug="", choices=Choices()), *runs[1:]]


def slug(label: str) -> str:
    """Turn a label into a part of a file name.

    >>> slug("Repeated token!")
    'repeated-token'
    """
    return re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")


def asked(query: Mapping[str, str]) -> Choices:
    """Read the choices out of an address.

    >>> asked({"text": "a b", "num_heads": "3"})
    Choices(text='a b', others={'num_heads': '3'}, example='')
    """
    others = dict(query)
    text, example = others.pop("text", None), others.pop("example", "")
    return Choices(text, {name: v for name, v in others.items() if v}, example)


def address(choices: Choices) -> str:
    """Write choices as the query of an address, less what is the default.

    >>> address(Choices(text="a b", others={"seed": 3}))
    '?text=a+b&seed=3'
    """
    chosen = {"text": choices.text, "example": choices.example or None}
    chosen |= choices.others
    said = {name: value for name, value in chosen.items() if value is not None}
    return f"?{urlencode(said)}" if said else ""
