"""One thing to run on both sides, as plain data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Back = Callable[[str, np.ndarray[Any, Any]], np.ndarray[Any, Any]]
"""Brings the channels of an array into order, by the name of what it holds."""


@dataclass(frozen=True, eq=False)
class Case:
    """One thing to run on both sides, as plain data; equal to itself alone.

    `config` has the constructor's arguments by name, `weights` the state by name,
    `inputs` what goes in by name (`x`, and `keep` where dropout is active).
    """

    config: Mapping[str, Any]
    inputs: Mapping[str, Any]
    weights: Mapping[str, np.ndarray[Any, Any]] = field(default_factory=dict)
    training: bool = False
    seed: int = 0

    def stream(self, purpose: str) -> np.random.Generator:
        """Begin the random numbers of one purpose: other purposes have others.

        What goes in was drawn from the seed itself. A gradient drawn from it too could
        be equal to it, and then nothing that takes one for the other shows.
        """
        return np.random.default_rng([self.seed, *purpose.encode()])


def as_it_is(name: str, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Bring an array into order where nothing was moved."""
    return array
