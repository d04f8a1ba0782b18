"""What every tokenizer can do once it can encode one text and decode one row of ids.

Twin: torch_impl/tokenizers/tokenizer.py
"""

import os
from collections.abc import Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Int, Integer, Shaped

from reference.module import Module
from reference.tokenizers.saved import read_description, write_whole
from reference.tokenizers.two_trains import TwoTrains

T = TypeVar("T", bound="Tokenizer")


class Tokenizer(Module):
    """Base of the tokenizers. The vocabulary lives in arrays, so it is the state.

    A subclass gives `encode`, `decode`, `vocab_size`; `_index`, which derives what
    looking up needs from the arrays of the state; `_describe`, which says the
    vocabulary in JSON; and `_from_description`, which reads that back.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # What learns from a text must not stand in the way of a model's `train(mode)`.
        if isinstance(learn := vars(cls).get("train"), classmethod):
            setattr(cls, "train", TwoTrains(learn))  # noqa: B010

    def encode(self, text: str) -> Int[np.ndarray, " N"]:
        """Turn a text into ids."""
        raise NotImplementedError

    def decode(self, ids: Integer[np.ndarray, " N"] | Sequence[int]) -> str:
        """Turn ids into a text."""
        raise NotImplementedError

    @property
    def vocab_size(self) -> int:
        """How many ids there are; they are 0..vocab_size - 1."""
        raise NotImplementedError

    def _index(self) -> None:
        raise NotImplementedError

    def _describe(self) -> dict[str, Any]:
        raise NotImplementedError

    @classmethod
    def _from_description(cls: type[T], description: dict[str, Any]) -> T:
        raise NotImplementedError

    def encode_batch(self, texts: Sequence[str]) -> list[Int[np.ndarray, " N"]]:
        """Encode every text by itself; an empty text gives an empty row.

        Raises:
            TypeError: `texts` is one text, not several.
        """
        if isinstance(texts, str | bytes):
            raise TypeError("texts must be a list of strings, got one string")
        return [self.encode(text) for text in texts]

    def forward(
        self, texts: Sequence[str]
    ) -> tuple[Int[np.ndarray, "B N"], Int[np.ndarray, " B"]]:
        """Encode texts into one array and say how long each is.

        Row b holds the ids of text b, then zeros beyond its length.
        """
        # 1. Encode every text by itself.
        rows = self.encode_batch(texts)
        sizes = [len(row) for row in rows]
        lengths = np.array(sizes, np.int64)  # (B,)

        # 2. Lay the rows below each other, filled up with zeros.
        padded = np.zeros((len(rows), lengths.max(initial=0)), np.int64)  # (B, N)
        for place, ids in enumerate(rows):
            padded[place, : len(ids)] = ids
        return padded, lengths

    def _refuse_state(self, state: Mapping[str, Any], prefix: str) -> None:
        copy(self)._take_state(state, prefix)  # which refuses what is no vocabulary

    def _take_state(self, state: Mapping[str, Any], prefix: str) -> None:
        """Take over another tokenizer's vocabulary, whatever its size.

        Raises:
            ValueError: the arrays are no vocabulary.
        """
        for name, array in [*self.arrays()]:
            setattr(self, name, like(array, state[prefix + name], name))
        self._index()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the vocabulary to `path` as JSON, which either backend can load.

        The file is written whole and then renamed: one that stands there already
        survives a failed save.
        """
        write_whole(path, {"tokenizer": type(self).__name__, **self._describe()})

    @classmethod
    def load(cls: type[T], path: str | os.PathLike[str]) -> T:
        """Read a tokenizer that either backend saved. Nothing is unpickled.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: the file is cut short, or not such a tokenizer.
        """
        description = read_description(path, cls.__name__)
        try:
            return cls._from_description(description)
        except KeyError as error:
            reason = f"it lacks {error}"
        except (ValueError, TypeError) as error:
            reason = str(error)
        raise ValueError(f"{Path(path).name} is not a saved {cls.__name__}: {reason}")


def like(own: Shaped[np.ndarray, "..."], given: Any, name: str) -> Any:
    """Copy what was given into an array of the dtype of our own.

    Raises:
        ValueError: it has other numbers than that dtype can hold.
    """
    array = np.asarray(given)
    if np.issubdtype(array.dtype, np.integer):
        copied = array.astype(own.dtype)
        if (copied == array).all():
            return copied
    raise ValueError(f"{name} must hold {own.dtype}, got {array.dtype}")
