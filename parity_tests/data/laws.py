"""Laws of what feeds a model: windows of a text, and embeddings of its tokens."""

import math
from dataclasses import replace
from typing import Any

import numpy as np

from parity_tests.agreement import Agreement, as_array, compare
from parity_tests.case import Case
from parity_tests.law import Asked
from parity_tests.side import Side

TOKEN, POSITION = "token_embedding.weight", "position_embedding.weight"

# Windows


def windows_start_a_stride_apart_and_targets_are_one_later(
    side: Asked, case: Case
) -> Agreement:
    """Window i begins at i strides, its targets one token later, and all of it fits."""
    ids, size = case.inputs["ids"], case.config["max_length"]
    starts = range(0, len(ids) - size, case.config["stride"])
    rows = [[ids[i + one : i + one + size] for i in starts] for one in (0, 1)]
    expected = np.reshape(rows, (2, len(starts), size)).astype(ids.dtype)
    return compare(expected, side(case), side.repeatability(case))


def there_are_as_many_windows_as_strides_fit_the_text(
    side: Side, case: Case
) -> Agreement:
    """The last token is target only, so a text needs one token more than a window."""
    spare = len(case.inputs["ids"]) - case.config["max_length"]
    expected = max(0, math.ceil(spare / case.config["stride"]))
    return compare(expected, len(windows(side, case)))


def all_inputs_and_all_targets_are_the_windows_below_each_other(
    side: Side, case: Case
) -> Agreement:
    """Row i of the inputs and row i of the targets are what window i is."""
    cut = windows(side, case)
    shape = (len(cut), case.config["max_length"])
    expected = [
        shape,
        shape,
        [input for input, _ in cut],
        [target for _, target in cut],
    ]
    shapes = [tuple(cut.inputs.shape), tuple(cut.targets.shape)]
    return compare(expected, [*shapes, [*cut.inputs], [*cut.targets]])


def at_stride_max_length_every_token_but_the_tail_is_input_once(
    side: Side, case: Case
) -> Agreement:
    """Windows end to end leave out no more than one window's worth of tokens."""
    ids, size = case.inputs["ids"], case.config["max_length"]
    inputs, _ = side(replace(case, config={**case.config, "stride": size}))
    tail = len(ids) - inputs.size
    return compare([ids[: inputs.size], True], [inputs.ravel(), tail <= size])


def a_negative_number_counts_from_the_end(side: Side, case: Case) -> Agreement:
    """Window −1 is the last one."""
    cut = windows(side, case)
    backwards = [cut[number - len(cut)] for number in range(len(cut))]
    return compare([cut[number] for number in range(len(cut))], backwards)


def windows_are_views_of_the_text(side: Side, case: Case) -> Agreement:
    """Who changes the text changes the windows: nothing was copied."""
    ids = case.inputs["ids"].copy()
    case = replace(case, inputs={"ids": ids})
    cut = windows(side, case)
    ids += 1
    inputs, targets = side(case)
    return compare([inputs, targets], [as_array(cut.inputs), as_array(cut.targets)])


def windows(side: Side, case: Case) -> Any:
    """Cut the text of a case."""
    return side.class_(side.own(case.inputs["ids"]), **case.config)


# Embeddings


def every_vector_is_that_of_its_token_plus_that_of_its_place(
    side: Side, case: Case
) -> Agreement:
    """Token by token, as one would do it by hand."""
    ids, vectors = case.inputs["ids"], side(case)
    expected = np.empty_like(vectors)
    for *text, place in np.ndindex(ids.shape):
        token = case.weights[TOKEN][ids[*text, place]]
        expected[*text, place] = token + case.weights[POSITION][place]
    return compare(expected, vectors)


def a_shorter_text_has_the_same_vectors_as_the_start_of_a_longer_one(
    side: Asked, case: Case
) -> Agreement:
    """A token knows its place, not what follows."""
    ids = case.inputs["ids"]
    start = ids[..., : max(1, ids.shape[-1] - 1)]
    expected = side(case)[..., : start.shape[-1], :]
    actual = side(replace(case, inputs={"ids": start}))
    return compare(expected, actual, side.repeatability(case))


def renumbering_the_vocabulary_changes_nothing(side: Side, case: Case) -> Agreement:
    """An id is a name of a row of the table."""
    order = np.random.default_rng(case.seed).permutation(case.config["vocab_size"])
    renumbered = np.argsort(order)[case.inputs["ids"]]
    moved = with_table(case, TOKEN, case.weights[TOKEN][order])
    return compare(side(case), side(replace(moved, inputs={"ids": renumbered})))


def without_positions_a_token_has_one_vector_wherever_it_stands(
    side: Side, case: Case
) -> Agreement:
    """Only the table of places tells one place from another."""
    nowhere = with_table(case, POSITION, np.zeros_like(case.weights[POSITION]))
    return compare(case.weights[TOKEN][case.inputs["ids"]], side(nowhere))


def it_is_a_one_hot_row_times_the_table(side: Side, case: Case) -> Agreement:
    """Looking up is a product with a row that is zero but for a one."""
    ids, table = case.inputs["ids"], case.weights[TOKEN]
    one_hot = np.eye(case.config["vocab_size"], dtype=table.dtype)[ids]
    expected = one_hot @ table + case.weights[POSITION][: ids.shape[-1]]
    return compare(expected, side(case))


def with_table(case: Case, name: str, table: np.ndarray[Any, Any]) -> Case:
    """Change one of the tables."""
    return replace(case, weights={**case.weights, name: table})
