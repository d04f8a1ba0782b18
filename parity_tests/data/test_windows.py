"""Sliding windows: their properties, rejections, oracles and values."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader

import reference
from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.backend import TORCH
from parity_tests.contract.case import Array, Case
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import REPEATABLE, Implementation, Property
from parity_tests.contract.rejection import Rejection
from parity_tests.data.cases import (
    cut,
    inputs_and_targets,
    window_cases,
    windows_on_text,
)
from parity_tests.data.examples import window_examples
from parity_tests.data.probes import window_probes
from parity_tests.data.typed import WINDOWS
from parity_tests.tokenizers.cases import cases_of, gpt2

PATH = "data/windows"
FIVE = {"ids": [0, 1, 2, 3, 4], "max_length": 2, "stride": 1}


def windows(run: OneBackend, case: Case) -> Any:
    """Cut the text of a case."""
    return run.part(run.backend.own(case.inputs["ids"]), **case.config)


def windows_start_a_stride_apart_and_targets_are_one_later(
    implementation: Implementation, case: Case
) -> Agreement:
    """Window i begins at i strides, its targets one token later, and all of it fits."""
    ids, size = case.inputs["ids"], case.config["max_length"]
    starts = range(0, len(ids) - size, case.config["stride"])
    rows = [[ids[i + one : i + one + size] for i in starts] for one in (0, 1)]
    expected = np.reshape(rows, (2, len(starts), size)).astype(ids.dtype)
    return compare(expected, implementation(case), implementation.repeatability(case))


def there_are_as_many_windows_as_strides_fit_the_text(
    run: OneBackend, case: Case
) -> Agreement:
    """The last token is target only, so a text needs one token more than a window."""
    spare = len(case.inputs["ids"]) - case.config["max_length"]
    expected = max(0, math.ceil(spare / case.config["stride"]))
    return compare(expected, len(windows(run, case)))


def all_inputs_and_all_targets_are_the_windows_below_each_other(
    run: OneBackend, case: Case
) -> Agreement:
    """Row i of the inputs and row i of the targets are what window i is."""
    cut = windows(run, case)
    expected = [[input, target] for input, target in cut]
    return compare(expected, [*map(list, zip(cut.inputs, cut.targets, strict=True))])


def at_stride_max_length_every_token_but_the_last_ones_is_input_once(
    run: OneBackend, case: Case
) -> Agreement:
    """Windows end to end leave out no more than one window's worth of tokens."""
    ids, size = case.inputs["ids"], case.config["max_length"]
    inputs, _ = run(replace(case, config={**case.config, "stride": size}))
    rest = len(ids) - inputs.size
    return compare([ids[: inputs.size], True], [inputs.ravel(), rest <= size])


def a_negative_index_counts_from_the_end(run: OneBackend, case: Case) -> Agreement:
    """Window −1 is the last one."""
    cut = windows(run, case)
    backwards = [cut[index - len(cut)] for index in range(len(cut))]
    return compare([cut[index] for index in range(len(cut))], backwards)


def a_change_of_the_text_or_of_a_window_changes_no_other(
    run: OneBackend, case: Case
) -> Agreement:
    """The text was copied, and so is a window that is taken out."""
    ids = case.inputs["ids"].copy()
    found = windows(run, case.with_inputs(ids=ids))
    expected = run(case)
    ids[...] = 7
    for inputs, targets in [found[i] for i in range(len(found))]:
        inputs[...], targets[...] = 8, 9
    return compare(expected, inputs_and_targets([found.inputs, found.targets]))


def windows_of_encoded_text_decode_to_its_pieces(
    run: OneBackend, case: Case
) -> Agreement:
    """Each of them begins one character after the one before."""
    text, size = case.inputs["text"], case.inputs["size"]
    tokenizer = reference.CharacterTokenizer.from_text(text)
    found = run.part(run.backend.own(tokenizer.encode(text)), size, stride=1)
    expected = [text[i : i + size] for i in range(len(text) - size)]
    return compare(expected, [tokenizer.decode(found[i][0]) for i in range(len(found))])


def cut_as_the_book_does(case: Case) -> Array:
    """Fill two lists in a loop, as `GPTDatasetV1` does in listing 2.5 of the book."""
    token_ids, max_length = case.inputs["ids"], case.config["max_length"]
    input_ids, target_ids = [], []
    for i in range(0, len(token_ids) - max_length, case.config["stride"]):
        input_ids.append(token_ids[i : i + max_length])
        target_ids.append(token_ids[i + 1 : i + max_length + 1])
    rows = np.reshape([input_ids, target_ids], (2, len(input_ids), max_length))
    return rows.astype(token_ids.dtype)


def cut_by_unfold(case: Case) -> torch.Tensor:
    """Cut inputs, and the text without its first token into targets, by PyTorch."""
    ids, size = torch.from_numpy(case.inputs["ids"]), case.config["max_length"]
    if len(ids) <= size:
        return ids.new_zeros(2, 0, size)
    text = torch.stack([ids[:-1], ids[1:]])
    return text.unfold(1, size, case.config["stride"])


