"""What every tokenizer can do once it can encode one text and decode one row of ids.

Twin: reference/tokenizers/tokenizer.py
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch
from jaxtyping import Int, Integer, Shaped
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from torch_impl.tokenizers.saved import read_description, write_whole
from torch_impl.tokenizers.two_trains import TwoTrains

T = TypeVar("T", bound="Tokenizer")


class Tokenizer(nn.Module):
    """Base of the tokenizers. The vocabulary lives in buffers, so it is the state.

    A subclass gives `encode`, `decode`, `vocab_size`; `_index`, which derives what
    looking up needs (in buffers that are not persistent) from those of the state;
    `_describe`, which says the vocabulary in JSON; and `_from_description`, which
    reads that back.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # What learns from a text must not stand in the way of a model's `train(mode)`.
        if isinstance(learn := vars(cls).get("train"), classmethod):
            setattr(cls, "train", TwoTrains(learn))  # noqa: B010

    def encode(self, text: str) -> Int[Tensor, " N"]:
        """Turn a text into ids, on the device of the vocabulary."""
        raise NotImplementedError

    def decode(self, ids: Integer[Tensor, " N"] | Sequence[int]) -> str:
        """Turn ids into a text."""
        raise NotImplementedError

    @property
    def vocab_size(self) -> int:
        """How many ids there are; they are 0..vocab_size - 1."""
        raise NotImplementedError

    @property
    def device(self) -> torch.device:
        """Where the vocabulary is, and so where the ids will be."""
        return next(self.buffers()).device

    def _index(self) -> None:
        raise NotImplementedError

    def _describe(self) -> dict[str, Any]:
        raise NotImplementedError

    @classmethod
    def _from_description(cls: type[T], description: dict[str, Any]) -> T:
        raise NotImplementedError

    def encode_batch(self, texts: Sequence[str]) -> list[Int[Tensor, " N"]]:
        """Encode every text by itself; an empty text gives an empty row.

        Raises:
            TypeError: `texts` is one text, not several.
        """
        if isinstance(texts, str | bytes):
            raise TypeError("texts must be a list of strings, got one string")
        return [self.encode(text) for text in texts]

    def forward(
        self, texts: Sequence[str]
    ) -> tuple[Int[Tensor, "B N"], Int[Tensor, " B"]]:
        """Encode texts into one tensor and say how long each is.

        Row b holds the ids of text b, then zeros beyond its length.
        """
        # 1. Encode every text by itself.
        rows = self.encode_batch(texts)
        sizes = [len(row) for row in rows]
        lengths = torch.tensor(sizes, dtype=torch.int64, device=self.device)  # (B,)

        # 2. Lay the rows below each other, filled up with zeros.
        padded = torch.zeros(len(rows), 0, dtype=torch.int64, device=self.device)
        if rows:  # pad_sequence takes no empty list
            padded = pad_sequence(rows, batch_first=True)  # (B, N)
        return padded, lengths

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, *args: Any
    ) -> None:
        """Take over another tokenizer's vocabulary, whatever its size.

        Raises:
            ValueError: the tensors are no vocabulary; the present one is kept.
        """
        before = {
            name: buffer
            for name, buffer in self.named_buffers(recurse=False)
            if name not in self._non_persistent_buffers_set
        }
        given = {
            name: state_dict[prefix + name]
            for name in before
            if isinstance(state_dict.get(prefix + name), Tensor)
        }
        if given.keys() != before.keys():  # load nothing; PyTorch names what is missing
            kept = {prefix + name: before[name] for name in given}
            super()._load_from_state_dict({**state_dict, **kept}, prefix, *args)
            return
        try:
            for name, own in before.items():
                state_dict[prefix + name] = like(own, given[name], name)
                setattr(self, name, own.new_empty(given[name].shape))
            super()._load_from_state_dict(state_dict, prefix, *args)
            self._index()
        except ValueError:
            for name, buffer in before.items():
                setattr(self, name, buffer)
            self._index()
            raise

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


def like(own: Shaped[Tensor, "..."], given: Tensor, name: str) -> Tensor:
    """Copy what was given into a tensor of the dtype of our own.

    Raises:
        ValueError: it has other numbers than that dtype can hold.
    """
    whole = not (given.is_floating_point() or given.is_complex())
    copied = given.to(own.dtype)
    if not whole or given.dtype == torch.bool or (copied != given).any():
        kinds = [str(tensor.dtype).removeprefix("torch.") for tensor in (own, given)]
        raise ValueError(f"{name} must hold {kinds[0]}, got {kinds[1]}")
    return copied
