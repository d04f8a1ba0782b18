"""Token and position embeddings: their properties, rejections, oracles and values."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from parity_tests.contract.agreement import Agreement, as_array, compare
from parity_tests.contract.backend import REFERENCE, TORCH
from parity_tests.contract.case import Array, Case
from parity_tests.contract.convention import NOT_EMPTY
from parity_tests.contract.gradient_properties import GRADIENTS
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import REPEATABLE, Implementation, Property
from parity_tests.contract.rejection import Rejection
from parity_tests.data.cases import POSITION, TOKEN, embedding_cases, embedding_on_text
from parity_tests.data.examples import embedding_examples
from parity_tests.data.probes import embedding_probes
from parity_tests.data.typed import EMBEDDING

PATH = "data/embedding"
SMALL = {"vocab_size": 3, "output_dim": 2, "context_length": 4}


def with_table(case: Case, name: str, table: Array) -> Case:
    """Change one of the tables."""
    return replace(case, parameters={**case.parameters, name: table})


def every_vector_is_that_of_its_token_plus_that_of_its_position(
    run: OneBackend, case: Case
) -> Agreement:
    """Token by token, as one would do it by hand."""
    ids, vectors = case.inputs["ids"], run(case)
    expected = np.empty_like(vectors)
    for *text, position in np.ndindex(ids.shape):
        token = case.parameters[TOKEN][ids[*text, position]]
        expected[*text, position] = token + case.parameters[POSITION][position]
    return compare(expected, vectors, run.rounding(case))


def a_shorter_text_has_the_same_vectors_as_the_start_of_a_longer_one(
    implementation: Implementation, case: Case
) -> Agreement:
    """A token knows its position, not what follows."""
    ids = case.inputs["ids"]
    start = ids[..., : max(1, ids.shape[-1] - 1)]
    expected = implementation(case)[..., : start.shape[-1], :]
    actual = implementation(case.with_inputs(ids=start))
    return compare(expected, actual, implementation.repeatability(case))


def renumbering_the_vocabulary_changes_nothing(
    run: OneBackend, case: Case
) -> Agreement:
    """An id is a name of a row of the table."""
    order = np.random.default_rng(case.seed).permutation(case.config["vocab_size"])
    renumbered = np.argsort(order)[case.inputs["ids"]]
    other = with_table(case, TOKEN, case.parameters[TOKEN][order])
    return compare(run(case), run(other.with_inputs(ids=renumbered)))


def without_positions_a_token_has_one_vector_at_every_position(
    run: OneBackend, case: Case
) -> Agreement:
    """Only the table of positions distinguishes one from another."""
    nowhere = with_table(case, POSITION, np.zeros_like(case.parameters[POSITION]))
    expected = case.parameters[TOKEN][case.inputs["ids"]]
    return compare(expected, run(nowhere))


def what_no_id_and_no_position_picks_has_no_gradient(
    run: OneBackend, case: Case
) -> Agreement:
    """Rows of other ids, and of positions behind the end of the text."""
    gradients, ids = run.gradients(case), case.inputs["ids"]
    unused = np.setdiff1d(np.arange(case.config["vocab_size"]), ids)
    found = [gradients[TOKEN][unused], gradients[POSITION][ids.shape[-1] :]]
    return compare([np.zeros_like(each) for each in found], found)


def a_gradient_has_the_shape_and_dtype_of_its_parameter(
    run: OneBackend, case: Case
) -> Agreement:
    """Ids have none."""
    expected, actual = (
        sorted((name, [*array.shape], array.dtype.name) for name, array in of.items())
        for of in (case.parameters, run.gradients(case))
    )
    return compare(expected, actual)


def multiply_one_hot_rows(case: Case) -> Array:
    """Multiply each table by rows that are zero but for a one."""
    ids = case.inputs["ids"]
    tokens, positions = case.parameters[TOKEN], case.parameters[POSITION]
    one_hot = np.eye(len(tokens), dtype=tokens.dtype)[ids]
    at = np.eye(ids.shape[-1], len(positions), dtype=tokens.dtype)
    return one_hot @ tokens + at @ positions


def embed_twice(case: Case) -> torch.Tensor:
    """Look up tokens and positions with PyTorch's function, and add what was found."""
    ids = torch.from_numpy(case.inputs["ids"])
    table = {name: torch.from_numpy(each) for name, each in case.parameters.items()}
    positions = F.embedding(torch.arange(ids.shape[-1]), table[POSITION])
    return F.embedding(ids, table[TOKEN]) + positions


