"""Mutations of saved tokenizers: values and bytes that nobody should have written."""

import copy
import math
from random import Random
from typing import Any

STRANGE: tuple[Any, ...] = (
    *(None, True, -1, 0, 2**31, 2**63, 2**70, 10**400, 0.5, 1e308, math.inf, math.nan),
    *("", "a", "\ud800", "<|unk|>", "9" * 50, [], {}, [[]], [0], [97, 98], {"a": 0}),
    *(
        [[97, 98]] * 3,
        [[10**6, 10**6]],
        ["a", "a"],
        {"merges": []},
        [None],
        [[97, "b"]],
    ),
)
STRANGE_BYTES = (
    b"",
    b"[",
    b"]",
    b"}",
    b'"',
    b",",
    b"-",
    b"1e999",
    b"NaN",
    b"\xff",
    b"0",
)


def mutated_value(value: Any, rng: Random) -> Any:
    """Replace, add, drop or repeat something, one to three times, at any depth.

    >>> value = {"a": [1, 2], "b": "c"}
    >>> mutated_value(value, Random(1)) != value, value
    (True, {'a': [1, 2], 'b': 'c'})
    """
    value = copy.deepcopy(value)
    for _ in range(rng.randint(1, 3)):
        value = mutate(value, rng)
    return value


def mutate(value: Any, rng: Random) -> Any:
    """Change one place of a value, or the whole."""
    if not isinstance(value, list | dict) or not value or rng.random() < 0.02:
        return copy.deepcopy(rng.choice(STRANGE))
    keys = [*value] if isinstance(value, dict) else [*range(len(value))]
    key = rng.choice(keys)
    action = rng.random()
    if action < 0.1:
        del value[key]
    elif action < 0.2 and isinstance(value, dict):
        value[rng.choice(["", "a", "merges", "tokenizer", "\ud800"])] = value[key]
    elif action < 0.2 and isinstance(value, list):
        value.append(copy.deepcopy(value[key]))
    elif action < 0.4:
        value[key] = copy.deepcopy(rng.choice(STRANGE))
    else:
        value[key] = mutate(value[key], rng)
    return value


def mutated_bytes(content: bytes, rng: Random) -> bytes:
    """Replace or cut some bytes, one to three times.

    >>> mutated_bytes(b"{}", Random(0)) != b"{}"
    True
    """
    for _ in range(rng.randint(1, 3)):
        at, size = rng.randrange(len(content) + 1), rng.choice([0, 1, 1, 2, 30])
        content = content[:at] + rng.choice(STRANGE_BYTES) + content[at + size :]
    return content
