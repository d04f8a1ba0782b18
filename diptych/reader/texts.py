"""The texts that a reader chose, cut to what can be shown."""

from typing import Any

import numpy as np

from diptych.reader.inputs import MOST_CHARACTERS, MOST_TOKENS, PRESETS, Choices


def text_of(group: str, choices: Choices) -> str:
    """Return the reader's text, or the first preset of the group."""
    return PRESETS[group][0].text if choices.text is None else choices.text


def texts_of(group: str, choices: Choices) -> tuple[str, str | None, tuple[str, ...]]:
    """Return the text and the corpus; say so if one of them is too long."""
    text, corpus = text_of(group, choices), choices.corpus
    remarks = tuple(
        f"The first {MOST_CHARACTERS} of {len(each):,} characters are read."
        for each in (text, corpus or "")
        if len(each) > MOST_CHARACTERS
    )
    cut = None if corpus is None else corpus[:MOST_CHARACTERS]
    return text[:MOST_CHARACTERS], cut, remarks


def words_of(
    group: str, choices: Choices
) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Split the text at white space, and say so if there are too many words.

    Raises:
        ValueError: there is no word.
    """
    text = text_of(group, choices)
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
