"""Embedding table: its properties, rejections and oracles."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from torch import nn

from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Case
from parity_tests.contract.example import Example
from parity_tests.contract.gradient_properties import GRADIENTS
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import REPEATABLE, Property
from parity_tests.contract.rejection import Rejection
from parity_tests.contract.strategies import (
    dtypes,
    leading_axes,
    lengths,
    parameters_of,
    seeds,
)
from parity_tests.primitives.probes import table_probes
from parity_tests.text.real_text import PRECISIONS, described, windows

PATH = "primitives/embedding"
SIZES = {"num_embeddings": 5, "embedding_dim": 2}
OUTSIDE = "index out of range in self"


def case_of(config: dict[str, Any], ids: np.ndarray, seed: int, dtype: Any) -> Case:
    """Make a case of ids and a table."""
    parameters = parameters_of(PATH, config, seed, dtype)
    return Case(config, {"ids": ids}, parameters, seed=seed)


@st.composite
def embedding_cases(draw: st.DrawFn) -> Case:
    """Draw a table, and ids that repeat more often than not."""
    n_ids, dim, seed = draw(st.integers(1, 6)), draw(st.integers(1, 5)), draw(seeds)
    shape = (*draw(leading_axes), draw(lengths(6)))
    ids = np.random.default_rng(seed).integers(0, n_ids, shape)
    config = {"num_embeddings": n_ids, "embedding_dim": dim}
    return case_of(config, ids, seed, draw(dtypes))


def equal_ids_have_equal_vectors(run: OneBackend, case: Case) -> Agreement:
    """All ids zero: every vector is the first row."""
    ids, row = np.zeros_like(case.inputs["ids"]), case.parameters["weight"][0]
    rows = np.broadcast_to(row, (*ids.shape, len(row)))
    return compare(rows, run(case.with_inputs(ids=ids)))


def vectors_are_rows_of_the_table(run: OneBackend, case: Case) -> Agreement:
    """No number is computed, so all are equal to the last bit."""
    flat = run(case).reshape(-1, case.config["embedding_dim"])
    rows = [case.parameters["weight"][i] for i in case.inputs["ids"].ravel()]
    return compare([*rows], [*flat])


def rows_that_no_id_picks_have_no_gradient(run: OneBackend, case: Case) -> Agreement:
    """And every other row has the sum of those of its ids."""
    gradient = run.gradients(case)["weight"]
    unused = np.setdiff1d(np.arange(len(gradient)), case.inputs["ids"])
    return compare(np.zeros_like(gradient[unused]), gradient[unused])


def one_hot_product(case: Case) -> np.ndarray:
    """Multiply the table by a one-hot vector for each id."""
    weight = case.parameters["weight"]
    return np.eye(len(weight), dtype=weight.dtype)[case.inputs["ids"]] @ weight


def on_text(text: str, seed: int) -> list[tuple[str, Case]]:
    """Embed windows of a text with GPT-2's number of ids."""
    ids, config = windows(text), {"num_embeddings": 50_257, "embedding_dim": 16}
    return [(described(ids), case_of(config, ids, seed, dtype)) for dtype in PRECISIONS]


def examples(seed: int) -> list[Example]:
    """Make the named cases."""
    small, empty = (
        case_of(SIZES, np.array(ids, np.int64), seed, np.float64)
        for ids in ([[3, 0, 3]], np.zeros((0, 3)))
    )
    both = "An id is used twice: its row gets both gradients."
    return [Example("small", small, both), Example("empty", empty, "No id, no vector.")]


PAIR = Pair(
    path=PATH,
    cases=embedding_cases(),
    properties=(
        REPEATABLE,
        Property(equal_ids_have_equal_vectors),
        Property(vectors_are_rows_of_the_table),
        Property(rows_that_no_id_picks_have_no_gradient),
        *GRADIENTS,
    ),
    rejections=tuple(
        Rejection(IndexError, OUTSIDE, SIZES, "__call__", np.array([i]))
        for i in (-1, 5)
    ),
    oracles=(Oracle("a product with one-hot vectors", one_hot_product),),
    on_text=on_text,
    examples=examples,
    probes=table_probes(PATH),
    abilities=frozenset({"leading_axes"}),
    torch=nn.Embedding,
    torch_code="vectors = nn.Embedding(num_embeddings, embedding_dim)(ids)",
)


class TestEmbedding(PairTests):
    """All that is asked of every pair."""

    pair = PAIR
