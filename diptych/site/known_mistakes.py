"""The museum: mistakes that were really made, each beside the lines that are right.

What a mistake does is shown on the first of the offered runs on which it shows at all.
"""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from diptych.reader.byte_pairs import N_MERGES
from diptych.reader.cases import prepare
from diptych.reader.inputs import CORPUS
from diptych.reader.reading import read
from diptych.site.outcomes import Drawing, draw, marked
from diptych.site.runs import offered
from parity_tests.backward import WayBack, way_back
from parity_tests.catalogue import concept
from parity_tests.concept import Case
from parity_tests.known_mistakes import Mistake, changes, mistaken_class, mistakes_of
from parity_tests.known_mistakes.observable import (
    OUTPUT,
    differing,
    observable,
)
from parity_tests.law import sentence_of

CAUGHT = {
    "agreement": "comparing what comes out",
    "steps": "comparing the steps on the way",
    "gradients": "comparing gradients with autograd’s",
}


@dataclass(frozen=True)
class Patch:
    """One place of a mistake: where it is, the right lines and the wrong ones."""

    file: str
    line: int
    right: str
    wrong: str


@dataclass(frozen=True)
class Exhibit:
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
    """A run that a mistake is tried on, and what comes out where nothing is wrong.

    `back` is the way back from there, if the pair has gradients.
    """

    label: str
    tokens: tuple[str, ...]
    case: Case
    right: Any
    back: Any

    @property
    def drawing(self) -> Drawing:
        """What comes out where nothing is wrong, drawn."""
        return draw(self.right, self.tokens)


@cache
def trials(path: str) -> tuple[Trial, ...]:
    """Run the reference on every offered run; what it refuses is left out."""
    pair = concept(path)
    tried = []
    for run in offered(read(path)):
        prepared = prepare(pair, run.choices)
        case = prepared.case if prepared.run is None else learned(prepared.text)
        right = OUTPUT.outcome(pair, pair.reference, case)
        if not isinstance(right, Exception):
            back = way_back(pair, case) if pair.has_gradients else None
            tried.append(Trial(run.label, prepared.tokens, case, right, back))
    return tuple(tried)


def learned(text: str) -> Case:
    """Learn from a few words, which is soon done; GPT-2's ids would take a second."""
    config = {"vocab_size": 256 + N_MERGES}
    return Case(config, {"corpus": CORPUS, "text": text})


@cache
def exhibits(path: str) -> tuple[Exhibit, ...]:
    """Show the known mistakes of a pair."""
    return tuple(exhibit(each) for each in mistakes_of(path))


def exhibit(mistake: Mistake) -> Exhibit:
    """Show one mistake."""
    return Exhibit(
        name=mistake.id,
        title=mistake.title,
        story=mistake.story,
        patches=tuple(patches(mistake)),
        links=tuple(mistake.links),
        caught=caught_by(mistake),
        **effect_of(mistake),
    )


def caught_by(mistake: Mistake) -> str:
    """Say what rejects a mistake."""
    kind, _, words = mistake.caught_by.partition(": ")
    if words:
        return f"the {kind} “{words}”"
    _, _, test = mistake.caught_by.partition("::")
    return CAUGHT.get(mistake.caught_by) or f"the test “{sentence_of(test)}”"


def patches(mistake: Mistake) -> Iterator[Patch]:
    """Yield the changed places in whole lines, less their indentation."""
    for change in changes(mistake):
        both = textwrap.dedent("\n".join([*change.right, *change.wrong])).split("\n")
        right, wrong = both[: len(change.right)], both[len(change.right) :]
        file = f"reference/{mistake.file}"
        yield Patch(file, change.line, "\n".join(right), "\n".join(wrong))


def effect_of(mistake: Mistake) -> dict[str, Any]:
    """Say and draw what a mistake does on the first run on which it does anything."""
    pair, where = concept(mistake.concept), observable(mistake)
    for trial in trials(mistake.concept):
        right = trial.back if mistake.on_the_way_back else trial.right
        made = where.outcome(pair, mistaken_class(mistake), trial.case)
        if where.alike(pair, trial.case, right, made):
            continue
        if isinstance(made, Exception):
            name = type(made).__name__
            return {"effect": f"On the run “{trial.label}” it fails with {name}."}
        if mistake.on_the_way_back:
            name = differing(pair, trial.case, right, made)[0]
            return effect_on_gradient(trial, name, right, made)
        drawing = marked(draw(made, trial.tokens), trial.drawing)
        return {"effect": f"On the run “{trial.label}” it gives", "drawing": drawing}
    return {"effect": "None of the runs offered here shows it."}


def effect_on_gradient(
    trial: Trial, name: str, right: WayBack, made: WayBack
) -> dict[str, Any]:
    """Draw one gradient as it is and as it should be."""
    tokens = trial.tokens if name == "x" else ()
    should_be, drawn = (draw(way.gradients[name], tokens) for way in (right, made))
    return {
        "effect": f"On the run “{trial.label}” the gradient of `{name}` becomes",
        "drawing": marked(drawn, should_be),
        "instead_of": should_be,
    }
