"""Attention masks: their properties, rejections, oracles and limits."""

import zlib
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from transformers import masking_utils as hf

import torch_impl
from parity_tests.attention.changes import with_config
from parity_tests.contract.agreement import Agreement, as_array, compare
from parity_tests.contract.case import Array, Case
from parity_tests.contract.convention import NOT_EMPTY
from parity_tests.contract.example import Example
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.patterns import LEADING
from parity_tests.contract.probe import Probe
from parity_tests.contract.property import REPEATABLE, Implementation, Property
from parity_tests.contract.rejection import Rejection
from parity_tests.contract.strategies import seeds
from parity_tests.text.real_text import described, windows

PATH = "attention/masks"
NONE = {"window": None, "chunk": None, "prefix": None}
sizes = st.sampled_from((None, 1, 2, 3, 4, 7, None))
configs = st.fixed_dictionaries({"window": sizes, "chunk": sizes, "prefix": sizes})


def packed(rng: np.random.Generator, n_tokens: int, longest: int = 7) -> Array:
    """Draw documents in a row of tokens, and padding in front, behind or between."""
    ids, found = rng.permutation(n_tokens + 2), []
    while len(found) < n_tokens:
        number = ids[len(found)] if rng.random() < 0.75 else -1 - len(found)
        found += [number] * int(rng.integers(1, longest + 1))
    return np.array(found[:n_tokens], np.int64)


def tree(rng: np.random.Generator, n_nodes: int) -> Array:
    """Draw the parent of each node, an earlier one; some nodes are roots."""
    return np.array([rng.integers(-1, node) for node in range(n_nodes)], np.int64)


