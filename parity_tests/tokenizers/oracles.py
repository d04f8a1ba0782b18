"""Oracles of tokenizers: other people's, and loops as slow as they are plain."""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import chain, pairwise
from typing import Any

import numpy as np
import tiktoken

import reference
from parity_tests.contract.case import Case
from parity_tests.contract.oracle import Oracle
from parity_tests.text.sample_text import settled, text
from parity_tests.tokenizers import cases
from parity_tests.tokenizers.cases import Merges, cases_of, gpt2

PATTERN = (
    r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++"
    r"|\s++$|\s+(?!\S)|\s"
)
PUBLISHED = (
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
)
BYTES = {bytes([byte]): byte for byte in range(256)}


# Words: the book


def preprocess(text: str) -> list[str]:
    """Split a text as the book does."""
    preprocessed = re.split(r'([,.:;?_!"()\']|--|\s)', text)
    return [item.strip() for item in preprocessed if item.strip()]


class SimpleTokenizerV2:
    """Listing 2.4 of the book."""

    def __init__(self, vocab: dict[str, int]):
        self.str_to_int = vocab
        self.int_to_str = {i: s for s, i in vocab.items()}

    def encode(self, text: str) -> list[int]:
        """Turn a text into ids."""
        unknown = self.str_to_int["<|unk|>"]
        return [self.str_to_int.get(item, unknown) for item in preprocess(text)]

    def decode(self, ids: list[int]) -> str:
        """Turn ids into a text."""
        text = " ".join([self.int_to_str[i] for i in ids])
        return re.sub(r'\s+([,.:;?!"()\'])', r"\1", text)


def tokenize_as_the_book_does(case: Case) -> list[Any]:
    """Learn the vocabulary as section 2.4 does, then encode and decode."""
    all_tokens = sorted(set(preprocess(case.inputs["corpus"])))
    all_tokens.extend(["<|endoftext|>", "<|unk|>"])
    vocab = {token: integer for integer, token in enumerate(all_tokens)}
    tokenizer = SimpleTokenizerV2(vocab)
    ids = tokenizer.encode(case.inputs["text"])
    return [np.array(ids, np.int64), tokenizer.decode(ids)]


def without_special_words(case: Case) -> Case:
    """Take special words out of what is learned: the book numbers them twice."""
    corpus = case.inputs["corpus"].replace("<|endoftext|>", "").replace("<|unk|>", "")
    return case.with_inputs(corpus=corpus)


# Characters: minGPT


def tokenize_as_char_dataset_does(case: Case) -> list[Any]:
    """Number the characters, as `CharDataset` of minGPT does."""
    chars = sorted(set(case.inputs["corpus"]))
    stoi = {ch: i for i, ch in enumerate(chars)}
    itos = dict(enumerate(chars))
    ids = [stoi[s] for s in case.inputs["text"]]
    return [np.array(ids, np.int64), "".join(itos[i] for i in ids)]


# Byte pairs: tiktoken


def as_tiktoken(tokenizer: Any) -> tiktoken.Encoding:
    """Build tiktoken from a tokenizer's own ranks."""
    tokens = [tokenizer.decode_bytes([i]) for i in range(256 + len(tokenizer.merges))]
    return tiktoken.Encoding(
        "ours",
        pat_str=PATTERN,
        mergeable_ranks={token: number for number, token in enumerate(tokens)},
        special_tokens=tokenizer.special_tokens,
    )


@cache
def tiktoken_gpt2() -> tiktoken.Encoding:
    """Build GPT-2's tokenizer of tiktoken, without a download."""
    return as_tiktoken(gpt2(reference.BytePairTokenizer))


def tokenize_as_tiktoken_does(case: Case) -> list[Any]:
    """Encode and decode with the merges that the reference learns."""
    learn = reference.BytePairTokenizer.from_text
    theirs = as_tiktoken(learn(case.inputs["corpus"], **case.config))
    ids = theirs.encode(case.inputs["text"], allowed_special="all")
    return [np.array(ids, np.int64), theirs.decode(ids)]


def tokenize_as_gpt2_of_tiktoken_does(case: Case) -> list[Any]:
    """Encode and decode with GPT-2's merges; all is plain text."""
    ids = tiktoken_gpt2().encode(case.inputs["text"], disallowed_special=())
    return [np.array(ids, np.int64), tiktoken_gpt2().decode(ids)]


def matches_of_tiktoken(pattern: str, text: str) -> str:
    """Join what a pattern finds in a text, by tiktoken's engine of patterns."""
    engine = tiktoken.Encoding(
        "matches", pat_str=pattern, mergeable_ranks=BYTES, special_tokens={}
    )
    return engine.decode_bytes(engine.encode(text)).decode()


