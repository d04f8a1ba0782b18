"""Tokenizers by other people, which ours are held against."""

import re
from typing import Any

import numpy as np
import tiktoken

import reference
from parity_tests.case import Case
from parity_tests.independent import Independent
from parity_tests.sample_text import text
from parity_tests.tokenizers.cases import known_characters, word_cases

PATTERN = (
    r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++"
    r"|\s++$|\s+(?!\S)|\s"
)


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
        preprocessed = [
            item if item in self.str_to_int else "<|unk|>" for item in preprocess(text)
        ]
        return [self.str_to_int[s] for s in preprocessed]

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
    return Case(case.config, {**case.inputs, "corpus": corpus})


def tokenize_as_char_rnn_does(case: Case) -> list[Any]:
    """Number the characters, as `CharDataset` of minGPT does."""
    chars = sorted(set(case.inputs["corpus"]))
    stoi = {ch: i for i, ch in enumerate(chars)}
    itos = dict(enumerate(chars))
    ids = [stoi[s] for s in case.inputs["text"]]
    return [np.array(ids, np.int64), "".join(itos[i] for i in ids)]


def as_tiktoken(tokenizer: Any, special_tokens: list[str]) -> tiktoken.Encoding:
    """Build tiktoken from a tokenizer's own ranks."""
    n_ranks = tokenizer.vocab_size - len(special_tokens)
    spelled = [tokenizer.decode_bytes([number]) for number in range(n_ranks)]
    return tiktoken.Encoding(
        "ours",
        pat_str=PATTERN,
        mergeable_ranks={token: number for number, token in enumerate(spelled)},
        special_tokens={t: n_ranks + i for i, t in enumerate(special_tokens)},
    )


def tokenize_as_tiktoken_does(case: Case) -> list[Any]:
    """Encode and decode with the merges that the reference learns."""
    learned = reference.BytePairTokenizer.train(case.inputs["corpus"], **case.config)
    theirs = as_tiktoken(learned, case.config["special_tokens"])
    ids = theirs.encode(case.inputs["text"], allowed_special="all")
    return [np.array(ids, np.int64), theirs.decode(ids)]


BOOK = Independent(
    "the book's SimpleTokenizerV2",
    tokenize_as_the_book_does,
    word_cases().map(without_special_words),
)
CHAR_DATASET = Independent(
    "minGPT's CharDataset",
    tokenize_as_char_rnn_does,
    text().flatmap(known_characters),
)
TIKTOKEN = Independent("tiktoken", tokenize_as_tiktoken_does)
