"""Read a GGUF file: what it says about a model, and the model's tensors.

Source: the specification, https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from diptych.weights.blocks import BLOCKS, dequantize

Array = np.ndarray[Any, Any]

MAGIC, VERSIONS = b"GGUF", (2, 3)
MAX_AXES, ALIGNMENT = 4, 32
SCALARS = {0: "u1", 1: "i1", 2: "u2", 3: "i2", 4: "u4", 5: "i4", 6: "f4"}
SCALARS |= {7: "?", 10: "u8", 11: "i8", 12: "f8"}
STRING, ARRAY = 8, 9


@dataclass(frozen=True)
class TensorInfo:
    """Where a tensor is; its shape is in NumPy's order, the file has the other."""

    name: str
    shape: tuple[int, ...]
    kind: str
    offset: int
    n_bytes: int


class GGUFFile:
    """A file's `metadata` by key, its `tensors` by name, and their numbers on request.

    Tensors are read when they are asked for. What the file says is checked against its
    length first, so a broken file is a ValueError, and never much memory.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self._bytes = mapped(self.path)
        try:
            self.metadata, self.tensors = read_header(Cursor(self._bytes))
        except ValueError as error:
            raise ValueError(f"{self.path.name} is no GGUF file: {error}") from None

    def read(self, name: str, dtype: Any = np.float32) -> Array:
        """Return a tensor in floating point, dequantized where it is quantized.

        Raises:
            KeyError: there is no such tensor.
            ValueError: it has a kind of blocks that is not supported.
        """
        if name not in self.tensors:
            raise KeyError(f"{self.path.name} has no tensor {name!r}")
        info = self.tensors[name]
        raw = self._bytes[info.offset : info.offset + info.n_bytes]
        return dequantize(raw, info.kind).astype(dtype, copy=False).reshape(info.shape)


def mapped(path: Path) -> Array:
    """Map a file into memory; one without a byte cannot be mapped."""
    if path.stat().st_size == 0:
        return np.zeros(0, np.uint8)
    return np.asarray(np.memmap(path, np.uint8, "r"))


class Cursor:
    """Take bytes from the front; ValueError if the file ends before them."""

    def __init__(self, data: Array):
        self.data, self.at = data, 0

    def take(self, n_bytes: int) -> Array:
        """Take so many bytes."""
        if n_bytes > len(self.data) - self.at:
            raise ValueError(f"it ends at byte {len(self.data)}, within its header")
        self.at += n_bytes
        return self.data[self.at - n_bytes : self.at]

    def numbers(self, dtype: str, count: int) -> Array:
        """Take numbers, all of one little-endian type."""
        width = np.dtype(dtype).itemsize
        return self.take(width * count).view(np.dtype(dtype).newbyteorder("<"))

    def number(self, dtype: str) -> Any:
        """Take one number."""
        return self.numbers(dtype, 1).item()

    def string(self) -> str:
        """Take a string: its length in bytes, and UTF-8."""
        start, encoded = self.at, self.take(self.number("u8")).tobytes()
        try:
            return encoded.decode()
        except UnicodeDecodeError:
            raise ValueError(f"the string at byte {start} is not UTF-8") from None

    def value(self, kind: int) -> Any:
        """Take a value: a number, a Boolean, a string, or a list of one kind."""
        if kind in SCALARS:
            return self.number(SCALARS[kind])
        if kind == STRING:
            return self.string()
        if kind != ARRAY:
            raise ValueError(f"it has a value of unknown type {kind}")
        of, count = self.number("u4"), self.number("u8")
        if of in SCALARS:
            return self.numbers(SCALARS[of], count).tolist()
        if of != STRING:
            raise ValueError(f"it has an array of values of type {of}")
        return [self.string() for _ in self.counted(count)]

    def counted(self, count: int) -> Iterator[int]:
        """Count to a number that the file gives, if it has that many bytes at least."""
        if count > len(self.data) - self.at:
            raise ValueError(f"it should have {count} entries, and ends before")
        yield from range(count)


def read_header(cursor: Cursor) -> tuple[dict[str, Any], dict[str, TensorInfo]]:
    """Read all that stands before the tensors, and where each of them is."""
    if cursor.take(4).tobytes() != MAGIC:
        raise ValueError("it does not begin with GGUF")
    version = cursor.number("u4")
    if version not in VERSIONS:
        raise ValueError(f"its version must be 2 or 3, got {version}")
    n_tensors, n_values = cursor.number("u8"), cursor.number("u8")
    values = ((cursor.string(), cursor.number("u4")) for _ in cursor.counted(n_values))
    metadata = once("key", ((name, cursor.value(kind)) for name, kind in values))
    raw = [read_tensor(cursor) for _ in cursor.counted(n_tensors)]
    alignment = metadata.get("general.alignment", ALIGNMENT)
    if not isinstance(alignment, int) or alignment < 1:
        raise ValueError(f"general.alignment must be at least 1, got {alignment!r}")
    start = -(-cursor.at // alignment) * alignment
    end = len(cursor.data)
    located = ((info.name, place(info, start, end)) for info in raw)
    return metadata, once("tensor", located)


def read_tensor(cursor: Cursor) -> TensorInfo:
    """Read what a tensor is; its offset counts from the end of the header."""
    name, n_axes = cursor.string(), cursor.number("u4")
    if n_axes > MAX_AXES:
        raise ValueError(f"{name!r} has more than {MAX_AXES} axes, {n_axes}")
    shape = tuple(reversed(cursor.numbers("u8", n_axes).tolist()))
    code, offset = cursor.number("u4"), cursor.number("u8")
    if code not in BLOCKS:
        raise ValueError(f"{name!r} has blocks of unknown type {code}")
    block = BLOCKS[code]
    if math.prod(shape[-1:]) % block.n_numbers:
        rule = f"rows of {name!r} must be whole blocks of {block.n_numbers}"
        raise ValueError(f"{rule}, got {shape}")
    n_bytes = math.prod(shape) // block.n_numbers * block.n_bytes
    return TensorInfo(name, shape, block.kind, offset, n_bytes)


def place(info: TensorInfo, start: int, end: int) -> TensorInfo:
    """Let the offset of a tensor count from the start of the file, if it is in it."""
    if start + info.offset + info.n_bytes > end:
        raise ValueError(f"it ends at byte {end}, within {info.name!r}")
    return replace(info, offset=start + info.offset)


def once(what: str, entries: Iterator[tuple[str, Any]]) -> dict[str, Any]:
    """Gather entries by name, if none comes twice."""
    gathered: dict[str, Any] = {}
    for name, value in entries:
        if name in gathered:
            raise ValueError(f"it has the {what} {name!r} twice")
        gathered[name] = value
    return gathered
