"""Training in PyTorch: autograd, and the optimizer that everybody uses.

Twin: by_numpy.py
"""

from collections.abc import Mapping

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

from diptych.training.recipe import Recipe
from diptych.training.state import Array, Batch, State, n_tokens
from torch_impl.losses.cross_entropy import cross_entropy
from torch_impl.models.generation import generate
from torch_impl.models.gpt import GPT
from torch_impl.optimizers.adamw import AdamW, decay_groups
from torch_impl.optimizers.schedules import learning_rate


class TorchTrainer:
    """A GPT, its AdamW and its schedule, from a state on."""

    name = "torch"

    def __init__(self, recipe: Recipe, state: State):
        self.recipe = recipe
        self.model = GPT(**recipe.model).to(getattr(torch, recipe.dtype))
        self.model.load_state_dict(tensors(state.parameters))
        self.optimizer = optimizer_of(self.model, recipe, state)
        self.scheduler = LambdaLR(
            self.optimizer, self.share_of_peak, last_epoch=state.steps - 1
        )

    def share_of_peak(self, step: int) -> float:
        """Compute by what the schedule multiplies the peak; steps count from 0."""
        floor = self.recipe.floor / self.recipe.peak
        return float(learning_rate(peak=1.0, floor=floor, **self.recipe.rate(step)))

    def backward(self, *batches: Batch) -> float:
        """Compute the loss of all batches together, and its gradients."""
        total_loss, total = 0.0, n_tokens(batches)
        self.optimizer.zero_grad()
        for inputs, targets in batches:
            # 1. Forward: the logits of every token's successor.
            logits = self.model(torch.from_numpy(inputs))

            # 2. Loss: a batch counts as much as it has tokens.
            share = targets.size / total
            loss = cross_entropy(logits, torch.from_numpy(targets)) * share

            # 3. Backward: gradients of all batches add up in `parameter.grad`.
            loss.backward()
            total_loss += loss.item()
        return total_loss

    def update(self) -> None:
        """Clip the gradients, and change the parameters by them."""
        # 4. Clip: all gradients as one vector.
        nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.max_norm)

        # 5-6. Update: AdamW changes the parameters in place, at the rate of this step;
        # then the schedule sets the rate of the next.
        self.optimizer.step()
        self.scheduler.step()

    def gradients(self) -> dict[str, Array]:
        """Copy the gradients as they are now: before or after they were clipped."""
        named = self.model.named_parameters()
        return {n: p.grad.numpy().copy() for n, p in named if p.grad is not None}

    def state(self) -> State:
        """Copy all that the next step depends on, but for the data."""
        named = dict(self.model.named_parameters())
        first, second = (
            {n: self.optimizer.state[p][key].numpy().copy() for n, p in named.items()}
            for key in ("exp_avg", "exp_avg_sq")
        )
        parameters = {n: p.detach().numpy().copy() for n, p in named.items()}
        return State(self.scheduler.last_epoch, parameters, first, second)

    def generate(self, ids: Array, draws: Array, temperature: float) -> Array:
        """Go on with a text (T,), one token for each draw."""
        one_text, rows = torch.from_numpy(ids)[None], torch.from_numpy(draws)[:, None]
        new = generate(self.model, one_text, len(draws), temperature, draws=rows)
        return torch.cat([*new]).numpy()


def optimizer_of(model: GPT, recipe: Recipe, state: State) -> AdamW:
    """Make the optimizer of a model, with the moments of a state."""
    optimizer = AdamW(
        decay_groups(model.named_parameters(), recipe.weight_decay),
        lr=recipe.peak,
        betas=recipe.betas,
        eps=recipe.eps,
        fused=True,
    )
    for group in optimizer.param_groups:
        group["initial_lr"] = recipe.peak  # which a schedule asks for that goes on
    first, second = tensors(state.first_moments), tensors(state.second_moments)
    for name, parameter in model.named_parameters():
        optimizer.state[parameter] = {
            "step": torch.tensor(float(state.steps)),
            "exp_avg": first[name],
            "exp_avg_sq": second[name],
        }
    return optimizer


def tensors(arrays: Mapping[str, Array]) -> dict[str, torch.Tensor]:
    """Copy arrays to tensors."""
    return {name: torch.tensor(array) for name, array in arrays.items()}
