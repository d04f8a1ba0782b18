"""Properties of byte pairs: of any, and those by which the textbook is the definition.

Some are tried on 400 ids that are learned once from real text; the cases say what is
encoded with them.
"""

from functools import cache
from typing import Any

import numpy as np
from hypothesis import strategies as st

from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Case
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.property import Property
from parity_tests.text.sample_text import jargon_file, text
from parity_tests.tokenizers import cases, properties
from parity_tests.tokenizers.cases import ORDINARY, SPECIAL_TOKENS, cases_of, gpt2
from parity_tests.tokenizers.oracles import (
    encode_by_loop,
    learn_merges,
    pre_tokens_by_regex,
)

N_IDS = 400


@cache
def trained(part: Any) -> Any:
    """Learn 400 ids from real text."""
    return part.from_text(jargon_file()[:10_000], N_IDS, SPECIAL_TOKENS)


def plain(tokenizer: Any, text: str) -> list[int]:
    """Encode a text as if it held no special token."""
    ids: list[int] = tokenizer.encode(text, disallowed_special=()).tolist()
    return ids


def merges_of(tokenizer: Any) -> list[tuple[int, int]]:
    """List the merges of a tokenizer of either backend."""
    return [(left, right) for left, right in np.asarray(tokenizer.merges).tolist()]


# Encoding and decoding


def with_many_ids_decoding_undoes_encoding(run: OneBackend, case: Case) -> Agreement:
    """Merged or not, bytes are those of the text: with 400 ids and with GPT-2's."""
    text = case.inputs["text"]
    tokenizers = trained(run.part), gpt2(run.part)
    decoded = [each.decode(each.encode(text, "all")) for each in tokenizers]
    return compare([text, text], decoded)


def decoding_concatenates(run: OneBackend, case: Case) -> Agreement:
    """A token has its bytes wherever it is."""
    one, two = (case.inputs[name].tolist() for name in ("ids", "more"))
    decode_bytes = trained(run.part).decode_bytes
    return compare(decode_bytes(one) + decode_bytes(two), decode_bytes(one + two))


def no_token_reaches_across_two_pre_tokens(run: OneBackend, case: Case) -> Agreement:
    """Merges stay within what the pattern of GPT-2 cuts a text into."""
    words = pre_tokens_by_regex(case.inputs["text"])
    tokenizer = trained(run.part)
    apart = [number for word in words for number in plain(tokenizer, word)]
    return compare(apart, plain(tokenizer, "".join(words)))


def merges_are_applied_in_their_order_the_leftmost_first(
    run: OneBackend, case: Case
) -> Agreement:
    """One pair at a time, whatever the merges are, as a loop does it."""
    text, merges = case.inputs["text"], case.inputs["merges"]
    expected = encode_by_loop(pre_tokens_by_regex(text), merges)
    return compare(expected, run.part(merges).encode(text).tolist())


def the_bytes_of_a_token_are_those_of_its_parts(
    run: OneBackend, case: Case
) -> Agreement:
    """In any order of the bytes; a special token is decoded as it is written."""
    merges = case.inputs["merges"]
    order = np.random.default_rng(len(merges)).permutation(256).tolist()
    tokenizer = run.part(merges, ["<é>"], order)
    parts = [tokenizer.decode_bytes(pair) for pair in merges]
    tokens = [tokenizer.decode_bytes([256 + rank]) for rank in range(len(merges))]
    expected = [bytes(order), parts, "<é>"]
    last = tokenizer.decode([tokenizer.vocab_size - 1])
    return compare(expected, [tokenizer.decode_bytes(range(256)), tokens, last])


# Special tokens


def a_special_token_splits_the_text(run: OneBackend, case: Case) -> Agreement:
    """What is before and after it is encoded as if it were alone."""
    one, two = case.inputs["text"], case.inputs["after"]
    special, tokenizer = case.inputs["special"], trained(run.part)
    middle = tokenizer.encode(special, "all").tolist()
    expected = [*plain(tokenizer, one), *middle, *plain(tokenizer, two)]
    whole = tokenizer.encode(one + special + two, {special}, ())
    return compare(expected, whole.tolist())


