"""The reading of a case that the search for disagreement found, not of a text."""

from dataclasses import replace

from diptych.reader.cases import Prepared
from diptych.reader.inputs import Choices
from diptych.reader.measure import Measure
from diptych.reader.reading import Input, Reading, read_source
from diptych.reader.values import filled, overall, paired, run, with_input
from diptych.site.proof import proof
from diptych.site.runs import Run
from parity_tests.catalogue import concept

WORST = Run(
    slug="worst",
    label="where they differ most",
    why="The case on which the search came nearest to a disagreement: drawn at random, "
    "so it has numbers instead of words.",
    choices=Choices(),
)


def read_worst(path: str) -> Reading:
    """Read a pair on the case of its proof on which the two sides differ most."""
    found = proof(path)
    if found.worst is None:
        raise ValueError("the search for the worst case found none")
    pair, reading = concept(path), read_source(path)
    prepared = Prepared(found.worst, "", {})
    ours, theirs = run(pair, prepared)
    measure = Measure(prepared, pair.yardsticks(prepared.case))
    calls = list(paired(ours, theirs))
    first, *others = (filled(each, calls, measure) for each in reading.sections)
    sections = (with_input(first, measure), *others)
    result = measure.values({"result": ours.result}, {"result": theirs.result}, {})
    return replace(
        reading,
        sections=sections,
        input=Input("", (), dict(prepared.case.config), WORST.choices),
        agreement=overall(sections, result),
        result=result,
    )
