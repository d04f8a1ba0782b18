"""Sliding windows: their properties, rejections, oracles and values."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from parity_tests.contract.agreement import Agreement, as_array, compare
from parity_tests.contract.backend import REFERENCE, TORCH, Backend
from parity_tests.contract.case import Case
from parity_tests.contract.convention import NOT_EMPTY
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import REPEATABLE, Implementation, Property
from parity_tests.contract.rejection import Rejection
from parity_tests.data.examples import window_examples
from parity_tests.data.typed import WINDOWS
from parity_tests.text.real_text import N_TOKENS, gpt2_ids

PATH = "data/windows"
FIVE = {"ids": [0, 1, 2, 3, 4], "max_length": 2, "stride": 1}


@st.composite
def window_cases(draw: st.DrawFn) -> Case:
    """Draw a text that is shorter than a window, as long, or longer."""
    n_tokens = draw(st.integers(0, 20))
    dtype = draw(st.sampled_from([np.int64, np.int32, np.uint8]))
    ids = np.random.default_rng(draw(st.integers(0, 99))).integers(0, 256, n_tokens)
    config = {
        "max_length": draw(st.integers(1, 8)),
        "stride": draw(st.integers(1, 10)),
    }
    return Case(config, {"ids": ids.astype(dtype)})


def cut(backend: Backend, part: Any, case: Case) -> list[Any]:
    """Cut the text of a case, and take every window out by its index as well."""
    windows = part(backend.own(case.inputs["ids"]), **case.config)
    return [windows.inputs, windows.targets, len(windows), list(windows)]


def inputs_and_targets(result: list[Any]) -> np.ndarray:
    """Stack the inputs and the targets of all windows: (2, K, L)."""
    return np.stack([as_array(part) for part in result[:2]])


def windows_start_a_stride_apart_and_targets_are_one_later(
    run: Implementation, case: Case
) -> Agreement:
    """Window i begins at i strides, its targets one token later, and all of it fits."""
    ids, size = case.inputs["ids"], case.config["max_length"]
    starts = range(0, len(ids) - size, case.config["stride"])
    rows = [[ids[i + one : i + one + size] for i in starts] for one in (0, 1)]
    expected = np.reshape(rows, (2, len(starts), size)).astype(ids.dtype)
    return compare(expected, run(case))


def there_are_as_many_windows_as_strides_fit_the_text(
    run: OneBackend, case: Case
) -> Agreement:
    """The last token is target only, so a text needs one token more than a window."""
    spare = len(case.inputs["ids"]) - case.config["max_length"]
    expected = max(0, math.ceil(spare / case.config["stride"]))
    return compare(expected, run.run(case)[2])


def the_window_at_an_index_is_that_row_of_inputs_and_targets(
    run: OneBackend, case: Case
) -> Agreement:
    """Also from the end: window -1 is the last one."""
    inputs, targets, n_windows, windows = run.run(case)
    part = run.part(run.backend.own(case.inputs["ids"]), **case.config)
    from_the_end = [part[index - n_windows] for index in range(n_windows)]
    expected = [[one, other] for one, other in zip(inputs, targets, strict=True)]
    return compare(
        [expected, expected],
        [[list(w) for w in windows], [list(w) for w in from_the_end]],
    )


def at_stride_max_length_every_token_but_the_rest_is_input_once(
    run: OneBackend, case: Case
) -> Agreement:
    """Windows end to end leave out no more than one window's worth of tokens."""
    ids, size = case.inputs["ids"], case.config["max_length"]
    inputs, _ = run(replace(case, config={**case.config, "stride": size}))
    rest = len(ids) - inputs.size
    return compare([ids[: inputs.size], True], [inputs.ravel(), rest <= size])


def writing_to_a_window_changes_neither_the_text_nor_the_others(
    run: OneBackend, case: Case
) -> Agreement:
    """A window is a copy, and so are the ids that it was cut from."""
    given = case.inputs["ids"].copy()
    part = run.part(run.backend.own(given), **case.config)
    before = [as_array(part.inputs).copy(), case.inputs["ids"]]
    for window, target in part:
        window += 1
        target += 1
    return compare(before, [as_array(part.inputs), given])


def by_slicing(case: Case) -> np.ndarray:
    """Slice the text as the book's GPTDatasetV1 does."""
    ids, size = case.inputs["ids"].tolist(), case.config["max_length"]
    starts = range(0, len(ids) - size, case.config["stride"])
    inputs = [ids[i : i + size] for i in starts]
    targets = [ids[i + 1 : i + size + 1] for i in starts]
    shape = (2, len(inputs), size)
    return np.array([inputs, targets]).reshape(shape).astype(case.inputs["ids"].dtype)