def a_special_token_in_plain_text_is_plain_text(
    run: OneBackend, case: Case
) -> Agreement:
    """What a user writes has the ids of its bytes, or is rejected, unless allowed."""
    text, tokenizer = case.inputs["text"], trained(run.part)
    ids = plain(tokenizer, text)
    ordinary = [number for number in ids if number < N_IDS - len(SPECIAL_TOKENS)]
    is_there = any(token in text for token in SPECIAL_TOKENS)
    try:
        by_default = tokenizer.encode(text).tolist()
    except ValueError:
        by_default = []
    return compare([ordinary, [] if is_there else ids], [ids, by_default])


def of_special_tokens_the_leftmost_is_taken_then_the_longest(
    run: OneBackend, case: Case
) -> Agreement:
    """Whatever their order in the vocabulary; without merges the rest is its bytes."""
    text, tokens = case.inputs["text"], case.inputs["tokens"]
    expected, at = [], 0
    while at < len(text):
        here = [token for token in tokens if text.startswith(token, at)]
        longest = max(here, key=len, default="")
        expected.append(256 + tokens.index(longest) if longest else ord(text[at]))
        at += len(longest) or 1
    return compare(expected, run.part([], tokens).encode(text, "all").tolist())


# Training


def merges_are_those_of_counting_anew_before_each(
    run: OneBackend, case: Case
) -> Agreement:
    """By each rule for ties, and with no merge across two texts."""
    texts, config = case.inputs["texts"], case.config
    words = [word for text in texts for word in pre_tokens_by_regex(text)]
    expected = learn_merges(words, config["vocab_size"] - 256, config["tie_break"])
    return compare(expected, merges_of(run.part.from_texts(texts, **config)))


def training_stops_at_the_size_or_when_no_pair_is_left(
    run: OneBackend, case: Case
) -> Agreement:
    """With fewer ids than asked for, each pre-token of the text is one token."""
    corpus, size = case.inputs["corpus"], case.config["vocab_size"]
    tokenizer = properties.learned(run, case)
    n_tokens = len(plain(tokenizer, corpus))
    n_words = len(pre_tokens_by_regex(corpus))
    expected = n_tokens if tokenizer.vocab_size == size else n_words
    return compare([True, expected], [tokenizer.vocab_size <= size, n_tokens])


def fewer_merges_are_the_first_of_more(run: OneBackend, case: Case) -> Agreement:
    """How many ids are wanted has no influence on those that are found before."""
    more = merges_of(properties.learned(run, case))
    fewer = {**case.config, "vocab_size": 256 + len(more) // 2}
    tokenizer = run.part.from_text(case.inputs["corpus"], **fewer)
    return compare(more[: len(more) // 2], merges_of(tokenizer))


def the_order_of_the_texts_has_no_influence_on_the_merges(
    run: OneBackend, case: Case
) -> Agreement:
    """By any rule but "first_seen", which depends on it."""
    rule, texts = case.config["tie_break"], case.inputs["texts"]
    config = {**case.config, "tie_break": "bytes" if rule == "first_seen" else rule}
    one, other = (run.part.from_texts(each, **config) for each in (texts, texts[::-1]))
    return compare(merges_of(one), merges_of(other))


TEXTS = cases_of(text=text())
IDS = cases.rows_of_ids(300)
SPECIAL = st.sampled_from(SPECIAL_TOKENS)
TRAINING = cases.training_cases()
COMMON = (
    *properties.of_all(cases.plain_cases()),
    properties.DECODES,
    Property(
        a_special_token_splits_the_text,
        cases_of(text=ORDINARY, special=SPECIAL, after=ORDINARY),
    ),
    Property(a_special_token_in_plain_text_is_plain_text, TEXTS),
    Property(
        of_special_tokens_the_leftmost_is_taken_then_the_longest, cases.special_cases()
    ),
)
TEXTBOOK = (
    *COMMON,
    Property(with_many_ids_decoding_undoes_encoding, TEXTS),
    Property(decoding_concatenates, cases_of(ids=IDS, more=IDS)),
    Property(no_token_reaches_across_two_pre_tokens, TEXTS),
    Property(merges_are_applied_in_their_order_the_leftmost_first, cases.merge_cases()),
    Property(the_bytes_of_a_token_are_those_of_its_parts, cases.merge_cases()),
    Property(merges_are_those_of_counting_anew_before_each, TRAINING),
    Property(training_stops_at_the_size_or_when_no_pair_is_left, TRAINING),
    Property(fewer_merges_are_the_first_of_more, TRAINING),
    Property(the_order_of_the_texts_has_no_influence_on_the_merges, TRAINING),
)
