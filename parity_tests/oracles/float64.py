"""Make code that computes in float32, whatever it is given, compute in float64.

Libraries write `softmax(scores, dtype=torch.float32)` or `x.float()`, so in float64
they are off by 1e-7 and no oracle. In their modules the name `torch` is replaced by a
proxy whose `float32` is float64, and during a call `Tensor.float` is `double`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any
from unittest.mock import patch

import torch

WIDE = {"float32": torch.float64, "float": torch.float64}


class Float64Torch:
    """The module `torch`, in which float32 is called what float64 is.

    >>> Float64Torch().float32, Float64Torch().int64
    (torch.float64, torch.int64)
    """

    def __getattr__(self, name: str) -> Any:
        return WIDE[name] if name in WIDE else getattr(torch, name)


@contextmanager
def in_float64(*modules: ModuleType) -> Iterator[None]:
    """Let the code of these modules compute in float64 within the block.

    What a module made before, such as a buffer of frequencies, has to be set by hand.

    >>> import types
    >>> theirs = types.ModuleType("theirs")
    >>> theirs.torch = torch
    >>> exec("def half(x): return (x.float() / 2).to(torch.float32)", vars(theirs))
    >>> x = torch.ones(1, dtype=torch.float64)
    >>> theirs.half(x).dtype
    torch.float32
    >>> with in_float64(theirs):
    ...     theirs.half(x).dtype
    torch.float64
    """
    proxy = Float64Torch()
    patches: list[Any] = [patch.object(each, "torch", proxy) for each in modules]
    patches.append(patch.object(torch.Tensor, "float", torch.Tensor.double))
    for each in patches:
        each.start()
    try:
        yield
    finally:
        for each in reversed(patches):
            each.stop()