def on_text(text: str, seed: int) -> list[tuple[str, Case]]:
    """Cut all the tokens of a text into windows."""
    ids = gpt2_ids(text)
    size = min(N_TOKENS, len(ids) - 1)
    config = {"max_length": size, "stride": size}
    return [(f"{len(ids):,} tokens", Case(config, {"ids": ids}))]


REJECTED = (
    ({"max_length": 0}, ValueError, "max_length must be at least 1, got 0"),
    ({"max_length": 1.0}, TypeError, "max_length must be an integer, got 1.0"),
    ({"stride": 0}, ValueError, "stride must be at least 1, got 0"),
    ({"stride": -1}, ValueError, "stride must be at least 1, got -1"),
    ({"stride": True}, TypeError, "stride must be an integer, got True"),
    ({"ids": [0.5]}, TypeError, "ids must be integers, got 0.5"),
    ({"ids": "ab"}, TypeError, "ids must be integers, got 'a'"),
    ({"ids": [[1]]}, TypeError, "ids must be integers, got [1]"),
    ({"ids": [2**63]}, ValueError, f"ids must fit into 64 bits, got {2**63}"),
    (
        {"ids": np.zeros((2, 3), np.int64)},
        ValueError,
        "ids must be one-dimensional, got shape (2, 3)",
    ),
    ({"ids": np.array(1)}, ValueError, "ids must be one-dimensional, got shape ()"),
    ({"ids": np.zeros(4)}, TypeError, "ids must be integers, got float64"),
    ({"ids": np.zeros(4, bool)}, TypeError, "ids must be integers, got bool"),
)

PAIR = Pair(
    path=PATH,
    cases=window_cases(),
    run=cut,
    answer=inputs_and_targets,
    properties=(
        REPEATABLE,
        Property(windows_start_a_stride_apart_and_targets_are_one_later, for_all=True),
        Property(there_are_as_many_windows_as_strides_fit_the_text),
        Property(the_window_at_an_index_is_that_row_of_inputs_and_targets),
        Property(at_stride_max_length_every_token_but_the_rest_is_input_once),
        Property(writing_to_a_window_changes_neither_the_text_nor_the_others),
    ),
    rejections=(
        *(Rejection(error, text, {**FIVE, **new}) for new, error, text in REJECTED),
        *(
            Rejection(
                IndexError,
                f"there are 3 windows, got index {i}",
                FIVE,
                "__getitem__",
                i,
            )
            for i in (3, -4, 10**20)
        ),
    ),
    oracles=(Oracle("the book's GPTDatasetV1", by_slicing),),
    on_text=on_text,
    examples=window_examples,
    typed=WINDOWS,
    conventions=(NOT_EMPTY,),
)


class TestSlidingWindows(PairTests):
    """All that is asked of every pair, and values that are worked out by hand."""

    pair = PAIR

    def test_a_window_longer_than_any_text_takes_no_memory(self, backend):
        windows = PAIR.part(backend)([1, 2, 3], max_length=10**12, stride=10**12)

        assert len(windows) == 0
        assert tuple(windows.inputs.shape) == (0, 10**12)

    def test_ten_tokens_in_windows_of_four_at_every_fourth(self, backend):
        windows = PAIR.part(backend)(list(range(10)), max_length=4, stride=4)

        assert windows.inputs.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]
        assert windows.targets.tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]

    @pytest.mark.parametrize(("n", "n_windows"), [(4, 0), (5, 1), (8, 1), (9, 2)])
    def test_the_last_full_window_counts(self, backend, n, n_windows):
        assert len(PAIR.part(backend)(list(range(n)), 4, 4)) == n_windows

    def test_a_data_loader_takes_them_in_batches(self, backend):
        @given(window_cases(), st.integers(1, 3))
        def batches(case, batch_size):
            ids = case.inputs["ids"].astype(np.int64)
            windows = PAIR.part(backend)(backend.own(ids), **case.config)
            loader = DataLoader(windows, batch_size=batch_size)
            found = [(i.tolist(), t.tolist()) for i, t in loader]

            assert [row for rows, _ in found for row in rows] == windows.inputs.tolist()
            assert [
                row for _, rows in found for row in rows
            ] == windows.targets.tolist()

        batches()

    def test_a_shuffling_data_loader_takes_every_window_once(self, backend):
        windows = PAIR.part(backend)(backend.own(np.arange(50)), 4, 2)
        loader = DataLoader(windows, batch_size=5, shuffle=True)
        found = sorted(row for inputs, _ in loader for row in inputs.tolist())

        assert found == windows.inputs.tolist()

    def test_the_reference_takes_tensors_and_torch_takes_arrays(self):
        of_tensor = PAIR.part(REFERENCE)(torch.arange(5), 2, 1)
        of_list = PAIR.part(TORCH)([0, 1, 2, 3, 4], 2, 1)

        assert of_tensor.inputs.tolist() == of_list.inputs.tolist()
