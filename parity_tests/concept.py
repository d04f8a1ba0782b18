"""What the contract knows of a pair, and how a case of it is run on both sides."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np
from hypothesis.strategies import SearchStrategy

from parity_tests.lockstep import Comparison, compare_in_lockstep

GradientYardsticks = Callable[["Case", np.ndarray[Any, Any]], Mapping[str, float]]


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


@dataclass(frozen=True)
class Concept:
    """A pair: where it is, what cases it takes, and how a case runs on each side.

    `yardsticks(case)` gives an honest rounding error for each quantity by its name,
    `gradient_yardsticks(case, grad_output)` for each gradient.
    `on_text(text, seed)` gives cases on a real text, each with what it runs in words.
    `supports` names what it can do beyond the least that one of its kind must do.
    """

    path: str
    class_name: str
    cases: SearchStrategy[Case]
    run_reference: Callable[[Any, Case], Any]
    run_torch: Callable[[Any, Case], Any]
    on_text: Callable[[str, int], list[tuple[str, Case]]]
    supports: frozenset[str] = frozenset()
    yardsticks: Callable[[Case], Mapping[str, float]] = lambda case: {}
    gradient_yardsticks: GradientYardsticks = lambda case, grad_output: {}

    @property
    def name(self) -> str:
        """The last part of the path, by which the command line knows the pair."""
        return self.path.rpartition("/")[2]

    @property
    def group(self) -> str:
        """The folder of the pair."""
        return self.path.partition("/")[0]

    @property
    def has_gradients(self) -> bool:
        """Whether the NumPy class says by hand how gradients flow back."""
        return "backward" in vars(self.reference)

    @property
    def reference(self) -> Any:
        """The NumPy class."""
        return getattr(import_module("reference"), self.class_name)

    @property
    def torch(self) -> Any:
        """The PyTorch class."""
        return getattr(import_module("torch_impl"), self.class_name)

    def compare(self, case: Case) -> Comparison:
        """Run a case on both sides in lockstep."""
        return compare_in_lockstep(
            lambda: self.run_reference(self.reference, case),
            lambda: self.run_torch(self.torch, case),
            self.yardsticks(case),
        )
