"""What the contract knows of a pair, and how a case of it is run on both sides."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from hypothesis.strategies import SearchStrategy

from parity_tests.agreement import as_array
from parity_tests.case import Back, Case, as_it_is
from parity_tests.convention import Convention
from parity_tests.expected import expected, yardsticks
from parity_tests.independent import Independent
from parity_tests.law import Law
from parity_tests.lockstep import Comparison, compare_recordings
from parity_tests.pinned import with_rerun
from parity_tests.recording import record
from parity_tests.refusal import Refusal
from parity_tests.shown import Shown

__all__ = ["Case", "Concept"]

Array = np.ndarray[Any, Any]
GradientYardsticks = Callable[[Case, Array], Mapping[str, float]]
Permuted = Callable[[Case, np.random.Generator], tuple[Case, Back]]
Shapes = Mapping[str, tuple[int, ...]]


def no_weights(config: Mapping[str, Any]) -> Shapes:
    """Say that there are no weights."""
    return {}


@dataclass(frozen=True, repr=False, eq=False)
class Concept(Shown):
    """A pair: where it is, what cases it takes, and how a case runs on each side.

    `laws` hold on each side alone, `refusals` on both in the same words. `independent`
    are other people's implementations that it is held against, and `conventions` what
    an implementation of it may declare.
    `weights(config)` gives the names and shapes of the weights that both sides have.
    `answer(result)` is what an implementation from outside would give of what came out.
    `bounds(case)` gives an honest rounding error for each quantity by its name,
    `gradient_yardsticks(case, grad_output)` for each gradient.
    `permuted(case, rng)` gives a case that is equal in exact numbers, and
    `back(name, array)`, which brings the channels of each quantity back into order.
    `on_text(text, seed)` gives cases on a real text, each with what it runs in words.
    `supports` names what it can do beyond the least that one of its kind must do.
    """

    path: str
    class_name: str
    cases: SearchStrategy[Case]
    run_reference: Callable[[Any, Case], Any]
    run_torch: Callable[[Any, Case], Any]
    on_text: Callable[[str, int], list[tuple[str, Case]]]
    laws: tuple[Law, ...]
    refusals: tuple[Refusal, ...]
    independent: tuple[Independent, ...]
    conventions: tuple[Convention, ...] = ()
    supports: frozenset[str] = frozenset()
    weights: Callable[[Mapping[str, Any]], Shapes] = no_weights
    answer: Callable[[Any], Any] = as_array
    bounds: Callable[[Case], Mapping[str, float]] = lambda case: {}
    gradient_yardsticks: GradientYardsticks = lambda case, grad_output: {}
    permuted: Permuted = lambda case, rng: (case, as_it_is)

    def __str__(self) -> str:
        return self.path

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

    def yardsticks(self, case: Case) -> Mapping[str, float]:
        """Return how large rounding is for each quantity of a case, by its name."""
        return yardsticks(self, case)

    def compare(self, case: Case) -> Comparison:
        """Run a case in lockstep; a departure says how to run it again.

        In float64 PyTorch is held to the reference; in float32 both are to the truth.
        """
        held = expected(self, case)
        sides = [record("torch_impl", lambda: self.run_torch(self.torch, case))]
        if held.dtype:
            ours = record("reference", lambda: self.run_reference(self.reference, case))
            sides.insert(0, ours)
        comparison = compare_recordings(
            held.recording, sides, held.yardsticks, held.dtype
        )
        return with_rerun(comparison, self.path, case)
