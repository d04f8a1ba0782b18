"""Cases, and what crosses to an implementation under test, as JSON.

Arrays and bytes are written as what they are, so nothing has to be unpickled. A view
stays one: an array that is transposed or reversed in memory, has gaps, or must not be
written to, arrives so.
"""

import base64
import json
from typing import Any

import numpy as np


def write(value: Any) -> bytes:
    """Write plain values, bytes and arrays; shape, dtype and layout of an array stay.

    >>> read(write({"x": np.ones((1, 2), np.float32), "merge": (b"a", b"b")}))
    {'x': array([[1., 1.]], dtype=float32), 'merge': [b'a', b'b']}

    Raises:
        TypeError: there is something else in it.
    """
    return json.dumps(value, default=tagged).encode()


def tagged(value: Any) -> dict[str, Any]:
    """Write one array or bytes as a tagged object."""
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode("ascii")}
    if isinstance(value, np.generic):
        value = np.asarray(value)
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        data = base64.b64encode(value.tobytes()).decode("ascii")
        written = {"array": data, "dtype": value.dtype.str, "shape": value.shape}
        if not value.flags.c_contiguous:
            written["strides"] = value.strides
        return written if value.flags.writeable else {**written, "read_only": True}
    raise TypeError(f"only plain values and arrays cross the border, got {value!r}")


def read(message: bytes) -> Any:
    """Read what `write` wrote."""
    return json.loads(message, object_hook=untagged)


def untagged(value: dict[str, Any]) -> Any:
    """Read one tagged object back; any other stays a dict."""
    if value.keys() == {"bytes"}:
        return base64.b64decode(value["bytes"])
    if {"array", "dtype", "shape"} <= value.keys():
        flat = np.frombuffer(base64.b64decode(value["array"]), value["dtype"])
        array = flat.reshape(value["shape"]).copy()
        if "strides" in value:
            array = laid_out(array, value["strides"])
        array.flags.writeable = "read_only" not in value
        return array
    return value


def laid_out(array: np.ndarray[Any, Any], strides: list[int]) -> np.ndarray[Any, Any]:
    """Lay numbers out in memory with these strides, in bytes, and zeros between them.

    >>> laid_out(np.arange(4.0).reshape(2, 2), [-8, 32]).strides
    (-8, 32)
    """
    steps = [s * (n - 1) for s, n in zip(strides, array.shape, strict=True)]
    first = -sum(step for step in steps if step < 0)
    room = np.zeros(sum(map(abs, steps)) + array.itemsize, np.uint8)
    view = np.ndarray(array.shape, array.dtype, room, first, tuple(strides))
    view[...] = array
    return view
