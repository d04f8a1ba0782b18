"""A reading shows the unmodified sources, and the values that were recorded."""

from dataclasses import replace
from typing import Any
from unittest import mock

import numpy as np
import pytest
import torch

from diptych.reader.cases import prepare
from diptych.reader.files import REFERENCE, TORCH, lines_of, stepped
from diptych.reader.half import sentence
from diptych.reader.inputs import Choices
from diptych.reader.model import Function, Row, Value
from diptych.reader.reading import Reading, read_source, uses
from diptych.reader.values import read
from parity_tests.catalogue import PATHS, load
from parity_tests.contract.backend import REFERENCE as NUMPY
from parity_tests.lockstep.recording import record
from parity_tests.sources.steps import SteppedFunction

every_pair = pytest.mark.parametrize("path", PATHS)
every_package = pytest.mark.parametrize("package", [REFERENCE, TORCH])


@every_pair
def test_every_pair_says_what_it_is(path: str) -> None:
    reading = read_source(path)

    assert reading.title
    assert reading.sentence.endswith(".")
    assert reading.sections
    said = (reading.title, reading.sentence, reading.source, reading.changes)
    assert not any("\n" in sentence for sentence in said)


@every_pair
@every_package
def test_no_line_of_a_function_is_lost_or_changed(path: str, package: str) -> None:
    for section in read_source(path).sections:
        function = stepped(package, section.function)
        if function is None:
            continue
        lines = lines_of(package, section.function.path)[: function.end]
        first = function.steps[0].start
        wanted = [line.strip() for line in lines[first:] if line.strip()]

        shown = [
            line.strip()
            for row in section.rows[1:]
            for code in (row.reference if package == REFERENCE else row.torch)
            for line in code.text.splitlines()
        ]

        expected = [line for line in wanted if not line.startswith("#")]
        assert [line for line in shown if line and not line.startswith("#")] == expected


@every_pair
def test_code_is_in_the_file_where_it_says(path: str) -> None:
    for row in rows_of(read_source(path)):
        for code in (*row.reference, *row.torch):
            package, _, file = code.path.removesuffix(".py").partition("/")
            lines = lines_of(package, file)[code.line - 1 :]
            for own, line in zip(code.text.splitlines(), lines, strict=False):
                assert own in line


@every_pair
@every_package
def test_every_step_of_the_sources_has_a_row(path: str, package: str) -> None:
    for section in read_source(path).sections:
        function = stepped(package, section.function)
        rows = [(row.first, row.last) for row in section.rows[1:]]
        for step in function.steps if function else ():
            assert any(
                first <= step.first and step.last <= last for first, last in rows
            )


def test_a_sentence_that_goes_on_is_read_whole() -> None:
    backward = Function("data/embedding", "TokenAndPositionEmbedding.backward")
    said = [sentence(REFERENCE, backward.path, m)[0] for m in marked(backward).steps]

    assert all(each.endswith(".") for each in said)


@every_pair
def test_every_pair_can_be_read_and_agrees(path: str) -> None:
    reading = read(path)

    assert reading.agreement is not None
    assert reading.agreement.agrees
    assert reading.sections[0].calls > 0


@every_pair
def test_what_a_pair_is_built_of_is_a_pair(path: str) -> None:
    assert set(uses(path)) <= set(PATHS) - {path}


def test_pytorch_s_own_is_one_call_for_all_steps() -> None:
    reading = read("primitives/softmax")
    setup, steps = reading.sections[0].rows

    assert (steps.first, steps.last) == (1, 2)
    assert len(steps.reference) == 2
    assert [code.text for code in steps.torch] == [load("softmax").torch_code]
    owners = {value.name: value.owner for value in steps.runs[0].values}
    assert owners["exps"] == "NumPy only"
    assert owners["weights"] == "both"
    assert not setup.torch


def test_a_pair_without_typed_text_shows_an_example() -> None:
    pair = replace(load("causal"), typed=None)
    case = prepare(pair, Choices()).case
    named = next(e.case for e in pair.examples(0) if e.name == "small")

    np.testing.assert_array_equal(case.inputs["x"], named.inputs["x"])


def test_a_pair_without_any_example_shows_a_drawn_case() -> None:
    pair = replace(load("causal"), typed=None, examples=lambda seed: ())
    one, other = (prepare(pair, Choices()).case for _ in range(2))

    assert one.inputs["x"].size > 0
    np.testing.assert_array_equal(one.inputs["x"], other.inputs["x"])


