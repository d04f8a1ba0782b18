"""A reading: both sides of a concept step by step, with the numbers of one input.

`read_source(name)` has the code, the sentences and the formulas, and imports no torch.
`read(name, choices)` runs both sides on the reader's input and adds the values.
"""

import re
from dataclasses import dataclass
from typing import Any

from diptych.reader.contents import READING_ORDER, find
from diptych.reader.files import docstring_of
from diptych.reader.inputs import Choices
from diptych.reader.ladder import Ladder, Merge, Token
from diptych.reader.model import Section, Value
from diptych.reader.notes import notes_on
from diptych.reader.source import sections, ways_back

LINK = re.compile(r"https?://[^\s,;]+[^\s,;.)]")


@dataclass(frozen=True)
class Agreement:
    """How well both sides agree over all values of a reading."""

    difference: float
    score: float
    dtype: str
    agrees: bool


@dataclass(frozen=True)
class Input:
    """What went in: the text, what it became, and the sizes of the part.

    A tokenizer first learned from `corpus`.
    """

    text: str
    tokens: tuple[str, ...]
    config: dict[str, Any]
    choices: Choices
    remarks: tuple[str, ...] = ()
    corpus: str = ""


@dataclass(frozen=True)
class Reading:
    """A concept as a reader sees it; without values, `input` and `agreement` are None.

    `sections` begins with the function of the concept itself; what it calls follows.
    `back` goes the way back through them, for gradients, where the reference does.
    For byte pairs, `learned` has the merges that a corpus gave, `ladders` say how each
    word grew, and `tokens` what the text came to.
    """

    path: str
    title: str
    sentence: str
    source: str
    links: tuple[str, ...]
    changes: str
    weights: str
    sections: tuple[Section, ...]
    back: tuple[Section, ...] = ()
    input: Input | None = None
    agreement: Agreement | None = None
    result: tuple[Value, ...] = ()
    ladders: tuple[Ladder, ...] = ()
    tokens: tuple[Token, ...] = ()
    learned: tuple[Merge, ...] = ()

    @property
    def name(self) -> str:
        """The name by which the command line knows it."""
        return self.path.rpartition("/")[2]

    @property
    def group(self) -> str:
        """The folder that it is in."""
        return self.path.partition("/")[0]


def read_source(name: str) -> Reading:
    """Read a concept's source alone.

    >>> reading = read_source("causal_attention")
    >>> reading.title, reading.sections[0].rows[3].steps[0].sentence
    ('Causal attention', 'Hide the future: token t sees tokens 0..t.')

    Raises:
        KeyError: there is no such concept.
    """
    path = find(name)
    notes = notes_on(path)
    idea, source = described(docstring_of(path))
    return Reading(
        path=path,
        title=notes.title,
        sentence=idea,
        source=source,
        links=tuple(LINK.findall(source)),
        changes=notes.changes,
        weights=notes.weights.strip(),
        sections=sections(path),
        back=ways_back(path),
    )


def described(docstring: str) -> tuple[str, str]:
    r"""Take a module's docstring apart: its idea, and where that comes from.

    >>> described("An idea.\n\nSource: Me 2020,\n        page 3.\nTwin:   x.py")
    ('An idea.', 'Me 2020, page 3.')
    """
    found = re.search(r"^Source:(.*?)(?=^Twin:|^\S+:|\Z)", docstring, re.M | re.S)
    return docstring.partition("\n")[0], " ".join(found[1].split()) if found else ""


def read(name: str, choices: Choices | None = None) -> Reading:
    """Run both sides of a concept on the reader's input and read every step.

    Raises:
        KeyError: there is no such concept.
        ValueError: the choices cannot be run; the message is a sentence.
    """
    # Imported here, since importing torch takes seconds and the source needs none.
    from diptych.reader.values import with_values

    return with_values(read_source(name), choices or Choices())


def read_all() -> list[Reading]:
    """Read the source of every concept, in reading order."""
    return [read_source(path) for path in READING_ORDER]
