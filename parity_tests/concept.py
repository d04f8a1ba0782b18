"""What the contract knows of a pair, and how a case of it is run on both sides."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from hypothesis.strategies import SearchStrategy

from parity_tests.case import Case
from parity_tests.lockstep import Comparison, compare_in_lockstep
from parity_tests.pinned import with_rerun

__all__ = ["Case", "Concept"]

Array = np.ndarray[Any, Any]
GradientYardsticks = Callable[[Case, Array], Mapping[str, float]]
Permuted = Callable[[Case, np.random.Generator], tuple[Case, Any]]


@dataclass(frozen=True)
class Concept:
    """A pair: where it is, what cases it takes, and how a case runs on each side.

    `yardsticks(case)` gives an honest rounding error for each quantity by its name,
    `gradient_yardsticks(case, grad_output)` for each gradient.
    `permuted(case, rng)` gives a case that is equal in exact numbers, and how to bring
    the channels of what comes out back into order.
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
    permuted: Permuted = lambda case, rng: (case, slice(None))

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
        """Run a case in lockstep; a departure says how to run it again."""
        comparison = compare_in_lockstep(
            lambda: self.run_reference(self.reference, case),
            lambda: self.run_torch(self.torch, case),
            self.yardsticks(case),
        )
        return with_rerun(comparison, self.path, case)