BAD_SIZES: list[Any] = [
    ({"max_length": 0}, ValueError, "max_length must be at least 1, got 0"),
    ({"max_length": 1.0}, TypeError, "max_length must be an integer, got 1.0"),
    ({"stride": 0}, ValueError, "stride must be at least 1, got 0"),
    ({"stride": -1}, ValueError, "stride must be at least 1, got -1"),
    ({"stride": True}, TypeError, "stride must be an integer, got True"),
]
ONE_DIMENSIONAL = "ids must be one-dimensional, got shape"
BAD_IDS: list[Any] = [
    ([0.5], TypeError, "ids must be integers, got 0.5"),
    ([True], TypeError, "ids must be integers, got True"),
    ("ab", TypeError, "ids must be integers, got 'a'"),
    ([[1]], TypeError, "ids must be integers, got [1]"),
    ([2**63], ValueError, f"ids must fit into 64 bits, got {2**63}"),
    ([-(2**63) - 1], ValueError, f"ids must fit into 64 bits, got {-(2**63) - 1}"),
    (np.zeros((2, 3), np.int64), ValueError, f"{ONE_DIMENSIONAL} (2, 3)"),
    (np.array(1), ValueError, f"{ONE_DIMENSIONAL} ()"),
    (np.zeros(4), TypeError, "ids must be integers, got float64"),
    (np.zeros(4, bool), TypeError, "ids must be integers, got bool"),
]
THREE = "there are 3 windows"

PAIR = Pair(
    path=PATH,
    cases=window_cases(),
    properties=(
        Property(windows_start_a_stride_apart_and_targets_are_one_later, for_all=True),
        REPEATABLE,
        Property(there_are_as_many_windows_as_strides_fit_the_text),
        Property(all_inputs_and_all_targets_are_the_windows_below_each_other),
        Property(at_stride_max_length_every_token_but_the_last_ones_is_input_once),
        Property(a_negative_index_counts_from_the_end),
        Property(a_change_of_the_text_or_of_a_window_changes_no_other),
        Property(
            windows_of_encoded_text_decode_to_its_pieces,
            cases_of(text=st.text(max_size=20), size=st.integers(1, 8)),
        ),
    ),
    rejections=(
        *(Rejection(error, text, {**FIVE, **bad}) for bad, error, text in BAD_SIZES),
        *(Rejection(error, text, {**FIVE, "ids": i}) for i, error, text in BAD_IDS),
        *(
            Rejection(IndexError, f"{THREE}, got index {i}", FIVE, "__getitem__", i)
            for i in (3, -4, 10**20)
        ),
    ),
    oracles=(
        Oracle("the book's GPTDatasetV1", cut_as_the_book_does),
        Oracle("unfold of PyTorch", cut_by_unfold),
    ),
    on_text=windows_on_text,
    examples=window_examples,
    probes=window_probes,
    typed=WINDOWS,
    run=cut,
    answer=inputs_and_targets,
)


class TestSlidingWindows(PairTests):
    """All that is asked of every pair; data loaders, and what the book prints."""

    pair = PAIR

    def test_a_window_longer_than_any_text_takes_no_room(self, backend):
        windows = PAIR.part(backend)([1, 2, 3], max_length=10**12, stride=10**12)

        assert len(windows) == 0
        assert tuple(windows.inputs.shape) == (0, 10**12)

    def test_a_data_loader_takes_them_in_batches(self, backend):
        @given(window_cases().filter(lambda case: case.inputs["ids"].size), st.data())
        def agree(case, data):
            ids = backend.own(case.inputs["ids"].astype(np.int64))
            windows = PAIR.part(backend)(ids, **case.config)
            batches = [*DataLoader(windows, data.draw(st.integers(1, 3)))]
            for index, expected in enumerate((windows.inputs, windows.targets)):
                rows = [row for batch in batches for row in batch[index].tolist()]

                assert rows == expected.tolist()

        agree()

    def test_a_shuffling_data_loader_takes_every_window_once(self):
        windows = PAIR.part(TORCH)(torch.arange(50), max_length=4, stride=2)
        loader = DataLoader(windows, batch_size=5, shuffle=True)
        actual = sorted(row for inputs, _ in loader for row in inputs.tolist())

        assert actual == windows.inputs.tolist()

    def test_the_ids_of_the_book_give_the_first_two_windows_of_the_book(self, backend):
        """Section 2.6: `max_length=4, stride=1`, on the first words of its story."""
        ids = [40, 367, 2885, 1464, 1807, 3619]
        text, windows = "I HAD always thought Jack", PAIR.part(backend)(ids, 4, 1)

        assert gpt2(reference.BytePairTokenizer).encode(text).tolist() == ids
        assert [w.tolist() for w in windows[0]] == [ids[:4], ids[1:5]]
        assert [w.tolist() for w in windows[1]] == [ids[1:5], ids[2:6]]
