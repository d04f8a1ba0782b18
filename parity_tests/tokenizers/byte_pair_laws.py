"""Laws of byte pairs.

Most are tried on 500 ids that are learned once from real text; the cases say what is
encoded with them.
"""

from functools import cache
from typing import Any

from parity_tests.agreement import Agreement, compare
from parity_tests.case import Case
from parity_tests.sample_text import jargon_file
from parity_tests.side import Side
from parity_tests.tokenizers.byte_pair_cases import SPECIAL_TOKENS
from parity_tests.tokenizers.gpt2_pattern import GPT2

N_IDS = 500


@cache
def trained(class_: Any) -> Any:
    """Learn 500 ids from real text."""
    return class_.train(jargon_file()[:20_000], N_IDS, SPECIAL_TOKENS)


@cache
def gpt2(class_: Any) -> Any:
    """Load the vocabulary of GPT-2."""
    return class_.gpt2()


def alone(tokenizer: Any, text: str) -> list[int]:
    """Encode a text as if it held no special token."""
    ids: list[int] = tokenizer.encode(text, disallowed_special=()).tolist()
    return ids


def with_many_ids_decoding_undoes_encoding(side: Side, case: Case) -> Agreement:
    """Merged or not, bytes are those of the text: with 500 ids and with GPT-2's."""
    text = case.inputs["text"]
    tokenizers = trained(side.class_), gpt2(side.class_)
    decoded = [each.decode(each.encode(text, "all")) for each in tokenizers]
    return compare([text, text], decoded)


def the_bytes_of_two_rows_are_those_of_the_rows_joined(
    side: Side, case: Case
) -> Agreement:
    """A token has its bytes wherever it stands."""
    one, two = (case.inputs[name].tolist() for name in ("ids", "more"))
    decode_bytes = trained(side.class_).decode_bytes
    return compare(decode_bytes(one) + decode_bytes(two), decode_bytes(one + two))


def no_token_reaches_across_two_words(side: Side, case: Case) -> Agreement:
    """Merges stay within what the pattern of GPT-2 cuts a text into."""
    text, tokenizer = case.inputs["text"], trained(side.class_)
    apart = [number for word in GPT2.findall(text) for number in alone(tokenizer, word)]
    return compare(apart, alone(tokenizer, text))


def a_special_token_parts_two_texts(side: Side, case: Case) -> Agreement:
    """What stands before and after it is encoded as if it stood alone."""
    one, two = case.inputs["text"], case.inputs["after"]
    special, tokenizer = case.inputs["special"], trained(side.class_)
    middle = tokenizer.encode(special, "all").tolist()
    expected = [*alone(tokenizer, one), *middle, *alone(tokenizer, two)]
    whole = tokenizer.encode(one + special + two, {special}, ())
    return compare(expected, whole.tolist())


def a_special_token_in_plain_text_is_plain_text(side: Side, case: Case) -> Agreement:
    """What a user writes has the ids of its bytes, unless it is said to be special."""
    ids = alone(trained(side.class_), case.inputs["text"])
    ordinary = [number for number in ids if number < N_IDS - len(SPECIAL_TOKENS)]
    return compare(ordinary, ids)


def a_batch_is_its_texts(side: Side, case: Case) -> Agreement:
    """Every row begins with the ids of its text, as many as its length says."""
    tokenizer, texts = trained(side.class_), case.inputs["texts"]
    padded, lengths = tokenizer(texts)
    rows = zip(padded.tolist(), lengths.tolist(), strict=True)
    expected = [tokenizer.encode(text).tolist() for text in texts]
    return compare(expected, [row[:length] for row, length in rows])


def training_stops_at_the_size_or_when_no_pair_is_left(
    side: Side, case: Case
) -> Agreement:
    """With fewer ids than asked for, each word of the text is one token."""
    corpus, size = case.inputs["corpus"], case.config["vocab_size"]
    tokenizer = side.class_.train(corpus, **case.config)
    n_tokens = len(alone(tokenizer, corpus))
    n_words = len(GPT2.findall(corpus))
    expected = n_tokens if tokenizer.vocab_size == size else n_words
    return compare([True, expected], [tokenizer.vocab_size <= size, n_tokens])
