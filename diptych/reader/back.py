"""The way back: the reference's gradients at every step beside what autograd says."""

from collections import defaultdict
from dataclasses import replace
from typing import Any

from diptych.reader.axes import axes_in
from diptych.reader.cases import Prepared
from diptych.reader.measure import Measure
from diptych.reader.model import Run, Section
from diptych.reader.source import file_in
from parity_tests.concept import Concept
from parity_tests.expected import Expected
from parity_tests.gradients import AT_THE_END, BothBack, go_back
from parity_tests.recording import Recording

Sides = tuple[dict[str, Any], dict[str, Any]]


def with_gradients(
    sections: tuple[Section, ...], concept: Concept, prepared: Prepared
) -> tuple[Section, ...]:
    """Go the way back on both sides, and put the gradients into the rows."""
    if not sections:
        return ()
    both = go_back(concept, prepared.case)
    yardsticks = concept.gradient_yardsticks(prepared.case, both.grad_output)
    measure = Measure(prepared, Expected(Recording("reference"), yardsticks))
    first, *others = (filled(each, both, measure) for each in sections)
    return (with_ends(first, both, measure), *others)


def filled(section: Section, both: BothBack, measure: Measure) -> Section:
    """Put the gradients of each step into its row; each call is a run of its own."""
    axes = axes_in(file_in(section.function), section.function)
    rows = []
    for row in section.rows:
        calls: dict[int, Sides] = defaultdict(lambda: ({}, {}))
        for each, actual in both.gradients:
            if (each.function, each.step.first) == (section.function, row.first):
                ours, theirs = calls[each.call]
                ours[each.name], theirs[each.name] = each.expected, actual
        runs = (
            Run(call, 1, measure.values(*sides, axes)) for call, sides in calls.items()
        )
        rows.append(row.with_runs(runs))
    n_calls = max(len(row.runs) for row in rows)
    return replace(section, rows=tuple(rows), calls=n_calls)


def with_ends(section: Section, both: BothBack, measure: Measure) -> Section:
    """Show what comes back first, and what each weight gets in the end."""
    start, *steps, last = section.rows
    axes = axes_in(file_in(section.function), section.function)
    given = {"grad_output": both.grad_output}
    began = Run(0, 1, measure.values(given, given, axes))
    weights = [
        (each, actual)
        for each, actual in both.gradients
        if (each.function, each.step) == AT_THE_END and each.name != "x"
    ]
    ours = {each.name: each.expected for each, _ in weights}
    theirs = {each.name: actual for each, actual in weights}
    ended = measure.values(ours, theirs, {})
    runs = last.runs or (Run(0, 1, ()),)
    runs = (replace(runs[0], values=(*runs[0].values, *ended)), *runs[1:])
    rows = (replace(start, runs=(began,)), *steps, replace(last, runs=runs))
    return replace(section, rows=rows)