BAD_SIZES: list[Any] = [
    ({"vocab_size": 0}, ValueError, "vocab_size must be at least 1, got 0"),
    ({"output_dim": -2}, ValueError, "output_dim must be at least 1, got -2"),
    ({"output_dim": 1.5}, TypeError, "output_dim must be an integer, got 1.5"),
    ({"context_length": 0}, ValueError, "context_length must be at least 1, got 0"),
]
FIVE_TOKENS = np.zeros((2, 5), np.int64)
BAD_IDS: list[Any] = [
    ([0, 1], TypeError, "ids must be an array of this backend, got list"),
    (0, TypeError, "ids must be an array of this backend, got int"),
    (np.array([0, -1]), ValueError, "ids must lie in 0..2, got -1"),
    (np.array([[0, 1], [3, 9]]), ValueError, "ids must lie in 0..2, got 3"),
    (np.array([0, 4], np.uint8), ValueError, "ids must lie in 0..2, got 4"),
    (np.array([0.0]), TypeError, "ids must be integers, got float64"),
    (np.array([True]), TypeError, "ids must be integers, got bool"),
    (np.array([1j]), TypeError, "ids must be integers, got complex128"),
    (np.array(0), ValueError, "ids must have shape (…, T), got ()"),
    (FIVE_TOKENS, ValueError, "at most context_length = 4 tokens fit, got 5"),
]

PAIR = Pair(
    path=PATH,
    cases=embedding_cases(),
    properties=(
        Property(every_vector_is_that_of_its_token_plus_that_of_its_position),
        Property(
            a_shorter_text_has_the_same_vectors_as_the_start_of_a_longer_one,
            for_all=True,
        ),
        REPEATABLE,
        Property(renumbering_the_vocabulary_changes_nothing),
        Property(without_positions_a_token_has_one_vector_at_every_position),
        Property(what_no_id_and_no_position_picks_has_no_gradient),
        Property(a_gradient_has_the_shape_and_dtype_of_its_parameter),
        *GRADIENTS,
    ),
    rejections=(
        *(Rejection(error, text, {**SMALL, **bad}) for bad, error, text in BAD_SIZES),
        *(Rejection(error, text, SMALL, "__call__", i) for i, error, text in BAD_IDS),
    ),
    oracles=(
        Oracle("F.embedding", embed_twice),
        Oracle("products with one-hot vectors", multiply_one_hot_rows),
    ),
    on_text=embedding_on_text,
    examples=embedding_examples,
    probes=embedding_probes,
    typed=EMBEDDING,
    conventions=(NOT_EMPTY,),
    abilities=frozenset({"leading_axes"}),
)


class TestTokenAndPositionEmbedding(PairTests):
    """All that is asked of every pair; how it begins, and what the book prints."""

    pair = PAIR

    def test_the_vectors_are_drawn_from_the_normal_distribution(self, backend):
        torch.manual_seed(0)
        rng = {"rng": np.random.default_rng(0)} if backend is REFERENCE else {}
        module = PAIR.part(backend)(300, 100, 200, **rng)
        quantiles = torch.special.ndtri(torch.tensor([0.1, 0.9])).numpy()
        for weight in module.state_dict().values():
            drawn = as_array(weight).astype(float)

            assert abs(drawn.mean()) < 5 / np.sqrt(drawn.size)
            assert abs(drawn.std() - 1) < 5 / np.sqrt(2 * drawn.size)
            assert np.abs(np.quantile(drawn, [0.1, 0.9]) - quantiles).max() < 0.05

    def test_a_seed_gives_the_vectors_that_the_book_prints(self):
        """Section 2.7: six ids, three channels, `torch.manual_seed(123)`."""
        torch.manual_seed(123)
        module = PAIR.part(TORCH)(6, 3, 4)
        expected = [[1.2753, -0.2010, -0.1606], [-0.4015, 0.9666, -1.1481]]
        rows = module.token_embedding(torch.tensor([2, 3])).detach().double()

        assert np.round(rows.numpy(), 4).tolist() == expected
