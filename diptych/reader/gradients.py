"""The backward pass: the reference's gradients at every step beside autograd's."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from diptych.reader.axes import axes_in
from diptych.reader.calls import returned_name
from diptych.reader.cases import Prepared
from diptych.reader.measure import Measure
from diptych.reader.model import Function, Run, Section, Value
from diptych.reader.source import forward_of
from parity_tests.contract.pair import Pair
from parity_tests.lockstep.backward import reference_backward, torch_forward
from parity_tests.lockstep.gradients import AT_THE_END, Gradient, with_autograd
from parity_tests.rounding.expected import expected_backward

Found = tuple[Gradient, Gradient, Any]


@dataclass(frozen=True)
class Both:
    """Every gradient: as it should be, as the reference has it, and as autograd has.

    `grad_output` is what backward began with.
    """

    grad_output: Any
    gradients: Sequence[Found]
    measure: Measure

    def values(
        self, found: Sequence[Found], axes: Mapping[str, tuple[str, ...]]
    ) -> tuple[Value, ...]:
        """Compare some of the gradients."""
        return self.measure.values(
            {right.name: own.value for right, own, _ in found},
            {right.name: theirs for right, _, theirs in found},
            axes,
            {right.name: right.value for right, _, _ in found},
            {right.name: right.units for right, _, _ in found},
        )


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
    found = with_autograd(right, ours, torch_forward(pair, case), case)
    measure = Measure(prepared.labels, right.dtype)
    return Both(case.grad_output, tuple(found), measure)


def filled(section: Section, both: Both) -> Section:
    """Put the gradients of each step into its row; each call is a run of its own.

    Backward runs in reverse: its last call is the first one of forward.
    """
    axes = axes_of_gradients(section.function)
    rows = []
    for row in section.rows:
        calls: dict[int, list[Found]] = defaultdict(list)
        for each in both.gradients:
            right, _, _ = each
            if (right.function, right.step.first) == (section.function.name, row.first):
                calls[right.call].append(each)
        runs = [
            Run(max(calls) - call, 1, both.values(found, axes))
            for call, found in calls.items()
        ]
        rows.append(row.with_runs(sorted(runs, key=lambda run: run.call)))
    n_calls = max(1, *(len(row.runs) for row in rows))
    return replace(section, rows=tuple(rows), calls=n_calls)


def axes_of_gradients(backward: Function) -> dict[str, tuple[str, ...]]:
    """Give a gradient the axes of its quantity, unless it has some of its own."""
    forward = forward_of(backward)
    quantities = dict(axes_in(forward))
    output = quantities.get(returned_name(forward), ())
    own = {f"grad_{name}": axes for name, axes in quantities.items()}
    return {"grad_output": output, **own, **axes_in(backward)}


def with_ends(section: Section, both: Both) -> Section:
    """Show what backward begins with, and the gradients of what went in."""
    start, *steps = section.rows
    axes = axes_of_gradients(section.function)
    given = {"grad_output": both.grad_output}
    began = Run(0, 1, both.measure.values(given, given, axes))
    shown = {v.name for row in section.rows for run in row.runs for v in run.values}
    ends = [
        each
        for each in both.gradients
        if each[0].function == AT_THE_END and f"grad_{each[0].name}" not in shown
    ]
    of_inputs = {name.removeprefix("grad_"): own for name, own in axes.items()}
    values = both.values(ends, of_inputs)
    ended = [replace(value, name=f"grad_{value.name}") for value in values]
    if not steps:
        whole = Run(0, 1, (*began.values, *ended))
        return replace(section, rows=(replace(start, runs=(whole,)),))
    *steps, last = steps
    runs = last.runs or (Run(0, 1, ()),)
    runs = (replace(runs[0], values=(*runs[0].values, *ended)), *runs[1:])
    rows = (replace(start, runs=(began,)), *steps, replace(last, runs=runs))
    return replace(section, rows=rows)
