"""All that a backend carries from one step to the next, as plain arrays."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from diptych.training.recipe import Recipe
from reference.models.gpt import GPT

Array = np.ndarray[Any, Any]
Batch = tuple[Array, Array]  # inputs and targets, (B, T) each
PARTS = ("parameters", "first_moments", "second_moments")  # of a state


@dataclass(frozen=True)
class State:
    """Parameters and moments by name, after a number of steps."""

    steps: int
    parameters: Mapping[str, Array]
    first_moments: Mapping[str, Array]
    second_moments: Mapping[str, Array]


class Trainer(Protocol):
    """One backend that learns."""

    name: str

    def backward(self, *batches: Batch) -> float:
        """Compute the loss of all batches together, and its gradients."""

    def update(self) -> None:
        """Clip the gradients, and change the parameters by them."""

    def gradients(self) -> dict[str, Array]:
        """Copy the gradients as they are now: before or after they were clipped."""

    def state(self) -> State:
        """Copy all that the next step depends on, but for the data."""

    def generate(self, ids: Array, draws: Array, temperature: float) -> Array:
        """Go on with a text (T,), one token for each draw."""


def initial_state(recipe: Recipe) -> State:
    """Draw parameters by the seed of a recipe; the moments are zero.

    Both backends begin with the same numbers, which NumPy draws.
    """
    rng = np.random.default_rng(recipe.seed)
    model = GPT(**recipe.model, rng=rng).to(getattr(np, recipe.dtype))
    parameters = model.state_dict()
    zeros = {name: np.zeros_like(array) for name, array in parameters.items()}
    return State(0, parameters, zeros, zeros)


def take_step(trainer: Trainer, *batches: Batch) -> float:
    """Let a backend learn from one step; return the loss before it."""
    loss = trainer.backward(*batches)
    trainer.update()
    return loss


def n_tokens(batches: tuple[Batch, ...]) -> int:
    """Count the tokens of a step: each has an equal share in the loss."""
    return sum(targets.size for _, targets in batches)
