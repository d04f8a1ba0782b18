"""The loop: every backend takes the same steps on the same batches."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from diptych.training.batches import Batches
from diptych.training.by_numpy import NumpyTrainer
from diptych.training.by_torch import TorchTrainer
from diptych.training.checking import StepChecker, quantities_of
from diptych.training.recipe import Recipe
from diptych.training.state import State, Trainer, initial_state, take_step

TRAINERS: dict[str, Callable[[Recipe, State], Trainer]] = {
    "numpy": NumpyTrainer,
    "torch": TorchTrainer,
}
LIMIT = 1e-12  # of the difference between two losses in float64


@dataclass
class Run:
    """Backends that learn side by side; `losses` has those of each, step by step."""

    recipe: Recipe
    trainers: list[Trainer]
    losses: dict[str, list[float]]
    first_difference: str = ""
    position: int = field(default=0)  # in the data: the number of the next batch

    @classmethod
    def begin(cls, recipe: Recipe, backends: Sequence[str]) -> "Run":
        """Begin all backends with the same parameters."""
        state = initial_state(recipe)
        trainers = [TRAINERS[name](recipe, state) for name in backends]
        return cls(recipe, trainers, {name: [] for name in backends})

    def steps(
        self, batches: Batches, checker: StepChecker | None = None
    ) -> Iterator[int]:
        """Take the steps that are left, and yield the number of each, from 1.

        With a checker, each step of PyTorch is compared with one of the reference that
        begins with the same numbers; the first quantity that differs ends the run.
        """
        while self.position < self.recipe.steps and not self.first_difference:
            batch = batches[self.position]
            for trainer in self.trainers:
                if checker and trainer.name == "torch":
                    before = trainer.state()
                    found = quantities_of(trainer, batch)
                    loss = float(found["loss"])
                    reason = checker.first_difference(before, found, batch)
                    self.first_difference = reason
                else:
                    loss = take_step(trainer, batch)
                self.losses[trainer.name].append(loss)
            self.position += 1
            yield self.position

    @property
    def differences(self) -> list[float]:
        """How far the losses of the two backends are apart at each step.

        >>> Run(Recipe(), [], {"numpy": [2.0], "torch": [2.5]}).differences
        [0.5]
        """
        pairs = zip(*self.losses.values(), strict=True)
        return [max(losses) - min(losses) for losses in pairs]
