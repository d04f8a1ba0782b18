"""AdamW: every number moves by its own mean gradient, in units of the gradient's size.

Source: Kingma and Ba 2015, https://arxiv.org/abs/1412.6980, algorithm 1; decoupled
        weight decay: Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101.
Twin:   reference/optimizers/adamw.py
"""

from collections.abc import Iterable
from typing import Any

from jaxtyping import Float
from torch import Tensor
from torch.optim import AdamW as AdamW  # the class is PyTorch's own


def adamw_step(
    parameter: Float[Tensor, "..."],
    gradient: Float[Tensor, "..."],
    first_moment: Float[Tensor, "..."],
    second_moment: Float[Tensor, "..."],
    *,
    step: int,
    lr: float,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.01,
) -> tuple[Float[Tensor, "..."], Float[Tensor, "..."], Float[Tensor, "..."]]:
    """Return parameter and moments after one step; the moments begin at zero.

    `step` counts from 1. It is what `torch.optim.AdamW` does to every parameter, in
    place, as a function to compile.

    >>> import torch
    >>> one, zero = torch.tensor([1.0]), torch.tensor([0.0])
    >>> half = {"step": 1, "lr": 0.5, "betas": (0.5, 0.5), "eps": 0.0}
    >>> adamw_step(one, -4 * one, zero, zero, **half, weight_decay=0.5)
    (tensor([1.2500]), tensor([-2.]), tensor([8.]))

    Raises:
        ValueError: the step is below 1, a beta not in [0, 1), or a number negative.
    """
    check_adamw(step, lr, betas, eps, weight_decay)
    beta1, beta2 = betas

    # 1. Weight decay: of the parameter itself, decoupled from the gradient.
    decayed = parameter * (1 - lr * weight_decay)

    # 2. First moment: the running mean of gradients.
    first_moment = first_moment.lerp(gradient, 1 - beta1)

    # 3. Second moment: the running mean of their squares.
    second_moment = second_moment.mul(beta2).addcmul_(
        gradient, gradient, value=1 - beta2
    )

    # 4. Bias correction: means that began at zero are too small by 1 - βᵗ.
    mean = first_moment / (1 - beta1**step)
    root_mean_square = second_moment.sqrt() / (1 - beta2**step) ** 0.5

    # 5. Update: about lr in each number, less where gradients change their sign.
    parameter = decayed.addcdiv(mean, root_mean_square + eps, value=-lr)
    return parameter, first_moment, second_moment


def decay_groups(
    named_parameters: Iterable[tuple[str, Float[Tensor, "..."]]],
    weight_decay: float,
) -> list[dict[str, Any]]:
    """Let matrices and embeddings decay, and what has one axis, norms and biases, not.

    A parameter with two names must come once, as `named_parameters` yields it.

    >>> from torch import nn
    >>> groups = decay_groups(nn.Linear(2, 2).named_parameters(), weight_decay=0.1)
    >>> optimizer = AdamW(groups, lr=1e-3, fused=True)
    >>> [(g["param_names"], g["weight_decay"]) for g in optimizer.param_groups]
    [(['weight'], 0.1), (['bias'], 0.0)]
    """
    named = [*named_parameters]
    matrices = [(name, each) for name, each in named if each.ndim >= 2]
    rest = [(name, each) for name, each in named if each.ndim < 2]
    return [
        {"params": matrices, "weight_decay": weight_decay},
        {"params": rest, "weight_decay": 0.0},
    ]


def check_adamw(
    step: int, lr: float, betas: tuple[float, float], eps: float, weight_decay: float
) -> None:
    """Check that a step counts from 1, and that numbers are in their range."""
    if step < 1:
        raise ValueError(f"step must be at least 1, got {step}")
    for beta in betas:
        if not 0 <= beta < 1:
            raise ValueError(f"betas must be in [0, 1), got {beta}")
    named = {"lr": lr, "eps": eps, "weight_decay": weight_decay}
    for name, number in named.items():
        if not number >= 0:
            raise ValueError(f"{name} must be at least 0, got {number}")
