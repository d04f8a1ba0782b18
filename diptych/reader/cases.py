"""Turn a reader's choices into a case that both sides can run."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from diptych.reader.inputs import CORPUS, MOST_CHARACTERS, MOST_TOKENS, PRESETS, Choices
from diptych.reader.notes import notes_on
from parity_tests.attention.cases import accepted, with_mask
from parity_tests.concept import Case, Concept


@dataclass(frozen=True)
class Prepared:
    """A case, the text behind it, labels for its axes, and what was cut."""

    case: Case
    text: str
    labels: dict[str, tuple[str, ...]]
    remarks: tuple[str, ...] = ()
    corpus: str = ""

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
    text, words, remarks = words_of(concept, choices)
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
    text, words, remarks = words_of(concept, choices)
    config = {"max_length": choices.max_length, "stride": choices.stride}
    case = Case(config, {"ids": numbered(words)})
    return Prepared(case, text, {"N": words, "T": words}, remarks)


def for_embedding(concept: Concept, choices: Choices) -> Prepared:
    """Number the words of the text, and draw a vector for each word and place."""
    text, words, remarks = words_of(concept, choices)
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
    text = text_of(concept, choices)
    corpus = CORPUS if choices.corpus is None else choices.corpus
    config = accepted(concept.reference.train, {"unknown": True})
    remarks = [
        f"The first {MOST_CHARACTERS} of {len(each):,} characters are read."
        for each in (text, corpus)
        if len(each) > MOST_CHARACTERS
    ]
    text, corpus = text[:MOST_CHARACTERS], corpus[:MOST_CHARACTERS]
    case = Case(config, {"corpus": corpus, "text": text})
    return Prepared(case, text, {}, tuple(remarks), corpus)


def text_of(concept: Concept, choices: Choices) -> str:
    """Return the reader's text, or the first preset of the group."""
    return PRESETS[concept.group][0].text if choices.text is None else choices.text


def words_of(
    concept: Concept, choices: Choices
) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Split the text at white space, and say so if there are too many words.

    Raises:
        ValueError: there is no word.
    """
    text = text_of(concept, choices)
    words = text.split()
    if not words:
        raise ValueError("the text has no words; one is needed at least")
    remark = f"The first {MOST_TOKENS} of {len(words):,} words are shown."
    remarks = (remark,) if len(words) > MOST_TOKENS else ()
    return text, tuple(words[:MOST_TOKENS]), remarks


def numbered(words: tuple[str, ...]) -> Any:
    """Number words in the order in which they first come.

    >>> numbered(("the", "cat", "the"))
    array([0, 1, 0])
    """
    order = list(dict.fromkeys(words))
    return np.array([order.index(word) for word in words], np.int64)


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
    "data/windows": for_windows,
    "data/embedding": for_embedding,
    "attention": for_attention,
}
