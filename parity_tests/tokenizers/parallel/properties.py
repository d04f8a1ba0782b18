"""Properties of the parallel tokenizer: it gives what the textbook gives.

A text is worked on in portions, words are found by hashes, and few tokens are merged
in another way than many. Portions are made small here, and hashes collide, so that all
of that happens in short texts.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from itertools import accumulate
from typing import Any

import pytest
from hypothesis import strategies as st

from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Case
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.property import Property
from parity_tests.tokenizers import byte_pair_properties as textbook
from parity_tests.tokenizers import cases
from parity_tests.tokenizers.byte_pair_properties import merges_of
from parity_tests.tokenizers.cases import ORDINARY, cases_of, gpt2
from parity_tests.tokenizers.oracles import tiktoken_gpt2
from parity_tests.tokenizers.properties import learned


def definition(run: OneBackend) -> Any:
    """Import the textbook's class of the same backend."""
    return import_module(run.backend.package).BytePairTokenizer


def module_of(package: str, name: str) -> Any:
    """Import a file of the parallel tokenizer."""
    return import_module(f"{package}.tokenizers.parallel.{name}")


@contextmanager
def small_portions(package: str) -> Iterator[None]:
    """Work on a few characters, tokens and words at a time, and merge all in rounds."""
    encoder, rounds = module_of(package, "encoder"), module_of(package, "merge_rounds")
    with pytest.MonkeyPatch.context() as patch:
        for module in (encoder, module_of(package, "train_merges")):
            patch.setattr(module, "chunks", partial(module.chunks, size=5))
        patch.setattr(encoder, "SLICE_SIZE", 7)
        patch.setattr(rounds, "BLOCK_SIZE", 8)
        patch.setattr(rounds, "FEW_TOKENS", 1)
        patch.setattr(rounds, "FEW_MERGES", 10**9)
        yield


@contextmanager
def colliding_hashes(package: str, n_slots: int) -> Iterator[None]:
    """Let all words, and all pairs of tokens, have one of so few hashes."""

    def poor(hash: Any, *arguments: Any, **options: Any) -> Any:
        return hash(*arguments, **options) % n_slots

    with pytest.MonkeyPatch.context() as patch:
        for name in ("distinct_words", "word_table"):
            module = module_of(package, name)
            patch.setattr(module, "hash_words", partial(poor, module.hash_words))
        table = module_of(package, "pair_table").PairTable
        by_hash = table.hash
        patch.setattr(table, "hash", lambda self, keys: poor(by_hash, self, keys))
        yield


def ids_and_merges_are_those_of_the_textbook(run: OneBackend, case: Case) -> Agreement:
    """The definition of what it gives is `tokenizers/byte_pair`."""
    right = definition(run).from_text(case.inputs["corpus"], **case.config)
    expected, actual = (
        [merges_of(each), each.encode(case.inputs["text"], "all").tolist()]
        for each in (right, learned(run, case))
    )
    return compare(expected, actual)


def ids_of_gpt2_are_those_of_the_textbook(run: OneBackend, case: Case) -> Agreement:
    """One text by itself, and several in a batch."""
    right, parallel = gpt2(definition(run)), gpt2(run.part)
    texts = [*accumulate(case.inputs["texts"]), *case.inputs["texts"]]
    expected = [right.encode(text).tolist() for text in texts]
    batch = [ids.tolist() for ids in parallel.encode_batch(texts)]
    alone = [parallel.encode(text).tolist() for text in texts]
    return compare([expected, expected], [batch, alone])


def small_portions_have_no_influence_on_ids(run: OneBackend, case: Case) -> Agreement:
    """Pre-tokens, and so ids, are those of the whole text."""
    expected = [tiktoken_gpt2().encode(text) for text in case.inputs["texts"]]
    tokenizer = gpt2(run.part)
    with small_portions(run.backend.package):
        actual = [ids.tolist() for ids in tokenizer.encode_batch(case.inputs["texts"])]
    return compare(expected, actual)


def in_rounds_merges_are_applied_in_their_order(
    run: OneBackend, case: Case
) -> Agreement:
    """All merges that are sure to come are done at once, and nothing else is."""
    with small_portions(run.backend.package):
        return textbook.merges_are_applied_in_their_order_the_leftmost_first(run, case)


def in_small_portions_training_is_counting_anew(
    run: OneBackend, case: Case
) -> Agreement:
    """A pre-token may be in two portions, but is never cut by them."""
    with small_portions(run.backend.package):
        return textbook.merges_are_those_of_counting_anew_before_each(run, case)


def colliding_hashes_have_no_influence_on_ids(run: OneBackend, case: Case) -> Agreement:
    """A hash finds a candidate; a comparison decides."""
    check = textbook.merges_are_applied_in_their_order_the_leftmost_first
    with colliding_hashes(run.backend.package, 1):
        agreement = check(run, case)
    with colliding_hashes(run.backend.package, 3):
        return check(run, case) if agreement.holds else agreement


def colliding_hashes_have_no_influence_on_training(
    run: OneBackend, case: Case
) -> Agreement:
    """Words of one hash are counted each by itself."""
    with colliding_hashes(run.backend.package, 2):
        return textbook.merges_are_those_of_counting_anew_before_each(run, case)


SEVERAL = cases_of(texts=st.lists(ORDINARY, min_size=1, max_size=3))
PARALLEL = (
    Property(ids_and_merges_are_those_of_the_textbook),
    Property(ids_of_gpt2_are_those_of_the_textbook, SEVERAL),
    Property(small_portions_have_no_influence_on_ids, SEVERAL),
    Property(in_rounds_merges_are_applied_in_their_order, cases.merge_cases()),
    Property(in_small_portions_training_is_counting_anew, cases.training_cases()),
    Property(colliding_hashes_have_no_influence_on_ids, cases.merge_cases()),
    Property(colliding_hashes_have_no_influence_on_training, cases.training_cases()),
)
