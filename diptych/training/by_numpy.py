"""Training in NumPy: the backward pass and the optimizer are written by hand.

Twin: by_torch.py
"""

import numpy as np

from diptych.training.recipe import Recipe
from diptych.training.state import Array, Batch, State, n_tokens
from reference.losses.cross_entropy import cross_entropy, cross_entropy_backward
from reference.models.generation import generate
from reference.models.gpt import GPT
from reference.optimizers.adamw import AdamW, decay_groups
from reference.optimizers.clip import clip_gradients
from reference.optimizers.schedules import learning_rate
from reference.tape import Tape


class NumpyTrainer:
    """A GPT and its AdamW, from a state on."""

    name = "numpy"

    def __init__(self, recipe: Recipe, state: State):
        self.recipe = recipe
        self.model = GPT(**recipe.model).to(getattr(np, recipe.dtype))
        self.model.load_state_dict(state.parameters)
        self.optimizer = optimizer_of(self.model, recipe, state)
        self.by_name: dict[str, Array] = {}

    def backward(self, *batches: Batch) -> float:
        """Compute the loss of all batches together, and its gradients."""
        loss, tape, total = 0.0, Tape(), n_tokens(batches)
        for inputs, targets in batches:
            # 1. Forward: the logits of every token's successor.
            logits = self.model(inputs, tape)

            # 2. Loss: a batch counts as much as it has tokens.
            share = targets.size / total
            loss += float(cross_entropy(logits, targets)) * share

            # 3. Backward: gradients of all batches add up on the tape.
            grad_logits = cross_entropy_backward(share, logits, targets)
            self.model.backward(grad_logits, tape)
        self.by_name = tape.gradients(self.model)
        return loss

    def update(self) -> None:
        """Clip the gradients, and change the parameters by them."""
        recipe = self.recipe

        # 4. Clip: all gradients as one vector.
        self.by_name, _ = clip_gradients(self.by_name, recipe.max_norm)

        # 5. Learning rate: that of this step.
        rate = recipe.rate(self.optimizer.steps)
        lr = learning_rate(peak=recipe.peak, floor=recipe.floor, **rate)
        self.optimizer.lr = float(lr)

        # 6. Update: AdamW changes the parameters in place.
        self.optimizer.step(self.by_name)

    def gradients(self) -> dict[str, Array]:
        """Copy the gradients as they are now: before or after they were clipped."""
        return {name: gradient.copy() for name, gradient in self.by_name.items()}

    def state(self) -> State:
        """Copy all that the next step depends on, but for the data."""
        parameters = {n: p.copy() for n, p in self.model.named_parameters()}
        moments = self.optimizer.state_dict()["moments"]
        first = {name: moments[name][0] for name in parameters}
        second = {name: moments[name][1] for name in parameters}
        return State(self.optimizer.steps, parameters, first, second)

    def generate(self, ids: Array, draws: Array, temperature: float) -> Array:
        """Go on with a text (T,), one token for each draw."""
        one_text, rows = ids[None], draws[:, None]
        new = generate(self.model, one_text, len(draws), temperature, draws=rows)
        return np.concatenate([*new])


def optimizer_of(model: GPT, recipe: Recipe, state: State) -> AdamW:
    """Make the optimizer of a model, with the moments of a state."""
    groups = decay_groups(model.named_parameters(), recipe.weight_decay)
    optimizer = AdamW(groups, recipe.peak, recipe.betas, recipe.eps)
    moments = {
        name: (state.first_moments[name], state.second_moments[name])
        for name in optimizer.moments
    }
    optimizer.load_state_dict({"steps": state.steps, "moments": moments})
    return optimizer
