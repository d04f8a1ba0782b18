"""The reading of a case that the search for disagreement found, not of a text."""

from dataclasses import replace

from diptych.reader.cases import Prepared
from diptych.reader.inputs import Choices
from diptych.reader.reading import Reading, read_source
from diptych.reader.values import with_values_of
from diptych.site.proof import proof
from diptych.site.runs import Run

WORST = Run(
    slug="worst",
    label="where they differ most",
    why="The case on which the search came nearest to a disagreement: drawn at random, "
    "so it has numbers instead of words.",
    choices=Choices(),
)


def read_worst(path: str) -> Reading:
    """Read a pair on the case of its proof on which the two sides differ most.

    The proof is of the way there, so there is no way back.
    """
    found = proof(path)
    if found.worst is None:
        raise ValueError("the search for the worst case found none")
    prepared = Prepared(found.worst, "", {})
    source = replace(read_source(path), back=())
    return with_values_of(source, prepared, WORST.choices)
