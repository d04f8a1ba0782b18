"""What every tokenizer shares: batches, files, state, checks of texts and of ids.

Twin: reference/tokenizers/tokenizer.py
"""

import inspect
import json
import re
import secrets
from collections.abc import Callable, Iterable
from copy import copy
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import torch
from jaxtyping import Int
from torch import Tensor, nn

T = TypeVar("T", bound="Tokenizer")


class Tokenizer(nn.Module):
    """Base class: a subclass adds what is declared, and `decode`."""

    from_texts: ClassVar[Callable[..., Any]]  # learns from several texts
    encode: Callable[..., Int[Tensor, " N"]]  # turns a text into ids
    to_dict: Callable[[], dict[str, Any]]  # class and arguments, as JSON holds them

    @property
    def device(self) -> torch.device:
        """Where the vocabulary is, and so the ids."""
        return next(self.buffers()).device

    @classmethod
    def from_text(cls: type[T], text: str, *args: Any, **options: Any) -> T:
        """Learn from one text; `from_texts` says what the other arguments are."""
        return cls.from_texts([text], *args, **options)

    def encode_batch(self, texts: Iterable[str]) -> list[Int[Tensor, " N"]]:
        """Encode every text by itself; an empty text gives an empty row."""
        return [self.encode(text) for text in check_list("texts", texts)]

    def forward(
        self, texts: Iterable[str]
    ) -> tuple[Int[Tensor, "B N"], Int[Tensor, " B"]]:
        """Encode texts into one tensor, padded with zeros, and give every length."""
        # 1. Encode: every text by itself.
        rows = self.encode_batch(texts)
        lengths = torch.tensor([*map(len, rows)], device=self.device).long()  # (B,)

        # 2. Pad: every row with zeros, to the length of the longest.
        padded = nn.utils.rnn.pad_sequence([*rows, lengths[:0]], batch_first=True)[:-1]
        return padded, lengths  # (B, N), (B,)

    @classmethod
    def from_dict(cls: type[T], saved: Any) -> T:
        """Build the tokenizer that `to_dict` described; ValueError if it is none."""
        kind, names = cls.__name__, [*inspect.signature(cls).parameters]
        try:
            if {*saved} != {"tokenizer", *names} or saved["tokenizer"] != kind:
                raise ValueError(f"it must be a {kind} of {names}, got {saved!r:.60}")
            return cls(*(saved[name] for name in names))
        except (TypeError, RuntimeError) as error:
            raise ValueError(str(error)) from None

    def get_extra_state(self) -> dict[str, Any]:
        """Give `state_dict` all of it, so that any size of vocabulary can be loaded."""
        return self.to_dict()

    def set_extra_state(self, state: Any) -> None:
        """Become the tokenizer that `to_dict` described, or stay as it is."""
        with self.device:  # new tensors are made where the present ones are
            other = vars(self.from_dict(state)).items()
        # `_buffers` as a whole: a shallow copy of this tokenizer may share the present.
        vars(self).update({k: v for k, v in other if not re.search("training|hook", k)})

    def load_state_dict(self, *args: Any, **options: Any) -> Any:
        """Load as every module does, but everything or nothing."""
        nn.Module.load_state_dict(copy(self), *args, **options)
        return super().load_state_dict(*args, **options)

    def save(self, path: str | Path) -> None:
        """Write `to_dict` as JSON for either backend, all of it or nothing."""
        target = Path(path).resolve()  # a symbolic link stays a link
        part = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
        try:
            part.write_bytes(json.dumps(self.to_dict()).encode())
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)

    @classmethod
    def load(cls: type[T], path: str | Path) -> T:
        """Read what `save` wrote; ValueError if it is anything else."""
        try:
            return cls.from_dict(json.loads(Path(path).read_bytes()))
        except (ValueError, RecursionError) as error:
            rule = f"{Path(path).name} is not a saved {cls.__name__}"
            raise ValueError(f"{rule}: {error}") from None


def check_text(text: str) -> str:
    """Return a text that is a string, and that UTF-8 can write."""
    if not isinstance(text, str):
        raise TypeError(f"a text must be a string, got {type(text).__name__}")
    if found := re.search("[\ud800-\udfff]", text):
        code_point = f"U+{ord(found[0]):04X} at position {found.start()}"
        raise ValueError(f"a text holds no lone surrogate, got {code_point}")
    return text


def check_ids(ids: Any, vocab_size: int) -> list[int]:
    """Return ids as a list of integers, all of them in [0, vocab_size)."""
    numbers = [n.item() if hasattr(n, "item") else n for n in check_list("ids", ids)]
    for number in numbers:
        if not isinstance(number, int) or isinstance(number, bool):
            raise TypeError(f"ids must be integers, got {number!r}")
        if not 0 <= number < vocab_size:
            raise ValueError(f"ids must lie in [0, {vocab_size}), got {number}")
    return numbers


def check_list(name: str, values: Any) -> Iterable[Any]:
    """Return an array's numbers, or any sequence; TypeError for a string or a set."""
    values = values.tolist() if hasattr(values, "tolist") else values
    if isinstance(values, str | dict | set) or not isinstance(values, Iterable):
        raise TypeError(f"{name} must be a list, got {type(values).__name__}")
    return values