def test_the_values_are_those_that_were_recorded() -> None:
    reading, pair = read("causal"), load("causal")
    case = prepare(pair, Choices()).case
    recording = record("reference", lambda: pair.call(NUMPY, case))
    stored = {
        name: value
        for snapshot in recording.invocations[0].snapshots
        for name, value in snapshot.values.items()
    }

    for row in reading.sections[0].rows[1:]:
        for value in row.runs[0].values:
            if value.reference is not None:
                np.testing.assert_array_equal(value.reference, stored[value.name])


def test_in_float32_either_backend_may_be_far_from_the_truth() -> None:
    choices = Choices(others={"dtype": "float32"})
    right = read("causal", choices)
    with mock.patch.object(torch.Tensor, "softmax", through_float16):
        wrong = read("causal", choices)

    assert right.agreement is not None
    assert right.agreement.agrees
    assert 0 < right.agreement.error < 8
    assert value_named(wrong, "attn_scores").agrees
    assert not value_named(wrong, "attn_weights").agrees


def through_float16(scores: torch.Tensor, dim: int) -> torch.Tensor:
    """Round attention weights to float16."""
    return torch.softmax(scores, dim).half().to(scores.dtype)


def test_scores_have_tokens_at_both_axes() -> None:
    scores = value_named(read("causal", Choices("one two")), "attn_scores")

    assert [axis.name for axis in scores.axes] == ["T", "T"]
    assert [axis.labels for axis in scores.axes] == [("one", "two")] * 2


def test_a_name_of_one_backend_alone_is_labelled_so() -> None:
    reading = read("causal")

    assert value_named(reading, "exps").owner == "NumPy only"
    assert value_named(reading, "attn_weights").owner == "both"


def test_a_head_that_is_a_call_has_a_run_of_its_own() -> None:
    heads = read("multi_head_wrapper", Choices(others={"num_heads": 3})).sections[1]

    assert heads.calls == 3
    assert all(len(row.runs) == 3 for row in heads.rows[1:])


@every_pair
def test_backward_goes_through_every_step_of_the_reference(path: str) -> None:
    reading = read_source(path)

    assert bool(reading.backward) == load(path).has_gradients
    for section in reading.backward:
        function = stepped(REFERENCE, section.function)
        steps = function.steps if function else ()
        assert [row.first for row in section.rows] == [0, *(s.first for s in steps)]
        assert not any(row.torch for row in section.rows)


def test_gradients_are_beside_those_of_autograd() -> None:
    (backward,) = read("causal").backward
    values = [v for row in backward.rows for run in row.runs for v in run.values]

    assert [value.name for value in values] == [
        "grad_output",
        *("grad_dropped_weights", "grad_values", "grad_attn_weights"),
        *("grad_masked_scores", "grad_attn_scores", "grad_queries", "grad_keys"),
        *("grad_x", "grad_W_query.weight", "grad_W_key.weight", "grad_W_value.weight"),
    ]
    assert all(value.owner == "both" and value.agrees for value in values)
    assert any(value.difference for value in values)
    assert [axis.name for axis in values[3].axes] == ["T", "T"]


def test_a_wrong_gradient_is_seen() -> None:
    of_autograd = torch.autograd.grad

    def wrong(*args: Any, **options: Any) -> Any:
        return [1.01 * gradient for gradient in of_autograd(*args, **options)]

    with mock.patch("torch.autograd.grad", wrong):
        reading = read("causal")

    assert reading.agreement is not None
    assert not reading.agreement.agrees
    assert all(v.agrees for v in reading.result)


def test_every_head_has_a_backward_of_its_own() -> None:
    heads = read("multi_head_wrapper", Choices(others={"num_heads": 3}))
    forward, backward = heads.sections[1], heads.backward[1]
    *steps, last = backward.rows[1:]

    assert backward.calls == 3
    assert all(len(row.runs) == 3 for row in steps)
    assert not last.runs  # autograd knows the input's gradient through all heads alone
    dropped = next(v for v in steps[1].runs[0].values if v.name == "grad_attn_weights")
    assert dropped.agrees
    assert len(forward.rows[1].runs) == 3


def marked(function: Function) -> SteppedFunction:
    """Find a function of the reference with its steps; it must be there."""
    found = stepped(REFERENCE, function)
    assert found is not None, function
    return found


def value_named(reading: Reading, name: str) -> Value:
    """Find a value by its name."""
    return next(
        value
        for row in rows_of(reading)
        for run in row.runs
        for value in run.values
        if value.name == name
    )


def rows_of(reading: Reading) -> list[Row]:
    """List the rows of every section."""
    return [row for section in reading.sections for row in section.rows]
