"""What every check of byte pairs tries: curated texts, tables, long texts, GPT-2."""

from collections.abc import Iterable, Iterator
from functools import cache
from random import Random

import reference
from parity_tests.contract.case import Case
from parity_tests.contract.probe import Probe
from parity_tests.text.sample_text import jargon_file, settled
from parity_tests.tokenizers.cases import Merges, gpt2
from parity_tests.tokenizers.curated_bytes import CUT, END, PAD, SPECIAL
from parity_tests.tokenizers.curated_long import long_texts, long_words, many_words
from parity_tests.tokenizers.curated_tables import (
    beginnings,
    every_pair,
    random_words,
    tangled,
    telling,
    texts_of,
    tokens_of,
)

ALPHABETS = ("abc", "ab", "a", "猫犬", "0123")
NOT_UTF8 = (  # bytes that are no UTF-8, or not yet
    *(b"\xff", b"a\xffb", b"\xff\xfe\xff", b"\x80", b"a\x80\x80b", b"\xc3", b"\xc3("),
    *(b"\xe7\x8c", b"\xe7", b"\xe7\xe7\x8c\xab", b"\xe7\x8ca", b"a\xf0\x9f\x91"),
    *(b"\xf0\x9f", b"\xf0\x9f\x91\xf0\x9f\x91\x8d", b"\xf0(\x8c(", b"\xc0\x80"),
    *(b"\xc1\xbf", b"\xe0\x80\xaf", b"\xf0\x80\x80\xaf", b"\xed\xa0\x80"),
    *(b"\xed\xa0\xbd\xed\xb8\x80", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80"),
    *(b"\xef\xbb\xbfa", b"\xef\xbb", b"a\x00b\x00", b" a .", b" ", b"\n"),
)


def byte_pair_probes(seed: int) -> Iterator[Probe]:
    """List the fixed cases of byte pairs: small ones first."""
    yield from merging(seed)
    yield from curated()
    yield from every_token(seed)
    yield from long()
    yield from large(seed)


@cache
def curated() -> tuple[Probe, ...]:
    """Encode every curated text by merges that tell where it is cut."""
    found = [
        Probe(rule, with_merges(telling(text), text))
        for rule, texts in CUT
        for text in texts
    ]
    found += [
        Probe(rule, with_merges(telling(text, tokens), text, tokens))
        for rule, tokens, texts in SPECIAL
        for text in texts
    ]
    return (*found, *decoding())


def with_merges(merges: Merges, text: str, special_tokens: Iterable[str] = ()) -> Case:
    """Encode a text by given merges."""
    config = {"merges": merges, "special_tokens": [*special_tokens]}
    return Case(config, {"text": text})


def decoding() -> Iterator[Probe]:
    """Decode bytes that no text has, each id alone, and parts of characters."""
    merges = telling("猫 👍 é.a")
    tokens = tokens_of(merges)
    special, n_ids = [END, " <pad> "], len(tokens) + 2
    config = {"merges": merges, "special_tokens": special}
    halves = [row for i, t in enumerate(tokens) if len(t) > 1 for row in ([i], [i, 97])]
    around = [[0xE7, n_ids - 2, 0x8C, 0xAB], [97, n_ids - 2, 98], [32, n_ids - 1, 32]]
    for rule, rows in (
        ("bytes that are no UTF-8 become U+FFFD", [[*each] for each in NOT_UTF8]),
        ("each id is decoded alone", [[i] for i in range(n_ids)]),
        ("part of a character becomes U+FFFD", halves),
        ("a special token is decoded as it is written, with nothing around", around),
        ("no ids are an empty text", [[]]),
    ):
        yield Probe(rule, Case(config, {"ids": rows}))


def merging(seed: int) -> Iterator[Probe]:
    """Encode texts of tables in which each wrong order of merging gives other ids."""
    lowest = "the pair of the lowest rank is merged first, of equal ones the leftmost"
    for letters in ALPHABETS:
        rng, size = Random(f"{letters} {seed}"), len(letters[0].encode())
        for _ in range(2):
            merges = tangled(rng, letters)
            sizes = [n for n in (*range(2, 16), *range(20, 60, 7)) if n * size < 64]
            words = "\n".join(random_words(rng, letters, sizes).split())
            yield Probe(lowest, with_merges(merges, words))
    pair = [(97, 97)]
    doubling = [*pair, *((256 + n, 256 + n) for n in range(6))]
    runs = "\n".join("a" * n for n in range(1, 36))
    yield Probe("of a run every second pair is merged", with_merges(pair, runs))
    yield Probe("a merge may be of one token twice", with_merges(doubling, runs))


def every_token(seed: int) -> Iterator[Probe]:
    """Encode every token of two tables, and texts of both."""
    steps = beginnings(" abcdefghijklmnopqrstuvwxyz" + "ab" * 18)
    learned = trained()
    for merges in (steps, learned):
        texts = texts_of(tokens_of(merges))
        rule = "every token is what its own text becomes"
        yield Probe(rule, with_merges(merges, END.join(texts), [END, PAD]))
    text = "".join(texts_of(tokens_of(steps))[-40:])
    yield Probe("tokens of every length are found", with_merges(steps, text))
    real = settled(jargon_file()[9_000 + seed % 1_000 :][:3_000])
    rule = "learned merges are replayed in their order"
    yield Probe(rule, with_merges(learned, real))


@cache
def trained() -> Merges:
    """Learn some hundred merges from real text."""
    corpus = settled(jargon_file()[:8_000])
    return reference.ParallelBytePairTokenizer.from_text(corpus, 256 + 300).merges


def long() -> Iterator[Probe]:
    """Encode words and texts that are longer than a buffer may be."""
    for rule, merges, text, special in (*long_words(), *many_words(), *long_texts()):
        yield Probe(rule, with_merges(merges, text, special))


def large(seed: int) -> Iterator[Probe]:
    """Encode and decode with GPT-2's vocabulary, and with one of more than 2**16 ids.

    Of GPT-2's tokens every eighth is encoded, beginning with `seed`, and all decoded.
    """
    tokenizer = gpt2(reference.BytePairTokenizer)
    tokens, n_ids = tokenizer.token_bytes, tokenizer.vocab_size
    texts = texts_of(tokens[:-1])[seed % 8 :: 8]
    parts = [[i] for i in range(n_ids) if tokens[i].decode(errors="ignore") == ""]
    others = [[i] for i in range(seed % 97, n_ids, 97)]
    cut = "\n".join(text for _, texts in CUT for text in texts)
    for rule, inputs in (
        ("GPT-2 splits a text as its pattern says", {"text": cut}),
        ("GPT-2 encodes real text", {"text": settled(jargon_file()[:10_000])}),
        ("every token of GPT-2 has its id", {"text": "<|endoftext|>".join(texts)}),
        ("every id of GPT-2 is decoded", {"ids": [[*range(n_ids)]]}),
        ("an id of GPT-2 is decoded alone", {"ids": [*parts, *others, [n_ids - 1]]}),
    ):
        yield Probe(rule, Case({}, inputs))
    config, rng = {"merges": every_pair(), "special_tokens": [END]}, Random(seed)
    text = random_words(rng, "abcdefghijklmnopqrstuvwxyz", [200] * 20) + END
    ids = [[i] for i in (32_767, 32_768, 65_535, 65_536, 65_791, 65_792)]
    rule = "ids may be larger than 65,535"
    yield Probe(rule, Case(config, {"text": text}))
    yield Probe(rule, Case(config, {"ids": ids}))
