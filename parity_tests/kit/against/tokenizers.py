"""A factory of tokenizers, or a class, that runs a tokenizer of the reference."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from types import MappingProxyType
from typing import Any

import numpy as np

from parity_tests.kit.against.stand_in import StandIn
from parity_tests.known_mistakes.effect import quiet

REPLACING = "_tokenizer_of_diptych"


def changed(own: Callable[..., Any], stand_in: StandIn) -> Callable[..., Any]:
    """Change a class, or return a factory in the place of someone's own."""
    if inspect.isclass(own):
        change_class(own, stand_in)
        return own

    @wraps(own)
    def factory(*args: Any, **kwargs: Any) -> Any:
        return Tokenizer(own(*args, **kwargs), made(own, stand_in, *args, **kwargs))

    return factory


class Tokenizer:
    """Encodes and decodes by the reference; all else is as its owner made it."""

    def __init__(self, own: Any, made: Any):
        self._own, self._replacing = own, made

    def encode(self, text: str, **options: Any) -> Any:
        """Encode a text, and return the ids as the own tokenizer returns its."""
        return encode(self._replacing, self._own.encode(text, **options), text, options)

    def decode(self, ids: Any) -> str:
        """Decode ids."""
        return decode(self._replacing, ids)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._own, name)


def change_class(own: type[Any], stand_in: StandIn) -> None:
    """Let the tokenizers of a class encode and decode by the reference."""
    kind: Any = own
    build, own_encode = kind.__init__, kind.encode

    @wraps(build)
    def construct(self: Any, *args: Any, **kwargs: Any) -> None:
        build(self, *args, **kwargs)
        setattr(self, REPLACING, made(own, stand_in, *args, **kwargs))

    @wraps(own_encode)
    def encoding(self: Any, text: str, **options: Any) -> Any:
        right = own_encode(self, text, **options)
        return encode(getattr(self, REPLACING), right, text, options)

    kind.__init__, kind.encode = construct, encoding
    kind.decode = wraps(kind.decode)(
        lambda self, ids: decode(getattr(self, REPLACING), ids)
    )


def made(own: Callable[..., Any], stand_in: StandIn, *args: Any, **kwargs: Any) -> Any:
    """Make a tokenizer of the reference of the tables that a factory is given."""
    stand_in.note_run()
    given = inspect.signature(own).bind(*args, **kwargs).arguments
    with quiet():
        if "merges" in given:
            return stand_in.part(**byte_pair_tables(**given))
        return stand_in.part(vocabulary=given["vocabulary"])


def byte_pair_tables(
    vocabulary: Mapping[bytes, int],
    merges: Sequence[tuple[bytes, bytes]],
    special_tokens: Mapping[str, int] = MappingProxyType({}),
) -> dict[str, Any]:
    """Write tables of bytes as the reference takes them: merges are pairs of ids.

    Raises:
        ValueError: the ids are not those of bytes, then of merges, by rank.
    """
    for rank, (left, right) in enumerate(merges):
        if vocabulary[left + right] != 256 + rank:
            raise ValueError(f"merge {rank} must have the id {256 + rank}")
    token_of = {number: token for token, number in vocabulary.items()}
    return {
        "merges": [(vocabulary[left], vocabulary[right]) for left, right in merges],
        "special_tokens": sorted(special_tokens, key=lambda name: special_tokens[name]),
        "base_bytes": [token_of[number][0] for number in range(256)],
    }


def encode(tokenizer: Any, right: Any, text: str, options: dict[str, Any]) -> Any:
    """Encode a text, and return the ids in the form of the right ones."""
    if hasattr(tokenizer, "merges"):
        options = {"allowed_special": "all", **options}
    with quiet():
        ids = [int(number) for number in tokenizer.encode(text, **options)]
    if hasattr(right, "new_tensor"):
        return right.new_tensor(ids)
    return np.array(ids, right.dtype) if isinstance(right, np.ndarray) else ids


def decode(tokenizer: Any, ids: Any) -> str:
    """Decode ids."""
    with quiet():
        return str(tokenizer.decode([int(number) for number in ids]))
