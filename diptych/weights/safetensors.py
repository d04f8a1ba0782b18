"""Read and write safetensors by their package; bfloat16 becomes float32."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def read_safetensors(path: Path) -> dict[str, Array]:
    """Read every tensor of floating-point numbers.

    Raises:
        ValueError: the file is none of this kind, or broken.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        tensors = load_file(path)
    except (SafetensorError, ValueError, KeyError) as error:
        rule = f"{path.name} is no safetensors file"
        raise ValueError(f"{rule}: {error}") from None
    wide = {n: t.float() if t.dtype.itemsize < 4 else t for n, t in tensors.items()}
    return {name: tensor.numpy() for name, tensor in wide.items()}


def write_safetensors(path: Path, tensors: Mapping[str, Array]) -> None:
    """Write arrays by name, marked as PyTorch's layout, as transformers wants it."""
    from safetensors.numpy import save_file

    ordered = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    save_file(ordered, path, metadata={"format": "pt"})
