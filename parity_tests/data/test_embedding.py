"""Embeddings: both sides agree, and each obeys the laws of the thing."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given

import reference
import torch_impl
from parity_tests.agreement import as_array, compare
from parity_tests.attention.sides import array_for, both_backends, each_side, refusal
from parity_tests.catalogue import concept

EMBEDDING = concept("embedding")
TOKEN, POSITION = "token_embedding.weight", "position_embedding.weight"


def with_weights(case, **changed):
    """Change some of the vectors, by `token` and `position`."""
    named = {f"{name}_embedding.weight": array for name, array in changed.items()}
    return replace(case, weights={**case.weights, **named})


# Agreement


@given(EMBEDDING.cases)
def test_reference_and_torch_agree(case):
    comparison = EMBEDDING.compare(case)

    assert comparison.departure is None, str(comparison.departure)


@given(EMBEDDING.cases)
def test_both_sides_have_weights_of_the_same_names_and_shapes(case):
    states = (
        EMBEDDING.reference(**case.config).state_dict(),
        EMBEDDING.torch(**case.config).state_dict(),
    )
    expected, actual = ([(n, tuple(w.shape)) for n, w in s.items()] for s in states)

    assert actual == expected


# Laws


@each_side(EMBEDDING)
@given(EMBEDDING.cases)
def test_every_vector_is_that_of_its_token_plus_that_of_its_place(side, case):
    ids, vectors = case.inputs["ids"], side(case)
    expected = np.empty_like(vectors)
    for *text, place in np.ndindex(ids.shape):
        token = case.weights[TOKEN][ids[*text, place]]
        expected[*text, place] = token + case.weights[POSITION][place]

    assert compare(expected, vectors).holds


@each_side(EMBEDDING)
@given(EMBEDDING.cases)
def test_a_shorter_text_has_the_same_vectors_as_the_start_of_a_longer_one(side, case):
    start = case.inputs["ids"][..., :-1]
    expected = side(case)[..., : start.shape[-1], :]
    actual = side(replace(case, inputs={"ids": start}))

    assert compare(expected, actual).holds


@each_side(EMBEDDING)
@given(EMBEDDING.cases)
def test_renumbering_the_vocabulary_changes_nothing(side, case):
    order = np.random.default_rng(case.seed).permutation(case.config["vocab_size"])
    renumbered = np.argsort(order)[case.inputs["ids"]]
    expected = side(case)
    moved = with_weights(case, token=case.weights[TOKEN][order])
    actual = side(replace(moved, inputs={"ids": renumbered}))

    assert compare(expected, actual).holds


@each_side(EMBEDDING)
@given(EMBEDDING.cases)
def test_without_positions_a_token_has_one_vector_wherever_it_stands(side, case):
    nowhere = with_weights(case, position=np.zeros_like(case.weights[POSITION]))
    expected = case.weights[TOKEN][case.inputs["ids"]]
    actual = side(nowhere)

    assert compare(expected, actual).holds


@both_backends
def test_the_module_can_be_held_in_either_precision(backend):
    module = backend.TokenAndPositionEmbedding(4, 3, 5)
    ids = array_for(backend, np.array([0, 3]))

    assert as_array(module.double()(ids)).dtype == np.float64
    assert as_array(module.float()(ids)).dtype == np.float32


@both_backends
def test_the_vectors_are_drawn_from_the_normal_distribution(backend):
    torch.manual_seed(0)
    rng = {"rng": np.random.default_rng(0)} if backend is reference else {}
    module = backend.TokenAndPositionEmbedding(300, 100, 200, **rng)
    for weight in module.state_dict().values():
        drawn = np.sort(as_array(weight).astype(float).flatten())
        quantiles = np.array([torch.special.ndtri(torch.tensor(p)) for p in (0.1, 0.9)])

        assert abs(drawn.mean()) < 5 / np.sqrt(drawn.size)
        assert abs(drawn.std() - 1) < 5 / np.sqrt(2 * drawn.size)
        assert np.abs(np.quantile(drawn, [0.1, 0.9]) - quantiles).max() < 0.05


# Bridges


@each_side(EMBEDDING)
@given(EMBEDDING.cases)
def test_it_is_pytorchs_embedding_twice(side, case):
    ids = torch.from_numpy(case.inputs["ids"])
    weights = [torch.from_numpy(case.weights[name]) for name in (TOKEN, POSITION)]
    places = torch.arange(ids.shape[-1])
    expected = F.embedding(ids, weights[0]) + F.embedding(places, weights[1])

    assert compare(expected, torch.from_numpy(side(case))).holds


@each_side(EMBEDDING)
@given(EMBEDDING.cases)
def test_it_is_a_one_hot_row_times_the_table(side, case):
    ids = case.inputs["ids"]
    one_hot = np.eye(case.config["vocab_size"], dtype=case.weights[TOKEN].dtype)[ids]
    expected = one_hot @ case.weights[TOKEN] + case.weights[POSITION][: ids.shape[-1]]

    assert compare(expected, side(case)).holds


@both_backends
def test_the_windows_of_a_text_go_in_as_they_are(backend):
    text = "the cat sat on the mat"
    tokenizer = backend.CharacterTokenizer.train(text)
    windows = backend.SlidingWindows(tokenizer.encode(text), max_length=4, stride=4)
    module = backend.TokenAndPositionEmbedding(tokenizer.vocab_size, 3, 4)

    assert tuple(module(windows.inputs).shape) == (5, 4, 3)


# Refusals


@both_backends
@pytest.mark.parametrize(
    ("ids", "error", "message"),
    [
        (np.array([0, -1]), ValueError, "ids must lie in 0..2, got -1"),
        (np.array([[0, 1], [3, 9]]), ValueError, "ids must lie in 0..2, got 3"),
        (np.array([0, 3], np.uint8), ValueError, "ids must lie in 0..2, got 3"),
        (np.array([0.0]), TypeError, "ids must be whole numbers, got float64"),
        (np.array([True]), TypeError, "ids must be whole numbers, got bool"),
        (np.array([1j]), TypeError, "ids must be whole numbers, got complex128"),
        (np.array(0), ValueError, "ids must have shape (…, T), got ()"),
        (
            np.zeros((2, 5), np.int64),
            ValueError,
            "at most context_length = 4 tokens fit, got 5",
        ),
    ],
)
def test_what_cannot_be_embedded_is_refused(backend, ids, error, message):
    module = backend.TokenAndPositionEmbedding(3, 2, context_length=4)
    expected = error, message
    actual = refusal(lambda: module(array_for(backend, ids)))

    assert actual == expected


@both_backends
@pytest.mark.parametrize(
    ("sizes", "error", "message"),
    [
        ((0, 1, 1), ValueError, "vocab_size must be at least 1, got 0"),
        ((1, -2, 1), ValueError, "output_dim must be at least 1, got -2"),
        ((1, 1, 0), ValueError, "context_length must be at least 1, got 0"),
        ((1, 1.5, 1), TypeError, "output_dim must be a whole number, got 1.5"),
    ],
)
def test_a_size_that_is_none_is_refused(backend, sizes, error, message):
    expected = error, message
    actual = refusal(lambda: backend.TokenAndPositionEmbedding(*sizes))

    assert actual == expected


# Anchor values


@both_backends
def test_two_tables_small_enough_to_add_in_the_head(backend):
    module = backend.TokenAndPositionEmbedding(2, 2, context_length=3).double()
    state = {
        TOKEN: np.array([[1.0, 2.0], [3.0, 4.0]]),
        POSITION: np.array([[10.0, 20.0], [30.0, 40.0], [50.0, 60.0]]),
    }
    module.load_state_dict({n: array_for(backend, a) for n, a in state.items()})
    expected = [[[13.0, 24.0], [31.0, 42.0]], [[11.0, 22.0], [33.0, 44.0]]]
    actual = module(array_for(backend, np.array([[1, 0], [0, 1]])))

    assert actual.tolist() == expected


def test_a_seed_gives_the_numbers_that_the_layers_of_pytorch_give():
    torch.manual_seed(123)
    expected = [torch.nn.Embedding(6, 3).weight, torch.nn.Embedding(4, 3).weight]
    torch.manual_seed(123)
    actual = [*torch_impl.TokenAndPositionEmbedding(6, 3, 4).parameters()]

    assert all(map(torch.equal, expected, actual))
