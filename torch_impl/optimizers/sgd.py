"""Stochastic gradient descent with momentum: gradients push, parameters keep rolling.

Source: Sutskever et al. 2013, "On the importance of initialization and momentum in deep
        learning"; momentum in the form of PyTorch.
Twin:   reference/optimizers/sgd.py
"""

from jaxtyping import Float
from torch import Tensor


def sgd_step(
    parameter: Float[Tensor, "..."],
    gradient: Float[Tensor, "..."],
    velocity: Float[Tensor, "..."],
    *,
    lr: float,
    momentum: float = 0.0,
    weight_decay: float = 0.0,
) -> tuple[Float[Tensor, "..."], Float[Tensor, "..."]]:
    """Return parameter and velocity after one step; the velocity begins at zero.

    Weight decay is coupled: it goes through the velocity, as an L2 penalty does. It is
    what `torch.optim.SGD` does to every parameter, in place, as a function to compile.

    >>> import torch
    >>> one, zero = torch.tensor([1.0]), torch.tensor([0.0])
    >>> parameter, velocity = sgd_step(one, one, zero, lr=0.5, momentum=0.5)
    >>> parameter, velocity
    (tensor([0.5000]), tensor([1.]))
    >>> sgd_step(parameter, one, velocity, lr=0.5, momentum=0.5)
    (tensor([-0.2500]), tensor([1.5000]))

    Raises:
        ValueError: a rate, a momentum or a decay is negative.
    """
    check_sgd(lr, momentum, weight_decay)

    # 1. Weight decay: the gradient of ½ λ ‖parameter‖², added to that of the loss.
    total_gradient = gradient.add(parameter, alpha=weight_decay)

    # 2. Velocity: what is left of the last one, and the gradient.
    velocity = velocity.mul(momentum).add_(total_gradient)

    # 3. Update: downhill, by the rate.
    parameter = parameter.add(velocity, alpha=-lr)
    return parameter, velocity


def check_sgd(lr: float, momentum: float, weight_decay: float) -> None:
    """Check that no number is negative.

    >>> check_sgd(lr=-1.0, momentum=0.9, weight_decay=0.0)
    Traceback (most recent call last):
    ValueError: lr must be at least 0, got -1.0
    """
    named = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}
    for name, number in named.items():
        if not number >= 0:
            raise ValueError(f"{name} must be at least 0, got {number}")
