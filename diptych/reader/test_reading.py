"""A reading shows the unmodified sources, and the values that were recorded."""

import json
from unittest import mock

import numpy as np
import pytest
import torch

from diptych.reader.contents import READING_ORDER, find
from diptych.reader.files import SIDES, lines_of, stepped
from diptych.reader.inputs import Choices
from diptych.reader.model import Row, Value, plain
from diptych.reader.reading import Reading, read, read_source
from parity_tests.catalogue import CATALOGUE
from parity_tests.concept import Concept
from parity_tests.recording import record
from parity_tests.steps import SteppedFunction

every_concept = pytest.mark.parametrize("path", READING_ORDER)


def test_the_reading_order_is_that_of_the_catalogue() -> None:
    assert list(READING_ORDER) == [concept.path for concept in CATALOGUE]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("causal", "attention/causal"),
        ("causal_attention", "attention/causal"),
        ("Causal-Attention", "attention/causal"),
        ("attention/causal", "attention/causal"),
        ("word_tokenizer", "tokenizers/word"),
    ],
)
def test_a_concept_goes_by_several_names(name: str, path: str) -> None:
    assert find(name) == path


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(KeyError, match=r"'casual'.*causal, multi_head_wrapper"):
        find("casual")


@every_concept
def test_every_concept_says_what_it_is(path: str) -> None:
    reading = read_source(path)

    said = (reading.title, reading.sentence, reading.source, reading.changes)
    assert all(said)
    assert reading.weights
    assert not any("\n" in sentence for sentence in said)


@every_concept
@pytest.mark.parametrize("side", [0, 1], ids=SIDES)
def test_no_line_of_a_function_is_lost_or_changed(path: str, side: int) -> None:
    for section in read_source(path).sections:
        module = "/".join(section.function.split(".")[:2])
        function = marked(SIDES[side], section.function)
        lines = lines_of(SIDES[side], module)[: function.end]
        first = function.steps[0].start
        wanted = [line for line in lines[first:] if line.strip()]

        shown = [
            line.strip()
            for row in section.rows[1:]
            for code in (row.reference, row.torch)[side]
            for line in code.text.splitlines()
        ]

        kept = [line.strip() for line in wanted if not line.strip().startswith("#")]
        assert [line for line in shown if line and not line.startswith("#")] == kept


@every_concept
def test_code_stands_in_the_file_where_it_says(path: str) -> None:
    for row in rows_of(read_source(path)):
        for code in (*row.reference, *row.torch):
            side, _, file = code.path.removesuffix(".py").partition("/")
            lines = lines_of(side, file)[code.line - 1 :]
            for own, line in zip(code.text.splitlines(), lines, strict=False):
                assert line.endswith(own)
                assert line.removesuffix(own).strip() == ""


@every_concept
def test_every_step_of_the_sources_has_a_row(path: str) -> None:
    for section in read_source(path).sections:
        for side in SIDES:
            steps = marked(side, section.function).steps
            rows = [(row.first, row.last) for row in section.rows[1:]]
            assert all(
                any(first <= step.first and step.last <= last for first, last in rows)
                for step in steps
            )


@every_concept
def test_every_concept_can_be_read_and_agrees(path: str) -> None:
    reading = read(path)

    assert reading.agreement is not None
    assert reading.agreement.agrees
    assert reading.sections[0].calls > 0
    json.dumps(plain(reading), allow_nan=False)


def test_the_values_are_those_that_were_recorded() -> None:
    reading = read("causal")
    concept = next(c for c in CATALOGUE if c.name == "causal")
    from diptych.reader.cases import prepare

    case = prepare(concept, Choices()).case
    recording = record(
        "reference", lambda: concept.run_reference(concept.reference, case)
    )
    stored = {
        name: value
        for snapshot in recording.invocations[0].snapshots
        for name, value in snapshot.values.items()
    }

    for row in reading.sections[0].rows[1:]:
        for value in row.runs[0].values:
            if value.reference is not None:
                np.testing.assert_array_equal(value.reference, stored[value.name])


def test_in_float32_either_side_may_be_far_from_the_truth() -> None:
    choices = Choices(dtype="float32")
    right = read("causal", choices)
    with mock.patch.object(torch.Tensor, "softmax", through_float16):
        wrong = read("causal", choices)

    assert right.agreement is not None
    assert right.agreement.agrees
    assert 0 < right.agreement.score < 8
    assert value_named(wrong, "scores").agrees
    assert not value_named(wrong, "weights").agrees


def through_float16(scores: torch.Tensor, dim: int) -> torch.Tensor:
    """Round weights to float16."""
    return torch.softmax(scores, dim).half().to(scores.dtype)


def test_scores_have_tokens_at_both_axes() -> None:
    scores = value_named(read("causal", Choices(text="one two")), "scores")

    assert [axis.name for axis in scores.axes] == ["T", "T"]
    assert [axis.labels for axis in scores.axes] == [("one", "two")] * 2


def test_a_name_of_one_side_alone_is_labelled_so() -> None:
    reading = read("causal")

    assert value_named(reading, "raised").side == "NumPy only"
    assert value_named(reading, "weights").side == "both"


def test_a_head_that_is_a_call_has_a_run_of_its_own() -> None:
    heads = read("multi_head_wrapper", Choices(num_heads=3)).sections[1]

    assert heads.calls == 3
    assert all(len(row.runs) == 3 for row in heads.rows[1:])


@pytest.mark.parametrize("pair", [c for c in CATALOGUE if c.has_gradients], ids=str)
def test_the_way_back_goes_through_every_step_of_the_reference(pair: Concept) -> None:
    reading = read_source(pair.path)

    assert len(reading.back) == len(reading.sections)
    for section in reading.back:
        steps = marked("reference", section.function).steps
        assert [row.first for row in section.rows] == [0, *(s.first for s in steps)]
        assert not any(row.torch for row in section.rows)
        assert all(step.formula for row in section.rows[1:] for step in row.steps)


def test_gradients_stand_beside_those_of_autograd() -> None:
    (back,) = read("causal").back
    values = [v for row in back.rows for run in row.runs for v in run.values]

    assert [value.name for value in values] == [
        "grad_output",
        *("grad_kept", "grad_values", "grad_weights", "grad_masked", "grad_scores"),
        *("grad_queries", "grad_keys", "grad_x"),
        *("W_query.weight", "W_key.weight", "W_value.weight"),
    ]
    assert all(value.side == "both" and value.agrees for value in values)
    assert any(value.difference for value in values)


def test_every_head_goes_its_own_way_back() -> None:
    heads = read("multi_head_wrapper", Choices(num_heads=3)).back[1]
    *steps, last = heads.rows[1:]

    assert heads.calls == 3
    assert all(len(row.runs) == 3 for row in steps)
    assert not last.runs  # autograd knows the input's gradient through all heads alone


def marked(side: str, function: str) -> SteppedFunction:
    """Find a function with its steps; it must be there."""
    found = stepped(side, "/".join(function.split(".")[:2]), function)
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
