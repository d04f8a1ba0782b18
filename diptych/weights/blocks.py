"""Blocks of quantized numbers: how many bytes they take, and what numbers they are.

Q4_1 and Q8_0 are written out; other kinds are left to the package `gguf`.

Source: the comments on `block_q4_1` and `block_q8_0` in
        https://github.com/ggml-org/ggml/blob/master/src/ggml-common.h
"""

from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]


class Block(NamedTuple):
    """A kind of block: its name, and how many numbers and bytes it has."""

    kind: str
    n_numbers: int
    n_bytes: int


PLAIN = {"F32": "<f4", "F16": "<f2", "F64": "<f8"}
BLOCKS = {
    0: Block("F32", 1, 4),
    1: Block("F16", 1, 2),
    2: Block("Q4_0", 32, 18),
    3: Block("Q4_1", 32, 20),
    6: Block("Q5_0", 32, 22),
    7: Block("Q5_1", 32, 24),
    8: Block("Q8_0", 32, 34),
    10: Block("Q2_K", 256, 84),
    11: Block("Q3_K", 256, 110),
    12: Block("Q4_K", 256, 144),
    13: Block("Q5_K", 256, 176),
    14: Block("Q6_K", 256, 210),
    28: Block("F64", 1, 8),
    30: Block("BF16", 1, 2),
}
CODES = {block.kind: code for code, block in BLOCKS.items()}


def dequantize(raw: Array, kind: str) -> Array:
    """Turn the bytes of whole blocks into float32 (F64 stays float64).

    >>> one = np.array([0.5], "<f2").tobytes() + bytes([2, 255]) + bytes(30)
    >>> dequantize(np.frombuffer(one, np.uint8), "Q8_0")[:3]
    array([ 1. , -0.5,  0. ], dtype=float32)
    """
    if kind in PLAIN:
        numbers = raw.view(PLAIN[kind])
        return numbers if kind == "F64" else numbers.astype(np.float32)
    blocks = raw.reshape(-1, BLOCKS[CODES[kind]].n_bytes)  # (N, bytes)
    if kind == "Q4_1":
        return dequantize_q4_1(blocks)
    if kind == "Q8_0":
        return dequantize_q8_0(blocks)
    return by_gguf(raw, kind)


def dequantize_q4_1(blocks: Array) -> Array:
    """X = d · q + m: half-precision d and m, then 16 bytes with two q of 4 bits each.

    The low halves are the first 16 numbers of a block, the high halves the last 16.
    """
    step = blocks[:, 0:2].copy().view("<f2").astype(np.float32)  # d, (N, 1)
    least = blocks[:, 2:4].copy().view("<f2").astype(np.float32)  # m, (N, 1)
    packed = blocks[:, 4:]
    levels = np.concatenate([packed & 15, packed >> 4], axis=1)  # q, (N, 32)
    return (levels * step + least).ravel()


def dequantize_q8_0(blocks: Array) -> Array:
    """X = d · q: a half-precision d, then 32 signed bytes q."""
    step = blocks[:, 0:2].copy().view("<f2").astype(np.float32)  # d, (N, 1)
    levels = blocks[:, 2:].view(np.int8)  # q, (N, 32)
    return (levels * step).ravel()


def by_gguf(raw: Array, kind: str) -> Array:
    """Let the package `gguf` dequantize."""
    try:
        constants, quants = (
            import_module("gguf.constants"),
            import_module("gguf.quants"),
        )
    except ImportError:
        advice = f"pip install gguf, which reads blocks of {kind}"
        raise ValueError(f"{kind} is not read without a package: {advice}") from None
    numbers: Array = quants.dequantize(raw, constants.GGMLQuantizationType[kind])
    return numbers.ravel()
