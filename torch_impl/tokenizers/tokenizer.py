"""What every tokenizer shares: batches, files, state, checks of texts and of ids.

Twin: reference/tokenizers/tokenizer.py
"""

import inspect
import json
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from jaxtyping import Int
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence


class Tokenizer(nn.Module):
    """Base class: a subclass adds what is declared here, and `decode`.

    The state is what `to_dict` gives, so that a vocabulary of any size can be loaded.
    Buffers are derived from it; they move with `.to`, and the ids are where they are.
    """

    from_texts: ClassVar[Callable[..., Any]]  # learns from several texts
    encode: Callable[..., Int[Tensor, " N"]]  # turns a text into ids
    to_dict: Callable[[], dict[str, Any]]  # the constructor's arguments, for JSON

    @classmethod
    def from_text(cls, text: str, *args: Any, **options: Any) -> Self:
        """Learn from one text; `from_texts` says what the other arguments are."""
        return cls.from_texts([text], *args, **options)

    @property
    def device(self) -> torch.device:
        """Where the buffers are, and so the ids."""
        return next(self.buffers()).device

    def encode_batch(self, texts: Iterable[str]) -> list[Int[Tensor, " N"]]:
        """Encode every text by itself; an empty text gives an empty row."""
        return [self.encode(text) for text in check_texts(texts)]

    def forward(
        self, texts: Iterable[str]
    ) -> tuple[Int[Tensor, "B N"], Int[Tensor, " B"]]:
        """Encode texts into one tensor, padded with zeros, and give every length."""
        # 1. Encode: every text by itself.
        rows = self.encode_batch(texts)
        lengths = torch.tensor([*map(len, rows)], device=self.device).long()  # (B,)

        # 2. Pad: every row with zeros, to the length of the longest.
        padded = pad_sequence([*rows, lengths[:0]], batch_first=True)[:-1]  # (B, N)
        return padded, lengths

    @classmethod
    def from_dict(cls, saved: Any) -> Self:
        """Build the tokenizer that `to_dict` described; ValueError if it is none."""
        kind, fields = cls.__name__, [*inspect.signature(cls).parameters]
        if not isinstance(saved, dict) or {*saved} != {"tokenizer", *fields}:
            raise ValueError(
                f"it must hold 'tokenizer' and {fields}, got {saved!r:.60}"
            )
        if saved["tokenizer"] != kind:
            raise ValueError(f"it must be a {kind}, got {saved['tokenizer']!r:.60}")
        try:
            return cls(*(saved[field] for field in fields))
        except TypeError as error:
            raise ValueError(str(error)) from None

    def get_extra_state(self) -> dict[str, Any]:
        """Give `state_dict` what `save` gives a file."""
        return self.to_dict()

    def set_extra_state(self, state: Any) -> None:
        """Become the tokenizer that `to_dict` described; a ValueError changes nothing."""
        with self.device:  # new tensors are made where the buffers are
            other = self.from_dict(state)
        for name, value in {**vars(other), **dict(other.named_buffers())}.items():
            if not name.startswith("_") and name != "training":
                setattr(self, name, value)

    def load_state_dict(self, *args: Any, **options: Any) -> Any:
        """Load as every module does, but all of the state or nothing."""
        nn.Module.load_state_dict(deepcopy(self), *args, **options)
        return super().load_state_dict(*args, **options)

    def __copy__(self) -> Self:
        """Copy deeply: a shallow copy would share the buffers that loading replaces."""
        return deepcopy(self)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write `to_dict` as JSON for either backend, all of it or nothing."""
        content = json.dumps(self.to_dict()).encode()
        target = Path(path).resolve()  # a symbolic link stays a link
        part = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
        try:
            part.write_bytes(content)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read what `save` wrote; ValueError if it is anything else."""
        content, name = Path(path).read_bytes(), Path(path).name
        try:
            return cls.from_dict(json.loads(content))
        except (ValueError, RecursionError) as error:
            reason = f"{name} is not a saved {cls.__name__}: {error}"
            raise ValueError(reason) from None


def check_text(text: str) -> None:
    """Check that a text is a string that UTF-8 can write."""
    if not isinstance(text, str):
        raise TypeError(f"a text must be a string, got {type(text).__name__}")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        found = f"U+{ord(text[error.start]):04X} at position {error.start}"
        raise ValueError(f"a text holds no lone surrogate, got {found}") from None


def check_texts(texts: Iterable[str]) -> Iterator[str]:
    """Yield every text, checked; one string is not several texts."""
    if isinstance(texts, str | bytes):
        raise TypeError("texts must be a list of strings, got one string")
    for text in texts:
        check_text(text)
        yield text


def check_ids(ids: Any, vocab_size: int) -> list[int]:
    """Return ids as a list of integers, all of them in [0, vocab_size).

    >>> check_ids(torch.tensor([4, -1]), vocab_size=5)
    Traceback (most recent call last):
    ValueError: ids must lie in [0, 5), got -1
    """
    if getattr(ids, "ndim", 1) != 1:
        raise ValueError(f"ids must be one-dimensional, got shape {tuple(ids.shape)}")
    numbers = [as_list(number) for number in as_list(ids)]
    for number in numbers:
        if not isinstance(number, int) or isinstance(number, bool):
            raise TypeError(f"ids must be integers, got {number!r}")
        if not 0 <= number < vocab_size:
            raise ValueError(f"ids must lie in [0, {vocab_size}), got {number}")
    return numbers


def as_list(array: Any) -> Any:
    """Return an array of any kind as Python's lists and numbers."""
    return array.tolist() if hasattr(array, "tolist") else array
