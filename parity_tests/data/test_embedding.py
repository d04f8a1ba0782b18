"""Token and position embeddings: their properties, rejections, oracles and values."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import strategies as st

from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Case
from parity_tests.contract.convention import NOT_EMPTY
from parity_tests.contract.gradient_properties import GRADIENTS
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.patterns import PATTERNS, SCALES, numbers
from parity_tests.contract.property import REPEATABLE, Implementation, Property
from parity_tests.contract.rejection import Rejection
from parity_tests.contract.strategies import dtypes, parameter_shapes, seeds
from parity_tests.data.examples import embedding_examples
from parity_tests.data.typed import EMBEDDING
from parity_tests.text.real_text import (
    N_TOKENS,
    PRECISIONS,
    SIZES,
    described,
    embedding,
    windows,
)

PATH = "data/embedding"
TOKEN, POSITION = "token_embedding.weight", "position_embedding.weight"
SMALL = {"vocab_size": 3, "output_dim": 2, "context_length": 4}


@st.composite
def embedding_cases(draw: st.DrawFn) -> Case:
    """Draw a vocabulary, texts of its ids, and vectors."""
    config = {
        "vocab_size": draw(st.integers(1, 9)),
        "output_dim": draw(st.integers(1, 6)),
        "context_length": draw(st.integers(1, 6)),
    }
    leading = draw(st.lists(st.integers(0, 3), max_size=2))
    shape = (*leading, draw(st.integers(0, config["context_length"])))
    seed, dtype = draw(seeds), draw(dtypes)
    kind = draw(st.sampled_from([np.int64, np.int32]))
    ids = np.random.default_rng(seed).integers(0, config["vocab_size"], shape)
    pattern, scale = draw(st.sampled_from(PATTERNS)), draw(st.sampled_from(SCALES))
    parameters = {
        name: (scale * numbers(pattern, size, seed + index)).astype(dtype)
        for index, (name, size) in enumerate(parameter_shapes(PATH, config).items())
    }
    return Case(config, {"ids": ids.astype(kind)}, parameters, seed=seed)


def with_table(case: Case, name: str, table: np.ndarray[Any, Any]) -> Case:
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
    return compare(expected, vectors)


def a_shorter_text_has_the_vectors_of_the_start_of_a_longer_one(
    run: Implementation, case: Case
) -> Agreement:
    """A vector depends on its token and its position, not on what follows."""
    ids = case.inputs["ids"]
    start = ids[..., : max(1, ids.shape[-1] - 1)]
    expected = run(case)[..., : start.shape[-1], :]
    actual = run(case.with_inputs(ids=start))
    return compare(expected, actual, run.repeatability(case))


def renumbering_the_vocabulary_changes_nothing(
    run: OneBackend, case: Case
) -> Agreement:
    """An id is the name of a row of the table."""
    order = np.random.default_rng(case.seed).permutation(case.config["vocab_size"])
    renumbered = np.argsort(order)[case.inputs["ids"]]
    moved = with_table(case, TOKEN, case.parameters[TOKEN][order])
    return compare(run(case), run(moved.with_inputs(ids=renumbered)))


def without_positions_a_token_has_one_vector_at_every_position(
    run: OneBackend, case: Case
) -> Agreement:
    """Only the table of positions tells one position from another."""
    no_positions = with_table(case, POSITION, np.zeros_like(case.parameters[POSITION]))
    return compare(case.parameters[TOKEN][case.inputs["ids"]], run(no_positions))


def what_is_not_used_has_no_gradient(run: OneBackend, case: Case) -> Agreement:
    """Rows of ids and positions that do not occur have the gradient zero."""
    ids, gradients = case.inputs["ids"], run.gradients(case)
    unused = np.setdiff1d(np.arange(case.config["vocab_size"]), ids)
    rows = [gradients[TOKEN][unused], gradients[POSITION][ids.shape[-1] :]]
    return compare([np.zeros_like(each) for each in rows], rows)


def by_one_hot_rows(case: Case) -> np.ndarray:
    """Multiply one-hot rows by the table."""
    ids, table = case.inputs["ids"], case.parameters[TOKEN]
    one_hot = np.eye(len(table), dtype=table.dtype)[ids]
    return one_hot @ table + case.parameters[POSITION][: ids.shape[-1]]


def by_pytorch(case: Case) -> torch.Tensor:
    """Look up both tables by `F.embedding`."""
    token, position = (torch.from_numpy(case.parameters[n]) for n in (TOKEN, POSITION))
    ids = torch.from_numpy(case.inputs["ids"])
    positions = torch.arange(ids.shape[-1])
    return F.embedding(ids, token) + F.embedding(positions, position)


def on_text(text: str, seed: int) -> list[tuple[str, Case]]:
    """Embed windows of a text, in both precisions."""
    ids, drawn = windows(text), embedding(seed).state_dict()
    config = {
        "vocab_size": len(drawn[TOKEN]),
        "output_dim": SIZES["d_in"],
        "context_length": N_TOKENS,
    }
    case = Case(config, {"ids": ids}, drawn, seed=seed)
    return [(described(ids), case.astype(dtype)) for dtype in PRECISIONS]


REJECTED_SIZES = (
    ({"vocab_size": 0}, ValueError, "vocab_size must be at least 1, got 0"),
    ({"output_dim": -2}, ValueError, "output_dim must be at least 1, got -2"),
    ({"output_dim": 1.5}, TypeError, "output_dim must be an integer, got 1.5"),
    ({"context_length": 0}, ValueError, "context_length must be at least 1, got 0"),
)
REJECTED_IDS = (
    ([0, 1], TypeError, "ids must be an array of this backend, got list"),
    (0, TypeError, "ids must be an array of this backend, got int"),
    (np.array([0, -1]), ValueError, "ids must lie in 0..2, got -1"),
    (np.array([[0, 1], [3, 9]]), ValueError, "ids must lie in 0..2, got 3"),
    (np.array([0, 4], np.uint8), ValueError, "ids must lie in 0..2, got 4"),
    (np.array([0.0]), TypeError, "ids must be integers, got float64"),
    (np.array([True]), TypeError, "ids must be integers, got bool"),
    (np.array([1j]), TypeError, "ids must be integers, got complex128"),
    (np.array(0), ValueError, "ids must have shape (…, T), got ()"),
    (
        np.zeros((2, 5), np.int64),
        ValueError,
        "at most context_length = 4 tokens fit, got 5",
    ),
)

PAIR = Pair(
    path=PATH,
    cases=embedding_cases(),
    properties=(
        REPEATABLE,
        Property(every_vector_is_that_of_its_token_plus_that_of_its_position),
        Property(
            a_shorter_text_has_the_vectors_of_the_start_of_a_longer_one, for_all=True
        ),
        Property(renumbering_the_vocabulary_changes_nothing),
        Property(without_positions_a_token_has_one_vector_at_every_position),
        Property(what_is_not_used_has_no_gradient),
        *GRADIENTS,
    ),
    rejections=(
        *(Rejection(e, text, {**SMALL, **new}) for new, e, text in REJECTED_SIZES),
        *(Rejection(e, text, SMALL, "__call__", ids) for ids, e, text in REJECTED_IDS),
    ),
    oracles=(
        Oracle("F.embedding twice", by_pytorch),
        Oracle("one-hot rows times the table", by_one_hot_rows),
    ),
    on_text=on_text,
    examples=embedding_examples,
    typed=EMBEDDING,
    conventions=(NOT_EMPTY,),
    abilities=frozenset({"leading_axes"}),
)


class TestTokenAndPositionEmbedding(PairTests):
    """All that is asked of every pair, and the shape that the book prints."""

    pair = PAIR

    def test_eight_texts_of_four_tokens_have_the_shape_that_the_book_prints(
        self, backend
    ):
        """Section 2.8: torch.Size([8, 4, 256])."""
        embed = PAIR.part(backend)(50_257, 256, context_length=4)
        ids = backend.own(np.arange(32).reshape(8, 4))

        assert tuple(embed(ids).shape) == (8, 4, 256)
