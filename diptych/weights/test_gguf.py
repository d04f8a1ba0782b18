"""GGUF files: blocks are read as `gguf` does; what is broken is a clear error."""

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diptych.weights.blocks import BLOCKS, CODES, dequantize
from diptych.weights.gguf import GGUFFile

ONE = np.arange(6, dtype="<f4").reshape(2, 3)


def string(text: str) -> bytes:
    """Write a string: its length, and UTF-8."""
    return struct.pack("<Q", len(text.encode())) + text.encode()


def file_of(
    values: bytes = b"", n_values: int = 0, tensors: bytes = b"", n_tensors: int = 0
) -> bytes:
    """Write a header, and pad it to 32 bytes."""
    head = b"GGUF" + struct.pack("<IQQ", 3, n_tensors, n_values) + values + tensors
    return head + bytes(-len(head) % 32)


def tensor(name: str, shape: tuple[int, ...], code: int, offset: int = 0) -> bytes:
    """Describe a tensor; the file has its axes in the other order."""
    sizes = struct.pack(f"<{len(shape)}Q", *reversed(shape))
    about = struct.pack("<IQ", code, offset)
    return string(name) + struct.pack("<I", len(shape)) + sizes + about


WORDS = string("names") + struct.pack("<IIQ", 9, 8, 2) + string("a") + string("é")
NUMBERS = string("sizes") + struct.pack("<IIQ3I", 9, 4, 3, 1, 2, 3)
EPS = string("eps") + struct.pack("<If", 6, 1e-5)
RIGHT = file_of(WORDS + NUMBERS + EPS, 3, tensor("x", (2, 3), 0), 1) + ONE.tobytes()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Name a file."""
    return tmp_path / "model.gguf"


def test_a_file_says_what_was_written(path):
    path.write_bytes(RIGHT)
    file = GGUFFile(path)

    eps = float(np.float32(1e-5))
    assert file.metadata == {"names": ["a", "é"], "sizes": [1, 2, 3], "eps": eps}
    assert np.array_equal(file.read("x"), ONE)
    assert file.read("x", np.float64).dtype == np.float64


@pytest.mark.parametrize("kind", [kind for kind in CODES if kind != "F64"])
def test_blocks_are_dequantized_as_the_package_does(kind):
    constants = pytest.importorskip("gguf.constants")
    quants = pytest.importorskip("gguf.quants")
    block = BLOCKS[CODES[kind]]
    raw = np.random.default_rng(1).integers(0, 128, (7, block.n_bytes), dtype=np.uint8)
    theirs = quants.dequantize(raw, constants.GGMLQuantizationType[kind])

    assert np.array_equal(theirs.ravel(), dequantize(raw.ravel(), kind), equal_nan=True)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it ends at byte 0, within its header"),
        (b"GGML" + bytes(20), "it does not begin with GGUF"),
        (b"GGUF" + struct.pack("<IQQ", 9, 0, 0), "its version must be 2 or 3, got 9"),
        (RIGHT[:-1], f"it ends at byte {len(RIGHT) - 1}, within 'x'"),
        (file_of(EPS + EPS, 2), "it has the key 'eps' twice"),
        (file_of(b"", 2**60), "it should have 1152921504606846976 entries"),
        (file_of(string("k") + struct.pack("<I", 99), 1), "a value of unknown type 99"),
        (
            file_of(string("k") + struct.pack("<IIQ", 9, 9, 1), 1),
            "it has an array of values of type 9",
        ),
        (
            file_of(struct.pack("<Q", 1) + b"\xff" + struct.pack("<I", 4), 1),
            "the string at byte 24 is not UTF-8",
        ),
        (
            file_of(string("general.alignment") + struct.pack("<II", 4, 0), 1),
            "general.alignment must be at least 1, got 0",
        ),
        (file_of(b"", 0, tensor("x", (1,) * 5, 0), 1), "more than 4 axes, 5"),
        (file_of(b"", 0, tensor("x", (1,), 77), 1), "blocks of unknown type 77"),
        (
            file_of(b"", 0, tensor("x", (33,), 3), 1),
            "rows of 'x' must be whole blocks of 32, got (33,)",
        ),
    ],
)
def test_a_broken_file_is_rejected_by_name(path, content, reason):
    path.write_bytes(content)

    with pytest.raises(ValueError, match=r"model\.gguf is no GGUF file") as caught:
        GGUFFile(path)
    assert reason in str(caught.value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(0, len(RIGHT) - 1), st.integers(0, 255)), max_size=4
    ),
    st.integers(0, len(RIGHT)),
)
def test_whatever_is_wrong_is_a_value_error(path, changes, length):
    content = bytearray(RIGHT)
    for at, byte in changes:
        content[at] = byte
    path.write_bytes(bytes(content[:length]))
    try:
        file = GGUFFile(path)
        for name in file.tensors:
            file.read(name)
    except ValueError:
        pass


def test_a_tensor_that_is_not_there_is_a_key_error(path):
    path.write_bytes(RIGHT)

    with pytest.raises(KeyError, match=r"model\.gguf has no tensor 'y'"):
        GGUFFile(path).read("y")
