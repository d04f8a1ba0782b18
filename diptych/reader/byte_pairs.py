"""Byte-pair encoding for a reader: every word of the text through all its merges."""

from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
import torch

from diptych.reader.ladder import Alphabet, Ladder, Merge, Token, ladders
from parity_tests.concept import Concept
from parity_tests.recording import Recording

MERGING = "tokenizers.merge_pairs.MergePairs.forward"
N_MERGES = 40  # to learn from a small corpus
SIDES = ("reference", "torch_impl")


class Run:
    """Merge every word of a text, encode it and decode it, on either side.

    `encode` looks whole words up and merges only the others; a reader wants to see how
    each comes about, so all are merged before that. The vocabulary is learned from
    `corpus`, or is GPT-2's if there is none.
    """

    def __init__(self, concept: Concept, text: str, corpus: str | None):
        self.text, self.corpus = text, corpus
        classes = (concept.reference, concept.torch)
        self.tokenizers = {
            side: gpt2(its) if corpus is None else trained(its, corpus)
            for side, its in zip(SIDES, classes, strict=True)
        }
        self.words = words_of(text)
        self.alphabet = Alphabet(self.tokenizers["reference"])

    def __call__(self, side: str) -> list[Any]:
        """Run one side; what has numbered steps on the way is recorded."""
        array = np.asarray if side == "reference" else torch.from_numpy
        if self.corpus is not None:
            points = module_of(side, "text").code_points(self.corpus)
            module_of(side, "train_merges").train_merges(points, N_MERGES)
        tokenizer = self.tokenizers[side]
        data = np.frombuffer(b"".join(self.words), np.uint8).copy()
        lengths = np.array([len(word) for word in self.words], np.int64)
        tokenizer._vocabulary.merge_words(array(data), array(lengths))
        ids = tokenizer.encode(self.text, disallowed_special=())
        return [ids, tokenizer.decode(ids)]

    def ladders(self, recording: Recording) -> tuple[Ladder, ...]:
        """Read how each word grew from what the reference stored."""
        merging = next(i for i in recording.invocations if i.function == MERGING)
        tokenizer = self.tokenizers["reference"]
        data = np.frombuffer(b"".join(self.words), np.uint8)
        word_of = np.repeat(
            np.arange(len(self.words)), [len(word) for word in self.words]
        )
        first = {
            "symbols": np.argsort(tokenizer.base_bytes)[data],
            "word_of": word_of,
            "merged": np.zeros(len(data), bool),
        }
        stored = [each.values for each in merging.snapshots if "merged" in each.values]
        return ladders(self.words, [first, *stored], self.alphabet)

    def learned(self) -> tuple[Merge, ...]:
        """Say the merges in the order in which they were learned, if they were here."""
        if self.corpus is None:
            return ()
        n_merges = len(self.tokenizers["reference"].merges)
        return tuple(
            Merge(0, *self.alphabet.parts(256 + rank), rank) for rank in range(n_merges)
        )

    def tokens(self, recording: Recording) -> tuple[Token, ...]:
        """Say the tokens of the text."""
        return tuple(self.alphabet.token(n) for n in recording.result[0].tolist())

    def spelled(self, ids: Any) -> tuple[str, ...]:
        """Spell ids; what has none yet is left empty."""
        data = [self.alphabet.token(n).data if n >= 0 else b"" for n in ids.tolist()]
        return tuple(each.decode("utf-8", "backslashreplace") for each in data)


@cache
def gpt2(tokenizer_class: Any) -> Any:
    """Load GPT-2's vocabulary once; it takes a second."""
    return tokenizer_class.gpt2()


def trained(tokenizer_class: Any, corpus: str) -> Any:
    """Learn a vocabulary from a small corpus."""
    return tokenizer_class.train(corpus, 256 + N_MERGES)


def words_of(text: str) -> list[bytes]:
    """Cut a text into the words that merges stay within.

    >>> words_of("it's 5 o'clock")
    [b'it', b"'s", b' 5', b' o', b"'", b'clock']
    """
    points = module_of("reference", "text").code_points(text)
    data, begins, _ = module_of("reference", "byte_words").byte_words(points)
    return [part.tobytes() for part in np.split(data, begins[1:])]


def module_of(side: str, name: str) -> Any:
    """Import a module of the tokenizers."""
    return import_module(f"{side}.tokenizers.{name}")