@st.composite
def mask_cases(
    draw: st.DrawFn, configs: st.SearchStrategy[dict[str, Any]] = configs
) -> Case:
    """Draw documents, and queries: all tokens, the last ones, or the nodes of a tree.

    Sizes reach 14 tokens, which is more than twice the largest window and chunk.
    """
    n_keys, seed = draw(st.sampled_from((*range(1, 15), 0))), draw(seeds)
    leading = draw(st.sampled_from((*LEADING, (0,))))
    rng = np.random.default_rng(seed)
    n_texts = int(np.prod(leading))
    longest = draw(st.sampled_from((3, 7, 14)))
    texts = [packed(rng, n_keys, longest) for _ in range(n_texts)]
    documents = np.array(texts, np.int64).reshape(*leading, n_keys)
    n_queries = draw(st.sampled_from((None, n_keys // 2, 1, n_keys)))
    n_queries = min(n_queries, n_keys) if n_queries else n_queries
    parents = None
    if draw(st.booleans()) and n_queries:
        parents, n_queries = tree(rng, n_queries), None
        documents[..., n_keys - len(parents) :] = n_keys + 3
    inputs = {"documents": documents, "n_queries": n_queries, "parents": parents}
    return Case(draw(configs), inputs, seed=seed)


def without_tree(case: Case) -> Case:
    """Let what comes last be no drafts."""
    return case.with_inputs(parents=None)


def last_queries(case: Case) -> Array:
    """Return the documents of the queries."""
    documents = case.inputs["documents"]
    n_keys = documents.shape[-1]
    n_queries = case.inputs["n_queries"]
    if case.inputs["parents"] is not None:
        n_queries = len(case.inputs["parents"])
    return documents[..., n_keys - (n_keys if n_queries is None else n_queries) :]


def a_token_attends_to_itself(run: Implementation, case: Case) -> Agreement:
    """Whatever the sizes are; padding attends to nothing."""
    queries, mask = last_queries(case), run(case)
    n_queries, n_keys = mask.shape[-2:]
    rows = np.arange(n_queries)
    return compare(queries >= 0, mask[..., rows, n_keys - n_queries + rows])


def no_token_attends_to_another_document_or_to_padding(
    run: Implementation, case: Case
) -> Agreement:
    """Nor does padding attend to anything."""
    keys, queries = case.inputs["documents"], last_queries(case)
    foreign = (keys[..., None, :] != queries[..., None]) | (keys[..., None, :] < 0)
    return compare(np.zeros_like(foreign), run(case) & foreign)


def the_numbers_of_documents_do_not_matter(
    run: Implementation, case: Case
) -> Agreement:
    """Only which tokens have the same one, and whether it is negative."""
    documents = case.inputs["documents"]
    renamed = np.where(documents < 0, documents, 100 - documents)
    return compare(run(case), run(case.with_inputs(documents=renamed)))


def the_last_queries_have_the_last_rows(run: Implementation, case: Case) -> Agreement:
    """A chunk of a text has the rows that it has in the whole text."""
    case = without_tree(case)
    whole = run(case.with_inputs(n_queries=None))
    n_keys = whole.shape[-1]
    last = n_keys // 2
    return compare(
        whole[..., n_keys - last :, :], run(case.with_inputs(n_queries=last))
    )


def padding_in_front_changes_nothing(run: Implementation, case: Case) -> Agreement:
    """Windows, chunks and prefixes begin where the text does, not at a slot."""
    documents = case.inputs["documents"]
    mask = run(case.with_inputs(n_queries=last_queries(case).shape[-1]))
    pad = [(0, 0)] * (documents.ndim - 1) + [(5, 0)]
    padded = np.pad(documents, pad, constant_values=-1000)
    hidden = np.zeros((*mask.shape[:-1], 5), bool)
    n_queries = mask.shape[-2]
    moved = run(case.with_inputs(documents=padded, n_queries=n_queries))
    return compare(np.concatenate([hidden, mask], axis=-1), moved)


def every_document_has_the_mask_that_it_has_alone(
    run: Implementation, case: Case
) -> Agreement:
    """Packing documents into one row changes nothing for any of them."""
    case = without_tree(case).with_inputs(n_queries=None)
    documents = case.inputs["documents"]
    expected, actual = [], []
    for row in (documents[at] for at in np.ndindex(documents.shape[:-1])):
        mask = run(case.with_inputs(documents=row))
        for number in {*row.tolist()}:
            (where,) = np.nonzero(row == number)
            alone = run(case.with_inputs(documents=row[where]))
            expected.append(alone)
            actual.append(mask[np.ix_(where, where)])
    return compare(expected, actual)


def a_window_chunk_or_prefix_as_long_as_the_text_is_a_limit(
    run: OneBackend, case: Case
) -> Agreement:
    """Such a window or chunk hides nothing, such a prefix only what a document is."""
    case = without_tree(case)
    n_keys = max(case.inputs["documents"].shape[-1], 1)
    causal = run(with_config(case, **NONE))
    whole = with_config(case, window=n_keys, chunk=n_keys, prefix=None)
    both_ways = with_config(case, prefix=n_keys)
    keys, queries = case.inputs["documents"], last_queries(case)
    same = (keys[..., None, :] == queries[..., None]) & (keys[..., None, :] >= 0)
    return compare([causal, same], [run(whole), run(both_ways)])


def a_window_of_one_is_the_token_itself(run: OneBackend, case: Case) -> Agreement:
    """The window counts the token: of W keys one is its own."""
    case = without_tree(with_config(case, **NONE)).with_inputs(n_queries=None)
    documents = case.inputs["documents"]
    eye = np.eye(documents.shape[-1], dtype=bool) & (documents[..., None] >= 0)
    found = [run(with_config(case, **{name: 1})) for name in ("window", "chunk")]
    return compare([eye, eye], found)


def a_query_has_at_most_window_keys(run: OneBackend, case: Case) -> Agreement:
    """As many as there are up to itself, and no more than W."""
    case = with_config(without_tree(case), chunk=None, prefix=None)
    window = case.config["window"] or 3
    causal = run(with_config(case, window=None)).sum(axis=-1)
    counted = run(with_config(case, window=window)).sum(axis=-1)
    return compare(np.minimum(causal, window), counted)


def a_tree_that_is_a_chain_is_causal(run: OneBackend, case: Case) -> Agreement:
    """Each draft stands behind the one before it."""
    n_drafts = case.inputs["documents"].shape[-1] // 2
    documents = np.zeros_like(case.inputs["documents"])
    case = with_config(case, prefix=None)
    case = case.with_inputs(documents=documents, n_queries=n_drafts, parents=None)
    chain = np.arange(-1, n_drafts - 1)
    return compare(run(case), run(case.with_inputs(parents=chain)))


def each_path_of_a_tree_is_a_causal_run(run: OneBackend, case: Case) -> Agreement:
    """From a root to a node: the rows and columns of its path, and what is before."""
    n_keys = case.inputs["documents"].shape[-1]
    parents = tree(case.stream("tree"), n_keys // 2)
    case = with_config(case, prefix=None)
    behind = n_keys - len(parents)
    documents = np.zeros(n_keys, np.int64)
    mask = run(case.with_inputs(documents=documents, n_queries=None, parents=parents))
    expected, actual = [], []
    for node in range(len(parents)):
        path = [node]
        while parents[path[0]] >= 0:
            path.insert(0, int(parents[path[0]]))
        columns = [*range(behind), *(behind + step for step in path)]
        run_of_path = case.with_inputs(
            documents=documents[: len(columns)], n_queries=len(path), parents=None
        )
        expected.append(run(run_of_path))
        actual.append(mask[np.ix_(path, columns)])
    return compare(expected, actual)


def predicates_combine_to_the_whole(run: OneBackend, case: Case) -> Agreement:
    """The public functions, put together by hand on the positions of one text."""
    masks = import_module(run.part.__module__)
    documents = np.zeros(case.inputs["documents"].shape[-1:], np.int64)
    case = without_tree(case).with_inputs(documents=documents, n_queries=None)
    slots = run.backend.own(np.arange(len(documents)))
    mask = masks.causal_mask(slots, slots)
    for name in ("window", "chunk"):
        if case.config[name] is not None:
            predicate = getattr(masks, f"{name}_mask")
            mask = mask & predicate(slots, slots, case.config[name])
    if case.config["prefix"] is not None:
        mask = mask | masks.prefix_mask(slots, case.config["prefix"])
    return compare(as_array(mask), run(case))


def by_definition(case: Case) -> Array:
    """Ask of every query and every key in three nested loops."""
    keys, parents = case.inputs["documents"], case.inputs["parents"]
    n_queries, n_keys = last_queries(case).shape[-1], keys.shape[-1]
    found = np.zeros((*keys.shape[:-1], n_queries, n_keys), bool)
    for at in np.ndindex(*keys.shape[:-1]):
        row = keys[at].tolist()
        positions = [run_length(row, s) for s in range(n_keys)]
        above = ancestors_of(parents, n_keys)
        if parents is not None and n_queries:
            root = positions[n_keys - n_queries]
            for s in range(n_keys - n_queries, n_keys):
                positions[s] = root + len(above[s]) - 1
        for t in range(n_queries):
            query = n_keys - n_queries + t
            for s in range(n_keys):
                found[(*at, t, s)] = sees(case.config, row, positions, query, s, above)
    return found


def run_length(row: list[int], slot: int) -> int:
    """Count the tokens of the same document right before a slot."""
    count = 0
    while slot - count > 0 and row[slot - count - 1] == row[slot]:
        count += 1
    return count


def ancestors_of(parents: Any, n_keys: int) -> dict[int, set[int]]:
    """Gather for each draft, by slot, itself and those above it."""
    if parents is None:
        return {}
    first = n_keys - len(parents)
    found: dict[int, set[int]] = {}
    for node, parent in enumerate(parents.tolist()):
        above = found[first + parent] if parent >= 0 else set()
        found[first + node] = {first + node, *above}
    return found


def sees(
    config: Any, row: list[int], positions: list[int], t: int, s: int, above: Any
) -> bool:
    """Ask whether a query sees a key."""
    back = positions[t] - positions[s]
    window, chunk = config["window"] or 10**6, config["chunk"] or 10**6
    causal = 0 <= back < window and positions[t] // chunk == positions[s] // chunk
    in_prefix = positions[s] < (config["prefix"] or 0)
    in_tree = s not in above or s in above[t]
    return (causal or in_prefix) and in_tree and row[s] == row[t] and row[s] >= 0


@st.composite
def padded_cases(draw: st.DrawFn) -> Case:
    """Draw texts with padding in front: all that transformers' masks know."""
    n_keys, rng = draw(st.integers(1, 14)), np.random.default_rng(draw(seeds))
    padding = rng.integers(0, n_keys, (draw(st.integers(1, 3)), 1))
    documents = np.where(np.arange(n_keys) < padding, -1, 0)
    inputs = {"documents": documents, "n_queries": None, "parents": None}
    return Case(draw(configs), inputs)


def of_transformers(case: Case) -> torch.Tensor:
    """Combine the predicates of transformers, which count from the left padding."""
    documents = torch.from_numpy(case.inputs["documents"])
    real, config = documents >= 0, case.config
    padding = (~real).sum(dim=-1)
    parts = [hf.causal_mask_function]
    if config["window"] is not None:
        parts.append(hf.sliding_window_overlay(config["window"]))
    if config["chunk"] is not None:
        parts.append(hf.chunked_overlay(config["chunk"], padding))
    predicate = hf.and_masks(*parts)
    if config["prefix"] is not None:

        def in_prefix(b: Any, h: Any, t: Any, s: Any) -> Any:
            return s - padding[b] < config["prefix"]

        predicate = hf.or_masks(predicate, in_prefix)
    predicate = hf.and_masks(
        predicate,
        hf.padding_mask_function(real),
        hf.packed_sequence_mask_function(documents),
    )
    b, t, s = (torch.arange(n) for n in (*documents.shape, documents.shape[-1]))
    return predicate(b[:, None, None], torch.tensor(0), t[:, None], s)


def on_text(text: str, seed: int) -> list[tuple[str, Case]]:
    """Cut windows of a text into documents behind every tenth kind of token."""
    ids = windows(text)
    documents = np.cumsum(ids % 10 == 0, axis=-1)
    config = {"window": 24, "chunk": 40, "prefix": 2}
    inputs = {"documents": documents, "n_queries": None, "parents": None}
    return [(described(ids), Case(config, inputs, seed=seed))]


SKETCHES: dict[str, tuple[str, list[Any], dict[str, Any], Any, Any]] = {
    "causal": ("One document: the lower triangle.", [0] * 4, {}, None, None),
    "last-queries": ("Two queries, the last of five.", [0] * 5, {}, 2, None),
    "window": ("Three keys, its own included.", [0] * 8, {"window": 3}, None, None),
    "chunk": ("Blocks of three.", [0] * 8, {"chunk": 3}, None, None),
    "prefix": ("Two tokens see each other.", [0] * 5, {"prefix": 2}, None, None),
    "left-padding": (
        "Chunks begin where the text does.",
        [-1, -1, 0, 0, 0, 0, 0],
        {"chunk": 3},
        *(None, None),
    ),
    "documents": (
        "Three documents and padding: each begins at position 0.",
        [4, 4, 4, 4, 2, 2, 2, 9, -1],
        {"window": 3, "chunk": 2, "prefix": 1},
        *(None, None),
    ),
    "tree": ("Two branches.", [0] * 6, {"window": 3}, None, np.array([-1, 0, 0, 1])),
    "empty": ("No token, no mask.", [], {}, None, None),
}


def examples(seed: int) -> Iterator[Example]:
    """Make the named cases."""
    for name, (comment, documents, config, n_queries, parents) in SKETCHES.items():
        inputs = {"documents": np.array(documents, np.int64)}
        inputs |= {"n_queries": n_queries, "parents": parents}
        own_seed = zlib.crc32(f"{seed}/{PATH}/{name}".encode())
        flags = ("EdgeCase",) if name == "empty" else ()
        yield Example(name, Case(NONE | config, inputs, seed=own_seed), comment, flags)


def probes(seed: int) -> Iterator[Probe]:
    """Make sizes around tiles, windows that do not divide them, and many documents."""
    rng = np.random.default_rng(seed)
    for n_keys, window, chunk in ((17, 5, None), (33, None, 7), (65, 9, 20)):
        documents = np.stack([packed(rng, n_keys, 24) for _ in range(3)])
        inputs = {"documents": documents, "n_queries": n_keys // 2, "parents": None}
        config = {"window": window, "chunk": chunk, "prefix": None}
        yield Probe(f"{n_keys} tokens in documents", Case(config, inputs))
    inputs = {"documents": np.zeros(65, np.int64), "n_queries": None}
    parents = {"parents": tree(rng, 33)}
    yield Probe("a tree of 33 drafts", Case(dict(NONE), inputs | parents))


DOCUMENTS = {"documents": np.zeros(3, np.int64)}
PAIR = Pair(
    path=PATH,
    cases=mask_cases(),
    properties=(
        REPEATABLE,
        Property(a_token_attends_to_itself, for_all=True),
        Property(no_token_attends_to_another_document_or_to_padding, for_all=True),
        Property(the_numbers_of_documents_do_not_matter, for_all=True),
        Property(the_last_queries_have_the_last_rows, for_all=True),
        Property(padding_in_front_changes_nothing, for_all=True),
        Property(every_document_has_the_mask_that_it_has_alone, for_all=True),
        Property(a_window_chunk_or_prefix_as_long_as_the_text_is_a_limit),
        Property(a_window_of_one_is_the_token_itself),
        Property(a_query_has_at_most_window_keys),
        Property(a_tree_that_is_a_chain_is_causal),
        Property(each_path_of_a_tree_is_a_causal_run),
        Property(predicates_combine_to_the_whole),
    ),
    rejections=(
        Rejection(ValueError, "window must be at least 1, got 0", {"window": 0}),
        Rejection(ValueError, "prefix must be at least 1, got -1", {"prefix": -1}),
        Rejection(TypeError, "chunk must be an integer, got 2.0", {"chunk": 2.0}),
        *(
            Rejection(error, text, inputs={**DOCUMENTS, **changed})
            for changed, error, text in (
                (
                    {"documents": [0, 0]},
                    TypeError,
                    "documents must be an array of this backend, got list",
                ),
                (
                    {"documents": np.zeros(3)},
                    TypeError,
                    "documents must hold integers, got float64",
                ),
                (
                    {"parents": np.zeros(2, bool)},
                    TypeError,
                    "parents must hold integers, got bool",
                ),
                (
                    {"n_queries": 4},
                    ValueError,
                    "queries are the last of 3 tokens, got 4",
                ),
                (
                    {"parents": np.zeros(5, np.int64)},
                    ValueError,
                    "queries are the last of 3 tokens, got 5",
                ),
            )
        ),
    ),
    oracles=(
        Oracle("every query and every key, in loops", by_definition),
        Oracle("transformers’ masking_utils", of_transformers, padded_cases()),
    ),
    on_text=on_text,
    examples=examples,
    probes=probes,
    conventions=(NOT_EMPTY,),
    abilities=frozenset({"causal", "leading_axes"}),
)


class TestAttentionMask(PairTests):
    """All that is asked of every pair."""

    pair = PAIR

    def test_with_a_tree_it_compiles_whole_and_is_exported(self):
        torch.compiler.reset()  # what other tests compiled counts towards a limit
        mask, documents = torch_impl.AttentionMask(3, 4, 2), torch.zeros(2, 9).long()
        arguments = documents, None, torch.tensor([-1, 0, 0, 2])
        whole = torch.compile(mask, fullgraph=True, backend="eager")
        exported = torch.export.export(mask, arguments).module()

        assert torch.equal(mask(*arguments), whole(*arguments))
        assert torch.equal(mask(*arguments), exported(*arguments))
