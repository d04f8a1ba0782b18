"""Run both backends on one input and put every step's values into the reading."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import torch

from diptych.reader.axes import axes_in
from diptych.reader.calls import Recorded
from diptych.reader.cases import Prepared, prepare
from diptych.reader.files import loop_variables
from diptych.reader.gradients import with_gradients
from diptych.reader.inputs import Choices
from diptych.reader.labels import Labels
from diptych.reader.measure import Measure
from diptych.reader.merge_steps import (
    Token,
    learned_merges,
    merge_steps,
    vocabulary_of,
)
from diptych.reader.model import Row, Run, Section, Value
from diptych.reader.reading import Agreement, Input, Reading, read_source
from parity_tests.catalogue import load
from parity_tests.contract.backend import REFERENCE, TORCH
from parity_tests.contract.case import Case
from parity_tests.contract.pair import Pair
from parity_tests.lockstep.recording import Recording, record
from parity_tests.rounding.expected import Expected, expected

Vocabulary = Mapping[int, bytes]


def read(name: str, choices: Choices | None = None) -> Reading:
    """Run both backends of a pair on the reader's input and read every step.

    Raises:
        KeyError: there is no such pair.
        ValueError: the choices cannot be run; the message is a sentence.
    """
    source = read_source(name)
    prepared = prepare(load(source.path), choices or Choices())
    return with_values_of(source, prepared)


def with_values_of(reading: Reading, prepared: Prepared) -> Reading:
    """Add what both backends compute on a case that is prepared already."""
    torch.set_num_threads(1)  # for arrays as small as these, more only cost time
    pair, case = load(reading.path), prepared.case
    right = expected(pair, case)
    recorded = run(pair, case, right)
    measure = Measure(prepared.labels, right.dtype)
    reading = with_merges(reading, recorded.reference)
    vocabulary = vocabulary_of(reading.merge_steps, reading.learned)
    first, *others = (
        filled(each, recorded, measure, vocabulary) for each in reading.sections
    )
    sections = (with_input(first, case, measure), *others)
    backward = with_gradients(reading.backward, pair, prepared)
    result = measure.values(
        {"result": recorded.reference.result},
        {"result": recorded.torch.result},
        {},
        {"result": right.recording.result},
        {"result": right.recording.result_units},
    )
    return replace(
        reading,
        sections=sections,
        backward=backward,
        input=input_of(prepared),
        agreement=overall((*sections, *backward), result),
        result=result,
        tokens=tokens_of(recorded.reference, vocabulary),
    )


def run(pair: Pair, case: Case, right: Expected) -> Recorded:
    """Record both backends on the same case; in float64 the reference has run."""
    theirs = record(TORCH.package, partial(pair.call, TORCH, case))
    ours = right.recording
    if right.dtype:
        ours = record(REFERENCE.package, partial(pair.call, REFERENCE, case))
    return Recorded(ours, theirs, right.recording)


def with_merges(reading: Reading, recording: Recording) -> Reading:
    """Add how pre-tokens were merged, and what training learned, where that is so."""
    calls = recording.invocations
    own = reading.path.replace("/", ".")
    learned = learned_merges([each for each in calls if each.module == own])
    return replace(reading, merge_steps=merge_steps(calls), learned=learned)


def tokens_of(recording: Recording, vocabulary: Vocabulary) -> tuple[Token, ...]:
    """Say the tokens of the text, where the bytes of all of them are known."""
    result = recording.result
    ids = result[0] if isinstance(result, list | tuple) and result else result
    if not vocabulary or not hasattr(ids, "tolist"):
        return ()
    data = [(number, vocabulary.get(number)) for number in ids.tolist()]
    found = tuple(Token(number, known) for number, known in data if known is not None)
    return found if len(found) == len(data) else ()


def filled(
    section: Section, recorded: Recorded, measure: Measure, vocabulary: Vocabulary
) -> Section:
    """Put the values of every call of a function into its rows."""
    axes, passing = axes_in(section.function), loop_variables(section.function)
    ends = [row.last for row in section.rows]
    runs: dict[int, list[Run]] = {end: [] for end in ends}
    calls = recorded.calls(section.function)
    for number, call in enumerate(calls):
        labels = Labels(vocabulary)
        for step in call.steps():
            end = min((end for end in ends if end >= step.last), default=ends[-1])
            ours, theirs = (
                without(each, passing) for each in (step.reference, step.torch)
            )
            values = measure.values(ours, theirs, axes, step.expected, step.units)
            values = labels.labelled(values, step.reference or step.torch)
            runs[end].append(Run(number, step.turn, values))
    rows = tuple(row.with_runs(merged(row, runs[row.last])) for row in section.rows)
    return replace(section, rows=rows, calls=len(calls))


def without(stored: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    """Leave some names out."""
    return {name: value for name, value in stored.items() if name not in names}


def merged(row: Row, runs: list[Run]) -> list[Run]:
    """Take the steps of a fused call as one run, call by call and round by round."""
    found: dict[tuple[int, int], Run] = {}
    for each in runs:
        before = found.get((each.call, each.turn), Run(each.call, each.turn, ()))
        values = {value.name: value for value in (*before.values, *each.values)}
        found[each.call, each.turn] = replace(before, values=tuple(values.values()))
    return list(found.values()) if len(row.steps) > 1 else runs


def with_input(section: Section, case: Case, measure: Measure) -> Section:
    """Put the parameters and what went in into row 0."""
    setup, *steps = section.rows
    values = measure.inputs(case, axes_in(section.function))
    return replace(section, rows=(replace(setup, runs=(Run(0, 1, values),)), *steps))


def input_of(prepared: Prepared) -> Input:
    """Say what went in."""
    return Input(
        prepared.text,
        prepared.tokens,
        dict(prepared.case.config),
        prepared.choices,
        prepared.chosen,
        prepared.options,
        prepared.remarks,
    )


def overall(sections: tuple[Section, ...], result: tuple[Value, ...]) -> Agreement:
    """Find the worst of all values that both backends have."""
    rows = [row for section in sections for row in section.rows]
    values = [v for row in rows for run in row.runs for v in run.values]
    both = [v for v in (*values, *result) if v.agrees is not None]
    return Agreement(
        difference=max((v.difference or 0.0 for v in both), default=0.0),
        error=max((v.error or 0.0 for v in both), default=0.0),
        dtype=result[-1].dtype if result else "",
        agrees=all(v.agrees for v in both),
    )
