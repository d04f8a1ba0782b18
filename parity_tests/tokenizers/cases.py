"""Cases of tokenizers: a text to learn from, a text to encode, ids to decode."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from parity_tests.concept import Case
from parity_tests.sample_text import text


@st.composite
def character_cases(draw: st.DrawFn) -> Case:
    """Draw texts; without `<|unk|>` only what was learned can be encoded."""
    corpus, unknown = draw(text()), draw(st.booleans())
    known = st.text(sorted({*corpus}), max_size=30) if corpus else st.just("")
    encoded = draw(text() if unknown else known)
    return Case({"unknown": unknown}, {"corpus": corpus, "text": encoded})


@st.composite
def word_cases(draw: st.DrawFn) -> Case:
    """Draw texts that have words in common as often as not."""
    corpus, other = draw(text()), draw(text())
    encoded = draw(st.sampled_from([corpus, other, f"{corpus} {other}"]))
    return Case({}, {"corpus": corpus, "text": encoded})


def known_characters(corpus: str) -> st.SearchStrategy[Case]:
    """Draw a text of characters that were learned."""
    known = st.text(sorted({*corpus}), max_size=30) if corpus else st.just("")
    return known.map(
        lambda text: Case({"unknown": False}, {"corpus": corpus, "text": text})
    )


def cases_of(**inputs: st.SearchStrategy[Any]) -> st.SearchStrategy[Case]:
    """Draw what a law learns from, encodes or decodes, by name."""
    return st.fixed_dictionaries(inputs).map(lambda drawn: Case({}, drawn))


def rows_of_ids(highest: int) -> st.SearchStrategy[np.ndarray[Any, Any]]:
    """Draw a few ids."""
    return st.lists(st.integers(0, highest), max_size=12).map(
        lambda ids: np.array(ids, np.int64)
    )


def run(tokenizer_class: Any, case: Case) -> list[Any]:
    """Train, encode, decode; and say the whole state, by name."""
    tokenizer = tokenizer_class.train(case.inputs["corpus"], **case.config)
    ids = tokenizer.encode(case.inputs["text"])
    state = [[name, value] for name, value in tokenizer.state_dict().items()]
    return [ids, tokenizer.decode(ids), state]


def characters_on_text(whole: str, seed: int) -> list[tuple[str, Case]]:
    """Learn the characters of a real text, then encode and decode all of it."""
    what = f"{len(whole):,} characters"
    return [(what, Case({}, {"corpus": whole, "text": whole}))]


def words_on_text(whole: str, seed: int) -> list[tuple[str, Case]]:
    """Learn the words of the first half of a real text, and meet those of the rest."""
    half, n_words = whole[: len(whole) // 2], len(whole.split())
    return [(f"{n_words:,} words", Case({}, {"corpus": half, "text": whole}))]