# Byte pairs: the pattern of GPT-2 as published, by another engine


def pre_tokens_by_regex(text: str) -> list[str]:
    """Cut a text by GPT-2's pattern; without characters of a newer Unicode."""
    import regex  # type: ignore[import-untyped]

    return regex.findall(PUBLISHED, settled(text))


# Byte pairs: loops that count anew before each merge, and merge one pair at a time


def learn_merges(words: Iterable[str], n_merges: int, tie_break: str) -> Merges:
    """Learn merges from pre-tokens, each written as often as it occurs, as minbpe does.

    "first_seen" is the order of its dictionary of counts.
    """
    rows = [list(word.encode()) for word in words]
    merges: Merges = []
    token_bytes = [bytes([byte]) for byte in range(256)]
    gpt2_order = gpt2(reference.BytePairTokenizer).base_bytes.index
    keys: dict[str, Callable[[tuple[int, int]], Any]] = {
        "first_seen": lambda pair: 0,
        "pair_id": lambda pair: pair,
        "bytes": lambda pair: (*(token_bytes[token] for token in pair), pair),
        "hugging_face": lambda pair: tuple(
            gpt2_order(token) if token < 256 else token for token in pair
        ),
    }
    while len(merges) < n_merges:
        counts: dict[tuple[int, int], int] = {}
        for row in rows:
            for pair in pairwise(row):
                counts[pair] = counts.get(pair, 0) + 1
        if not counts:
            break
        most = max(counts.values())
        best = min((p for p in counts if counts[p] == most), key=keys[tie_break])
        rows = [replace_pair(row, best, 256 + len(merges)) for row in rows]
        merges.append(best)
        token_bytes.append(token_bytes[best[0]] + token_bytes[best[1]])
    return merges


def replace_pair(row: list[int], pair: tuple[int, int], token: int) -> list[int]:
    """Replace a pair by one token, from the left."""
    for at in range(len(row) - 1):
        if (row[at], row[at + 1]) == pair:
            return [*row[:at], token, *replace_pair(row[at + 2 :], pair, token)]
    return row


def merge_word(word: Sequence[int], merges: Merges, n_base: int = 256) -> list[int]:
    """Merge the lowest rank first, of equal ones the leftmost, one pair at a time."""
    ranks, tokens = {pair: rank for rank, pair in enumerate(merges)}, [*word]
    while known := [
        (ranks[pair], at) for at, pair in enumerate(pairwise(tokens)) if pair in ranks
    ]:
        rank, at = min(known)
        tokens[at : at + 2] = [n_base + rank]
    return tokens


def encode_by_loop(words: Iterable[str], merges: Merges) -> list[int]:
    """Merge every pre-token by itself."""
    return [*chain.from_iterable(merge_word(w.encode(), merges) for w in words)]


# Byte pairs: other people's trainers, as the bytes that each merge joins


def merges_of_tiktoken(text: str, n_merges: int) -> list[bytes]:
    """Train as the educational part of tiktoken does; it joins, but says not what."""
    from tiktoken import _educational

    pattern = reference.tokenizers.pretokenize.GPT2_PATTERN.pattern
    ranks = _educational.bpe_train(text, 256 + n_merges, pattern, visualise=None)
    return [*ranks][256:]


def merges_of_hugging_face(text: str, n_merges: int) -> list[tuple[bytes, bytes]]:
    """Train as Hugging Face's `tokenizers` does, on bytes as GPT-2 writes them."""
    import tokenizers

    model = tokenizers.Tokenizer(tokenizers.models.BPE())
    by_bytes = tokenizers.pre_tokenizers.ByteLevel
    model.pre_tokenizer = by_bytes(add_prefix_space=False, use_regex=True)
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=256 + n_merges,
        initial_alphabet=by_bytes.alphabet(),
        show_progress=False,
    )
    model.train_from_iterator([text], trainer)
    order = gpt2(reference.BytePairTokenizer).base_bytes
    byte_of = dict(zip(sorted(by_bytes.alphabet()), order, strict=True))
    merges = json.loads(model.to_str())["model"]["merges"]
    parts = [[bytes(byte_of[c] for c in part) for part in pair] for pair in merges]
    return [(left, right) for left, right in parts]


BOOK = Oracle(
    *("the book's SimpleTokenizerV2", tokenize_as_the_book_does),
    cases.word_cases().map(without_special_words),
)
CHAR_DATASET = Oracle(
    "minGPT's CharDataset", tokenize_as_char_dataset_does, cases.character_cases(False)
)
TIKTOKEN = (
    Oracle("tiktoken", tokenize_as_tiktoken_does),
    Oracle(
        "tiktoken's GPT-2", tokenize_as_gpt2_of_tiktoken_does, cases_of(text=text())
    ),
)
