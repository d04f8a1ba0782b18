"""Known mistakes of a pair, each beside the right lines.

What a mistake does is shown on the first of the offered runs on which it shows at all.
"""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from diptych.reader.cases import prepare
from diptych.site.outcomes import Drawing, draw, marked
from diptych.site.runs import offered
from parity_tests.catalogue import load
from parity_tests.contract.case import Case
from parity_tests.contract.property import sentence_of
from parity_tests.known_mistakes import (
    GRADIENTS,
    OUTPUT,
    Effect,
    Mistake,
    changes,
    effect_of,
    mistaken_part,
    mistakes_of,
)

CAUGHT = {
    "agreement": "comparing the output",
    "steps": "comparing the quantities of each step",
    "gradients": "comparing gradients with autograd’s",
}


@dataclass(frozen=True)
class Patch:
    """One change of a mistake: where it is, the right lines and the wrong ones."""

    file: str
    line: int
    right: str
    wrong: str


@dataclass(frozen=True)
class KnownMistake:
    """A known mistake: the changed lines, the story, and what it does to the values."""

    name: str
    title: str
    story: str
    patches: tuple[Patch, ...]
    links: tuple[str, ...]
    caught: str
    effect: str
    drawing: Drawing | None = None
    instead_of: Drawing | None = None


@dataclass(frozen=True)
class Trial:
    """A run that a mistake is tried on, with the right outcome of each effect."""

    label: str
    tokens: tuple[str, ...]
    case: Case
    right: dict[str, Any]

    @property
    def drawing(self) -> Drawing:
        """The right output, drawn."""
        return draw(self.right[OUTPUT.name], self.tokens)


@cache
def trials(path: str) -> tuple[Trial, ...]:
    """Run the reference on every offered run; what it rejects is left out."""
    pair = load(path)
    effects = [OUTPUT, GRADIENTS] if pair.has_gradients else [OUTPUT]
    tried = []
    for run in offered(path):
        try:
            prepared = prepare(pair, run.choices)
        except ValueError:
            continue
        right = {e.name: e.outcome(pair, prepared.case) for e in effects}
        if not any(isinstance(each, Exception) for each in right.values()):
            tried.append(Trial(run.label, prepared.tokens, prepared.case, right))
    return tuple(tried)


@cache
def known_mistakes(path: str) -> tuple[KnownMistake, ...]:
    """Show the known mistakes of a pair."""
    return tuple(shown(each) for each in mistakes_of(path))


def shown(mistake: Mistake) -> KnownMistake:
    """Show one mistake."""
    return KnownMistake(
        name=mistake.id,
        title=mistake.title,
        story=mistake.story,
        patches=tuple(patches(mistake)),
        links=tuple(mistake.links),
        caught=caught_by(mistake),
        **drawn_effect(mistake),
    )


def caught_by(mistake: Mistake) -> str:
    """Say what rejects a mistake."""
    kind, _, words = mistake.caught_by.partition(": ")
    if kind == "doctest":
        return f"the doctest of `{words}`"
    return CAUGHT.get(kind) or f"the {kind} “{sentence_of(words)}”"


def patches(mistake: Mistake) -> Iterator[Patch]:
    """Yield the changed places in whole lines, less their indentation."""
    for change in changes(mistake):
        both = textwrap.dedent("\n".join([*change.right, *change.wrong])).split("\n")
        right, wrong = both[: len(change.right)], both[len(change.right) :]
        file = f"reference/{mistake.file}"
        yield Patch(file, change.line, "\n".join(right), "\n".join(wrong))


def drawn_effect(mistake: Mistake) -> dict[str, Any]:
    """Say and draw what a mistake does on the first run on which it does anything."""
    pair, effect = load(mistake.pair), effect_of(mistake)
    for trial in trials(mistake.pair):
        right = trial.right[effect.name]
        made = effect.outcome(pair, trial.case, mistaken_part(mistake))
        if effect.same(pair, trial.case, right, made):
            continue
        if isinstance(made, Exception):
            name = type(made).__name__
            return {"effect": f"On the run “{trial.label}” it fails with {name}."}
        if effect.name == GRADIENTS.name:
            return drawn_gradient(mistake, effect, trial, made)
        drawing = marked(draw(made, trial.tokens), trial.drawing)
        return {"effect": f"On the run “{trial.label}” it gives", "drawing": drawing}
    return {"effect": "None of the runs offered here shows it."}


def drawn_gradient(
    mistake: Mistake, effect: Effect, trial: Trial, made: dict[str, Any]
) -> dict[str, Any]:
    """Draw the first gradient that differs, as it is and as it should be."""
    pair, right = load(mistake.pair), trial.right[effect.name]
    name = next(
        name
        for name in right
        if name not in made
        or not effect.same(pair, trial.case, {name: right[name]}, {name: made[name]})
    )
    if name not in made:
        return {"effect": f"On the run “{trial.label}” `{name}` gets no gradient."}
    tokens = trial.tokens if name in trial.case.inputs else ()
    should_be, drawn = (draw(each[name], tokens) for each in (right, made))
    return {
        "effect": f"On the run “{trial.label}” the gradient of `{name}` becomes",
        "drawing": marked(drawn, should_be),
        "instead_of": should_be,
    }
