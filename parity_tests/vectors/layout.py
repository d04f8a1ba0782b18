"""Trees of values as JSON and named tensors; and trees made of these again.

An array becomes `{"tensor": name}`, bytes `{"bytes": hex}`; the name is the path at
which it stands. Arrays that are equal are written once, under the first one's name.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

Tensors = dict[str, np.ndarray[Any, Any]]


class Layout:
    """Takes trees apart, and gathers their arrays.

    >>> layout = Layout()
    >>> layout.take({"x": np.ones(2), "names": ["a", b"b"]}, "small")
    {'x': {'tensor': 'small/x'}, 'names': ['a', {'bytes': '62'}]}
    >>> layout.tensors
    {'small/x': array([1., 1.])}
    """

    def __init__(self) -> None:
        self.tensors: Tensors = {}
        self._known: dict[tuple[Any, ...], str] = {}

    def take(self, value: Any, path: str) -> Any:
        """Take a tree apart.

        Raises:
            TypeError: there is something in it that neither format can hold.
        """
        if isinstance(value, Mapping):
            return {k: self.take(v, f"{path}/{k}") for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [self.take(v, f"{path}/{i}") for i, v in enumerate(value)]
        if isinstance(value, bytes):
            return {"bytes": value.hex()}
        if isinstance(value, float) and not math.isfinite(value):
            value = np.float64(value)  # JSON has no infinity
        if isinstance(value, np.ndarray | np.generic):
            return {"tensor": self.add(np.asarray(value, order="C"), path)}
        if value is None or isinstance(value, str | bool | int | float):
            return value
        raise TypeError(f"{path} is {type(value).__name__}, which vectors do not hold")

    def add(self, array: np.ndarray[Any, Any], path: str) -> str:
        """Add an array, unless an equal one is there; return its name."""
        if array.dtype.kind not in "biuf":
            raise TypeError(f"{path} holds {array.dtype}, which vectors do not")
        key = (array.dtype.str, array.shape, array.tobytes())
        name = self._known.setdefault(key, path)
        self.tensors[name] = array
        return name


def gathered(value: Any, tensors: Mapping[str, np.ndarray[Any, Any]]) -> Any:
    """Put a tree together again.

    >>> gathered({"x": {"tensor": "a"}, "y": {"bytes": "62"}}, {"a": np.ones(1)})
    {'x': array([1.]), 'y': b'b'}

    Raises:
        KeyError: a tensor that it names is not there.
    """
    if isinstance(value, list):
        return [gathered(each, tensors) for each in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"tensor"}:
        return tensors[value["tensor"]].copy()
    if value.keys() == {"bytes"}:
        return bytes.fromhex(value["bytes"])
    return {key: gathered(each, tensors) for key, each in value.items()}
