"""Turn a reader's choices into a case that both backends can run."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np

from diptych.reader.drawn import drawn_cases
from diptych.reader.inputs import (
    Choices,
    characters_of,
    completed,
    presets,
    words_of,
)
from parity_tests.contract.case import Case
from parity_tests.contract.example import Example
from parity_tests.contract.pair import Pair
from parity_tests.contract.typed import Typed

MOST_NUMBERS = 96  # of what goes into an example that a page shows
MOST_EXAMPLES = 4
N_DRAWN = 30  # cases, of which one is shown where a pair has no examples


@dataclass(frozen=True)
class Prepared:
    """A case, the text and the tokens behind it, what was chosen, and what was cut.

    `options` has what can be chosen instead, where that is one of a few.
    """

    case: Case
    text: str | None = None
    tokens: tuple[str, ...] = ()
    choices: Choices = field(default_factory=Choices)
    chosen: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    @property
    def labels(self) -> dict[str, tuple[str, ...]]:
        """What is known of the axes: their letters stand for tokens."""
        return dict.fromkeys(("T", "S", "N"), self.tokens) if self.tokens else {}


def prepare(pair: Pair, choices: Choices) -> Prepared:
    """Make the case that the reader chose.

    Raises:
        ValueError: the choices do not fit the pair; the message is a sentence.
    """
    if pair.typed is None:
        return from_example(pair, choices)
    if choices.example:
        raise ValueError(f"{pair} has no example called {choices.example!r:.40}")
    return from_text(pair.typed, choices)


def from_text(typed: Typed, choices: Choices) -> Prepared:
    """Make a case of the reader's text, or of the first preset."""
    text = choices.text
    if text is None:
        text = presets(typed.by_word)[0].text
    chosen = completed(choices.others, typed.choices)
    options = {
        name: tuple(map(str, begin))
        for name, begin in typed.choices.items()
        if isinstance(begin, tuple)
    }
    if typed.by_word:
        words, remarks = words_of(text)
        case = typed.case(words, **chosen)
        return Prepared(case, text, words, choices, chosen, options, remarks)
    cut, remarks = characters_of(text)
    case = typed.case(cut, **chosen)
    return Prepared(case, cut, (), choices, chosen, options, remarks)


def from_example(pair: Pair, choices: Choices) -> Prepared:
    """Take one of the pair's own cases, the first unless one is named.

    Raises:
        ValueError: there is no such example, or something else was chosen.
    """
    if choices.text is not None:
        raise ValueError(f"{pair} takes no text: it has examples")
    completed(choices.others, {})
    known = {each.name: each for each in examples_of(pair)}
    name = choices.example or next(iter(known))
    if name not in known:
        raise ValueError(
            f"no example is called {name!r:.40}; there are: {', '.join(known)}"
        )
    return Prepared(known[name].case, choices=replace(choices, example=name))


@cache
def examples_of(pair: Pair) -> tuple[Example, ...]:
    """List the cases to look at: small ones with a name, or else one that is drawn."""
    small = [
        each
        for each in pair.examples(0)
        if 0 < size_of(each.case) <= MOST_NUMBERS and "Rejected" not in each.flags
    ]
    if small:
        return tuple(small[:MOST_EXAMPLES])
    drawn = [case for case in drawn_cases(pair, N_DRAWN) if size_of(case) > 0]
    fitting = [case for case in drawn if size_of(case) <= MOST_NUMBERS] or drawn[:1]
    return (Example("drawn", max(fitting, key=size_of), "a case drawn at random"),)


def size_of(case: Case) -> int:
    """Count the numbers, or the characters, that go in."""
    return sum(
        value.size if isinstance(value, np.ndarray) else len(value)
        for value in case.inputs.values()
        if isinstance(value, np.ndarray | str | list | tuple)
    )
