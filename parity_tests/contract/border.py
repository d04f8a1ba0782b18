"""Cases, and what crosses to an implementation under test, as JSON.

Arrays and bytes are written as what they are, so nothing has to be unpickled.
"""

import base64
import json
from typing import Any

import numpy as np


def write(value: Any) -> bytes:
    """Write plain values, bytes and arrays; the shape and dtype of an array stay.

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
        data = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode("ascii")
        return {"array": data, "dtype": value.dtype.str, "shape": value.shape}
    raise TypeError(f"only plain values and arrays cross the border, got {value!r}")


def read(message: bytes) -> Any:
    """Read what `write` wrote."""
    return json.loads(message, object_hook=untagged)


def untagged(value: dict[str, Any]) -> Any:
    """Read one tagged object back; any other stays a dict."""
    if value.keys() == {"bytes"}:
        return base64.b64decode(value["bytes"])
    if value.keys() == {"array", "dtype", "shape"}:
        flat = np.frombuffer(base64.b64decode(value["array"]), value["dtype"])
        return flat.reshape(value["shape"]).copy()
    return value
