"""Label one-dimensional values by the text that their numbers stand for."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from diptych.reader.model import Axis, Value


class Labels:
    """What the entries of one call stand for; labels come from other values of it.

    A list of texts labels arrays of its length. `vocabulary` has the bytes of ids, for
    arrays in which every number is one.

    >>> value = Value("ids", (2,), "int64", (Axis("N", ("0", "1")),), None, None)
    >>> Labels({}).labelled((value,), {"words": ["the", "cat"]})[0].axes
    (Axis(name='N', labels=('the', 'cat')),)
    """

    def __init__(self, vocabulary: Mapping[int, bytes]):
        self.vocabulary = vocabulary
        self.texts: dict[int, tuple[str, ...]] = {}

    def labelled(
        self, values: tuple[Value, ...], stored: Mapping[str, Any]
    ) -> tuple[Value, ...]:
        """Label values, after looking for text among what was stored."""
        for value in stored.values():
            is_text = isinstance(value, list) and all(isinstance(e, str) for e in value)
            if is_text and value:
                self.texts[len(value)] = tuple(value)
        return tuple(self.with_labels(value) for value in values)

    def with_labels(self, value: Value) -> Value:
        """Label a one-dimensional value: by texts of its length, or as ids."""
        if len(value.axes) != 1 or not isinstance(value.shown, np.ndarray | None):
            return value
        labels = self.spelled(value) or self.texts.get(value.shape[0])
        if labels is None:
            return value
        axis = value.axes[0]
        return replace(value, axes=(Axis(axis.name, labels[: len(axis.labels)]),))

    def spelled(self, value: Value) -> tuple[str, ...] | None:
        """Spell a value whose numbers are ids of the vocabulary."""
        is_ids = self.vocabulary and value.name in ("ids", "tokens")
        if not is_ids or value.dtype != "int64":
            return None
        data = [self.vocabulary.get(number) for number in value.shown.tolist()]
        if None in data:
            return None
        return tuple(each.decode("utf-8", "backslashreplace") for each in data if each)
