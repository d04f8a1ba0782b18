"""Turn a reader's choices into a case that both sides can run."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from diptych.reader.inputs import MOST_TOKENS, PRESETS, Choices
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
    return PREPARE[concept.group](concept, choices)


def for_attention(concept: Concept, choices: Choices) -> Prepared:
    """Embed the words of the text, and draw weights."""
    text = PRESETS["attention"][0].text if choices.text is None else choices.text
    words = text.split()
    if not words:
        raise ValueError("the text has no words; attention needs one at least")
    shown = words[:MOST_TOKENS]
    remarks = []
    if len(words) > len(shown):
        remarks.append(f"The first {len(shown)} of {len(words):,} tokens are shown.")
    variant = concept.reference
    config = accepted(variant, sizes(concept, choices, len(shown)))
    x = np.stack([embedded(word, choices) for word in shown])
    rng = np.random.default_rng(choices.seed)
    drawn = variant(**config, **({"rng": rng} if config else {})).state_dict()
    weights = {name: array.astype(choices.dtype) for name, array in drawn.items()}
    training = choices.dropout > 0
    case = Case(config, {"x": x}, weights, training, choices.seed)
    heads = tuple(f"head {h}" for h in range(config.get("num_heads", 1)))
    labels = {"T": tuple(shown), "S": tuple(shown), "H": heads}
    return Prepared(with_mask(case), text, labels, tuple(remarks))


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
    "attention": for_attention,
}
