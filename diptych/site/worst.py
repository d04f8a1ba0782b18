"""The reading of a case that the search for disagreement found, not of a text."""

from dataclasses import replace

from diptych.reader.cases import Prepared
from diptych.reader.inputs import Choices
from diptych.reader.reading import Reading, read_source
from diptych.reader.values import with_values_of
from diptych.site.runs import Run
from diptych.site.search import found_by_search

WORST = Run(
    slug="worst",
    label="where they differ most",
    why="Of all cases that a page can show, the one on which the search came nearest "
    "to a disagreement: drawn at random, so it has numbers instead of words.",
    choices=Choices(),
)


def read_worst(path: str) -> Reading:
    """Read a pair on the case on which the two backends differ most.

    The search compares the forward pass, so there is no backward pass.
    """
    found = found_by_search(path)
    if found.shown is None:
        raise ValueError("the search found no difference that a page can show")
    source = replace(read_source(path), backward=())
    return with_values_of(source, Prepared(found.shown))
