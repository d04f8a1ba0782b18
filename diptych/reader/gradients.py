"""The backward pass: the reference's gradients at every step beside autograd's."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from diptych.reader.axes import axes_in
from diptych.reader.cases import Prepared
from diptych.reader.measure import Measure
from diptych.reader.model import Function, Run, Section
from parity_tests.contract.pair import Pair
from parity_tests.lockstep.backward import reference_backward, torch_forward
from parity_tests.lockstep.gradients import AT_THE_END, Gradient, with_autograd
from parity_tests.rounding.expected import expected_backward

Stored = dict[str, Any]


@dataclass(frozen=True)
class Both:
    """Every gradient: as it should be, as the reference has it, and as autograd has.

    `grad_output` is what backward began with.
    """

    grad_output: Any
    gradients: Sequence[tuple[Gradient, Gradient, Any]]
    measure: Measure


def with_gradients(
    sections: tuple[Section, ...], pair: Pair, prepared: Prepared
) -> tuple[Section, ...]:
    """Run both backends backward, and put the gradients into the rows."""
    if not sections:
        return ()
    both = gradients_of(pair, prepared)
    first, *others = (filled(each, both) for each in sections)
    return (with_ends(first, both), *others)


def gradients_of(pair: Pair, prepared: Prepared) -> Both:
    """Run both backends backward from the same drawn gradient."""
    right = expected_backward(pair, prepared.case)
    grad_output = right.backward.grad_output
    case = replace(prepared.case, grad_output=grad_output).astype(prepared.case.dtype)
    ours = reference_backward(pair, case)
    found = with_autograd(right.backward, ours, torch_forward(pair, case), case)
    measure = Measure(prepared.labels, right.units, right.dtype)
    return Both(case.grad_output, tuple(found), measure)


def filled(section: Section, both: Both) -> Section:
    """Put the gradients of each step into its row; each call is a run of its own.

    Backward runs in reverse: its last call is the first one of forward.
    """
    axes = axes_in(section.function)
    rows = []
    for row in section.rows:
        calls: dict[int, tuple[Stored, Stored, Stored]]
        calls = defaultdict(lambda: ({}, {}, {}))
        for right, own, theirs in both.gradients:
            if (right.function, right.step.first) == (of(section.function), row.first):
                stored = calls[right.call]
                for held, value in zip(
                    stored, (own.value, theirs, right.value), strict=True
                ):
                    held[right.name] = value
        runs = [
            Run(max(calls) - call, 1, both.measure.values(ours, theirs, axes, right))
            for call, (ours, theirs, right) in calls.items()
        ]
        rows.append(row.with_runs(sorted(runs, key=lambda run: run.call)))
    n_calls = max(len(row.runs) for row in rows)
    return replace(section, rows=tuple(rows), calls=n_calls)


def of(backward: Function) -> str:
    """Name the function whose backward this is, as the gradients are named."""
    return backward.name.removesuffix("backward") + "forward"


def with_ends(section: Section, both: Both) -> Section:
    """Show what backward begins with, and the gradients of what went in."""
    start, *steps = section.rows
    axes = axes_in(section.function)
    given = {"grad_output": both.grad_output}
    began = Run(0, 1, both.measure.values(given, given, axes))
    shown = {v.name for row in section.rows for run in row.runs for v in run.values}
    ends = [
        (right, own, theirs)
        for right, own, theirs in both.gradients
        if right.function == AT_THE_END and f"grad_{right.name}" not in shown
    ]
    ended = both.measure.values(
        {right.name: own.value for right, own, _ in ends},
        {right.name: theirs for right, _, theirs in ends},
        {},
        {right.name: right.value for right, _, _ in ends},
    )
    if not steps:
        return replace(section, rows=(replace(start, runs=(began, Run(0, 2, ended))),))
    *steps, last = steps
    runs = last.runs or (Run(0, 1, ()),)
    runs = (replace(runs[0], values=(*runs[0].values, *ended)), *runs[1:])
    rows = (replace(start, runs=(began,)), *steps, replace(last, runs=runs))
    return replace(section, rows=rows)
