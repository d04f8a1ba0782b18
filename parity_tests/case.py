"""One thing to run on both sides, as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Case:
    """One thing to run on both sides, as plain data.

    `config` has the constructor's arguments by name, `weights` the state by name,
    `inputs` what goes in by name (`x`, and `keep` where dropout is active).
    """

    config: Mapping[str, Any]
    inputs: Mapping[str, Any]
    weights: Mapping[str, np.ndarray[Any, Any]] = field(default_factory=dict)
    training: bool = False
    seed: int = 0
