"""Turn a reader's choices into a case that both sides can run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from diptych.reader.byte_pairs import Run
from diptych.reader.inputs import CORPUS, Choices
from diptych.reader.notes import notes_on
from diptych.reader.spelling import Spell, characters
from diptych.reader.texts import numbered, texts_of, words_of
from parity_tests.attention.cases import accepted, with_mask
from parity_tests.concept import Case, Concept


@dataclass(frozen=True)
class Prepared:
    """A case, the text behind it, labels for its axes, and what was cut.

    `run`, if there is one, takes the place of the concept's own way to run a case.
    `spell` says what rows of such names stand for.
    """

    case: Case
    text: str
    labels: dict[str, tuple[str, ...]]
    remarks: tuple[str, ...] = ()
    corpus: str = ""
    run: Run | None = None
    spell: Mapping[str, Spell] = field(default_factory=lambda: {"points": characters})

    @property
    def tokens(self) -> tuple[str, ...]:
        """What the text became."""
        return self.labels.get("T", ())


def prepare(concept: Concept, choices: Choices) -> Prepared:
    """Make the case that the reader chose.

    Raises:
        ValueError: the choices do not fit the concept; the message is a sentence.
    """
    choices.refuse()
    prepare_it = PREPARE.get(concept.path) or PREPARE[concept.group]
    return prepare_it(concept, choices)


def for_attention(concept: Concept, choices: Choices) -> Prepared:
    """Embed the words of the text, and draw weights."""
    text, words, remarks = words_of(concept.group, choices)
    variant = concept.reference
    config = accepted(variant, sizes(concept, choices, len(words)))
    x = np.stack([embedded(word, choices) for word in words])
    rng = np.random.default_rng(choices.seed)
    drawn = variant(**config, **({"rng": rng} if config else {})).state_dict()
    weights = {name: array.astype(choices.dtype) for name, array in drawn.items()}
    case = Case(config, {"x": x}, weights, choices.dropout > 0, choices.seed)
    heads = tuple(f"head {h}" for h in range(config.get("num_heads", 1)))
    labels = {"T": words, "S": words, "H": heads}
    return Prepared(with_mask(case), text, labels, remarks)


def for_windows(concept: Concept, choices: Choices) -> Prepared:
    """Number the words of the text, equal ones alike, and cut windows."""
    text, words, remarks = words_of(concept.group, choices)
    config = {"max_length": choices.max_length, "stride": choices.stride}
    case = Case(config, {"ids": numbered(words)})
    return Prepared(case, text, {"N": words, "T": words}, remarks)


def for_embedding(concept: Concept, choices: Choices) -> Prepared:
    """Number the words of the text, and draw a vector for each word and place."""
    text, words, remarks = words_of(concept.group, choices)
    ids = numbered(words)
    config = {
        "vocab_size": int(ids.max()) + 1,
        "output_dim": choices.d_in,
        "context_length": len(words),
    }
    rng = np.random.default_rng(choices.seed)
    drawn = concept.reference(**config, rng=rng).state_dict()
    weights = {name: array.astype(choices.dtype) for name, array in drawn.items()}
    case = Case(config, {"ids": ids}, weights, seed=choices.seed)
    return Prepared(case, text, {"T": words}, remarks)


def for_tokenizer(concept: Concept, choices: Choices) -> Prepared:
    """Learn from a small corpus, and encode the text."""
    text, corpus, remarks = texts_of(concept.group, choices)
    corpus = CORPUS if corpus is None else corpus
    config = accepted(concept.reference.train, {"unknown": True})
    case = Case(config, {"corpus": corpus, "text": text})
    return Prepared(case, text, {}, remarks, corpus)


def for_byte_pairs(concept: Concept, choices: Choices) -> Prepared:
    """Encode the text as GPT-2 does, or with what is learned from a corpus."""
    text, corpus, remarks = texts_of(concept.group, choices)
    case = Case({}, {"text": text})
    run = Run(concept, text, corpus)
    if corpus is None:
        remarks = ("The vocabulary is GPT-2's own.", *remarks)
    spell = {"points": characters, "symbols": run.spelled, "ids": run.spelled}
    return Prepared(case, text, {}, remarks, corpus or "", run, spell)


def sizes(concept: Concept, choices: Choices, n_tokens: int) -> dict[str, Any]:
    """Say every size that some variant takes; two channels a head unless chosen."""
    takes = accepted(concept.reference, {"num_heads": choices.num_heads})
    default = notes_on(concept.path).defaults.get("d_out")
    return {
        "d_in": choices.d_in,
        "d_out": choices.d_out or default or 2 * takes.get("num_heads", 1),
        "context_length": n_tokens,
        "dropout": choices.dropout,
        **takes,
    }


def embedded(word: str, choices: Choices) -> Any:
    """Draw a word's vector: equal words get equal ones, wherever they stand."""
    spelled = word.encode("utf-8", "surrogatepass")
    rng = np.random.default_rng([choices.seed, *spelled])
    return rng.normal(size=choices.d_in).astype(choices.dtype)


PREPARE: dict[str, Callable[[Concept, Choices], Prepared]] = {
    "tokenizers": for_tokenizer,
    "tokenizers/byte_pair": for_byte_pairs,
    "data/windows": for_windows,
    "data/embedding": for_embedding,
    "attention": for_attention,
}
