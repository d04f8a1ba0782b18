"""Run both sides on one input and put every step's values into the reading."""

from collections.abc import Iterator
from dataclasses import replace

import torch

from diptych.reader.axes import axes_in
from diptych.reader.back import with_gradients
from diptych.reader.cases import Prepared, prepare
from diptych.reader.inputs import Choices
from diptych.reader.measure import Measure
from diptych.reader.model import Row, Run, Section, Value
from diptych.reader.reading import Agreement, Input, Reading
from diptych.reader.spelling import Spelling
from parity_tests.catalogue import concept as concept_of
from parity_tests.concept import Concept
from parity_tests.expected import Expected, expected
from parity_tests.pairing import Pair, pair_calls, shared
from parity_tests.recording import Invocation, Recording, record

Calls = list[tuple[Invocation, Invocation, Invocation]]


def with_values(reading: Reading, choices: Choices) -> Reading:
    """Add what both sides compute to a reading of the source.

    Raises:
        ValueError: the choices cannot be run; the message is a sentence.
    """
    prepared = prepare(concept_of(reading.path), choices)
    return with_values_of(reading, prepared, choices)


def with_values_of(reading: Reading, prepared: Prepared, choices: Choices) -> Reading:
    """Add what both sides compute on a case that is prepared already."""
    concept = concept_of(reading.path)
    ours, theirs, held = run(concept, prepared)
    calls = list(side_by_side(ours, theirs, held))
    measure = Measure(prepared, held)
    first, *others = (filled(each, calls, measure) for each in reading.sections)
    sections = (with_input(first, measure), *others)
    result = measure.values(
        {"result": ours.result},
        {"result": theirs.result},
        {},
        {"result": held.output},
    )
    back = with_gradients(reading.back, concept, prepared)
    return replace(
        reading,
        sections=sections,
        back=back,
        input=Input(
            prepared.text,
            prepared.tokens,
            dict(prepared.case.config),
            choices,
            prepared.remarks,
            prepared.corpus,
        ),
        agreement=overall((*sections, *back), result),
        result=result,
        ladders=prepared.run.ladders(ours) if prepared.run else (),
        tokens=prepared.run.tokens(ours) if prepared.run else (),
        learned=prepared.run.learned() if prepared.run else (),
    )


def run(concept: Concept, prepared: Prepared) -> tuple[Recording, Recording, Expected]:
    """Record both sides on the same case, and say what they are held to."""
    torch.set_num_threads(1)  # for arrays as small as these, more only cost time
    case, own = prepared.case, prepared.run
    if own is not None:
        ours = record("reference", lambda: own("reference"))
        return ours, record("torch_impl", lambda: own("torch_impl")), Expected(ours, {})
    held = expected(concept, case)
    ours = record("reference", lambda: concept.run_reference(concept.reference, case))
    theirs = record("torch_impl", lambda: concept.run_torch(concept.torch, case))
    return ours, theirs, held


def side_by_side(
    ours: Recording, theirs: Recording, held: Expected
) -> Iterator[tuple[Invocation, Invocation, Invocation]]:
    """Put calls of functions that both sides have beside what is expected of them."""
    yield from zip(
        shared(ours, theirs.package),
        shared(theirs, ours.package),
        shared(held.recording, theirs.package),
        strict=False,
    )


def filled(section: Section, calls: Calls, measure: Measure) -> Section:
    """Put the values of every call of a function into its rows."""
    own = [call for call in calls if call[0].function == section.function]
    axes = axes_in("/".join(section.function.split(".")[:2]), section.function)
    ends = [row.last for row in section.rows]
    runs: dict[int, list[Run]] = {end: [] for end in ends}
    for number, (ours, theirs, right) in enumerate(own):
        spelling = Spelling(measure.spell)
        steps = with_returned(pair_calls(ours, theirs))
        truths = with_returned(pair_calls(right, theirs))
        for step, truth in zip(steps, truths, strict=True):
            end = min(end for end in ends if end >= step.step.last)
            values = measure.values(step.expected, step.actual, axes, truth.expected)
            values = spelling.labelled(values, step.expected)
            runs[end].append(Run(number, step.turn, values))
    rows = tuple(row.with_runs(runs[row.last]) for row in section.rows)
    return replace(section, rows=rows, calls=len(own))


def with_returned(pairs: Iterator[Pair]) -> list[Pair]:
    """Put what a function returned to what its last step has made."""
    *steps, outcome = pairs
    if not steps:
        return []
    last = steps[-1]
    expected, actual = last.expected | outcome.expected, last.actual | outcome.actual
    return [*steps[:-1], replace(last, expected=expected, actual=actual)]


def with_input(section: Section, measure: Measure) -> Section:
    """Put the weights and what went in into row 0."""
    setup, *steps = section.rows
    axes = axes_in("/".join(section.function.split(".")[:2]), section.function)
    values = (*measure.weights(), *measure.inputs(axes))
    return replace(section, rows=(replace(setup, runs=(Run(0, 1, values),)), *steps))


def overall(sections: tuple[Section, ...], result: tuple[Value, ...]) -> Agreement:
    """Find the worst of all values that both sides have."""
    rows: list[Row] = [row for section in sections for row in section.rows]
    values = [v for row in rows for run in row.runs for v in run.values]
    both = [v for v in (*values, *result) if v.agrees is not None]
    return Agreement(
        difference=max((v.difference or 0.0 for v in both), default=0.0),
        score=max((v.score or 0.0 for v in both), default=0.0),
        dtype=result[-1].dtype if result else "",
        agrees=all(v.agrees for v in both),
    )
