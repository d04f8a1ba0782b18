"""A reading: both panels of a pair step by step, with the numbers of one input.

`read_source(name)` has the code, the sentences and the formulas; neither NumPy nor
PyTorch is imported. `read(name, choices)` of values.py runs both and adds the values.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from diptych.reader.files import docstring_of
from diptych.reader.inputs import Choices
from diptych.reader.merge_steps import Merge, MergeSteps, Token
from diptych.reader.model import Section, Value
from diptych.reader.notes import notes_on
from diptych.reader.source import backward_sections, sections
from parity_tests.catalogue import PATHS, path_of
from parity_tests.sources.panels import imported, subject

LINK = re.compile(r"https?://[^\s,;]+[^\s,;.)]")


@dataclass(frozen=True)
class Agreement:
    """How well both backends agree over all values of a reading."""

    difference: float
    error: float
    dtype: str
    agrees: bool


@dataclass(frozen=True)
class Input:
    """What went in: the text if there was one, its tokens, and what was chosen.

    `chosen` has what a reader may choose besides, with the values of this run, and
    `options` what can be chosen instead, where that is one of a few.
    """

    text: str | None
    tokens: tuple[str, ...]
    config: Mapping[str, Any]
    choices: Choices
    chosen: Mapping[str, Any]
    options: Mapping[str, tuple[str, ...]]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """A pair as a reader sees it; without values, `input` and `agreement` are None.

    `sections` begins with the functions of the pair itself; what they call follows.
    `backward` has the backward of each, where the reference has one. `uses` are the
    pairs that the reference is built of. Where tokens are merged, `learned` has the
    merges that training gave, `merge_steps` say how each pre-token was merged, and
    `tokens` what the text came to.
    """

    path: str
    title: str
    sentence: str
    source: str
    links: tuple[str, ...]
    changes: str
    parameters: str
    uses: tuple[str, ...]
    sections: tuple[Section, ...]
    backward: tuple[Section, ...] = ()
    input: Input | None = None
    agreement: Agreement | None = None
    result: tuple[Value, ...] = ()
    merge_steps: tuple[MergeSteps, ...] = ()
    tokens: tuple[Token, ...] = ()
    learned: tuple[Merge, ...] = field(default=())

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]


def read_source(name: str) -> Reading:
    """Read a pair's source alone.

    >>> reading = read_source("causal")
    >>> reading.title, reading.sections[0].rows[4].steps[0].sentence
    ('Causal attention', 'Softmax: attention weights that sum to one in every row.')

    Raises:
        KeyError: there is no such pair.
    """
    path = path_of(name)
    notes = notes_on(path)
    idea, source = described(docstring_of(path))
    return Reading(
        path=path,
        title=notes.title or title_of(idea, path),
        sentence=idea,
        source=source,
        links=tuple(LINK.findall(source)),
        changes=notes.changes.strip(),
        parameters=notes.parameters.strip(),
        uses=uses(path),
        sections=sections(path),
        backward=backward_sections(path),
    )


def described(docstring: str) -> tuple[str, str]:
    r"""Take a module's docstring apart: its idea, and where that comes from.

    >>> described("An idea.\n\nSource: Me 2020,\n        page 3.\nTwin:   x.py")
    ('An idea.', 'Me 2020, page 3.')
    """
    found = re.search(r"^Source:(.*?)(?=^\S+:|\Z)", docstring, re.M | re.S)
    idea = " ".join(docstring.partition("\n\n")[0].split())
    return idea, " ".join(found[1].split()) if found else ""


def title_of(idea: str, path: str) -> str:
    """Take a title from the idea: what comes before its colon, or the class's name.

    >>> title_of("Softmax: scores become weights.", "primitives/softmax")
    'Softmax'
    """
    title, colon, _ = idea.partition(":")
    return title if colon and len(title) <= 40 else subject(path)


def uses(path: str) -> tuple[str, ...]:
    """List the pairs that the reference of a pair imports.

    >>> uses("attention/causal")
    ('primitives/linear',)
    """
    modules = imported("reference", f"{path}.py")
    found = [m.removeprefix("reference.").replace(".", "/") for m in modules]
    return tuple(each for each in PATHS if each in found and each != path)


def idea_of(path: str) -> str:
    """Return what the reference of a pair says of it first.

    >>> idea_of("primitives/softmax")
    'Softmax: scores become weights that are positive and sum to one.'
    """
    return described(docstring_of(path))[0]
