"""Learning-rate schedules: the rate rises in the warm-up, stays, and decays.

Source: cosine: Loshchilov and Hutter 2017, https://arxiv.org/abs/1608.03983;
        warm-up, stable, decay: Hu et al. 2024, MiniCPM, https://arxiv.org/abs/2404.06395;
        1 - √: Hägele et al. 2024, https://arxiv.org/abs/2405.18392.
Twin:   reference/optimizers/schedules.py
"""

import math

from jaxtyping import Float
from torch import Tensor

Rate = float | Float[Tensor, "..."]


def learning_rate(
    step: int,
    peak: Rate,
    *,
    total_steps: int,
    warmup_steps: int = 0,
    decay_steps: int | None = None,
    floor: float = 0.0,
    warmup: str = "from_one",
    decay: str = "cosine",
) -> Rate:
    """Return the rate of a step; the first is step 0, the last `total_steps` - 1.

    Without `decay_steps` all steps after the warm-up decay, as in a cosine schedule;
    with it the rate stays at its peak until then: warm-up, stable, decay. `peak` may be
    a tensor with one rate for each group of parameters.

    `warmup` names a convention: (t + 1) / w is "from_one", whose step 0 already
    learns; t / w is "from_zero", whose step 0 changes nothing.

    It is a number of the host, for `torch.optim.lr_scheduler.LambdaLR`, which
    multiplies the rate of each group by it, or for `group["lr"]` before each step.

    >>> import torch
    >>> from functools import partial
    >>> optimizer = torch.optim.SGD([torch.zeros(1)], lr=3.0)
    >>> share = partial(learning_rate, peak=1.0, total_steps=4, warmup_steps=2)
    >>> torch.optim.lr_scheduler.LambdaLR(optimizer, share).get_last_lr()
    [1.5]

    Raises:
        ValueError: a step is negative, a name unknown, or warm-up and decay are longer
            than all steps.
    """
    if decay_steps is None:
        decay_steps = total_steps - warmup_steps
    check_schedule(step, total_steps, warmup_steps, decay_steps, warmup, decay)

    # 1. Warm-up: the share of the peak, which grows by 1 / w a step.
    share = WARMUPS[warmup](step, warmup_steps) if step < warmup_steps else 1.0

    # 2. Decay: what remains of the peak as progress goes from 0 to 1, and stays there.
    steps_in_decay = max(step - (total_steps - decay_steps), 0)
    progress = min(steps_in_decay / decay_steps, 1.0)
    remaining = DECAYS[decay](progress)

    # 3. Learning rate: from the peak to the floor.
    rate = share * (floor + (peak - floor) * remaining)
    return rate


def from_one(step: int, warmup_steps: int) -> float:
    """Count steps from 1: the first of w has 1 / w, the last the whole peak."""
    return (step + 1) / warmup_steps


def from_zero(step: int, warmup_steps: int) -> float:
    """Count steps from 0: the first has a rate of 0, the last less than the peak."""
    return step / warmup_steps


def cosine(progress: float) -> float:
    """Half a wave, flat at both ends.

    >>> cosine(0.0), cosine(1.0)
    (1.0, 0.0)
    """
    return 0.5 * (1.0 + math.cos(math.pi * progress))


def linear(progress: float) -> float:
    """Fall by the same amount each step."""
    return 1.0 - progress


def one_minus_sqrt(progress: float) -> float:
    """Fall fast at first: after a quarter of the decay half of the peak remains."""
    return 1.0 - math.sqrt(progress)


WARMUPS = {"from_one": from_one, "from_zero": from_zero}
DECAYS = {"cosine": cosine, "linear": linear, "one_minus_sqrt": one_minus_sqrt}


def check_schedule(
    step: int,
    total_steps: int,
    warmup_steps: int,
    decay_steps: int,
    warmup: str,
    decay: str,
) -> None:
    """Check that the steps of a schedule fit, and that its names are known."""
    for name, steps in (("step", step), ("warmup_steps", warmup_steps)):
        if steps < 0:
            raise ValueError(f"{name} must be at least 0, got {steps}")
    if decay_steps < 1:
        raise ValueError(f"decay_steps must be at least 1, got {decay_steps}")
    if warmup_steps + decay_steps > total_steps:
        rule = "warm-up and decay must fit into total_steps"
        numbers = f"{warmup_steps} + {decay_steps} of {total_steps}"
        raise ValueError(f"{rule}, got {numbers}")
    for kind, name, known in (("warmup", warmup, WARMUPS), ("decay", decay, DECAYS)):
        if name not in known:
            raise ValueError(f"{kind} must be one of {', '.join(known)}, got {name!r}")
