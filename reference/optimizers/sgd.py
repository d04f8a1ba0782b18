"""Stochastic gradient descent with momentum: gradients push, parameters keep rolling.

Source: Sutskever et al. 2013, "On the importance of initialization and momentum in deep
        learning"; momentum in the form of PyTorch.
Twin:   torch_impl/optimizers/sgd.py
"""

import numpy as np
from jaxtyping import Float


def sgd_step(
    parameter: Float[np.ndarray, "..."],
    gradient: Float[np.ndarray, "..."],
    velocity: Float[np.ndarray, "..."],
    *,
    lr: float,
    momentum: float = 0.0,
    weight_decay: float = 0.0,
) -> tuple[Float[np.ndarray, "..."], Float[np.ndarray, "..."]]:
    """Return parameter and velocity after one step; the velocity begins at zero.

    Weight decay is coupled: it goes through the velocity, as an L2 penalty does. The
    rate is no part of the velocity, so that a schedule acts at once.

    >>> one, zero = np.array([1.0]), np.array([0.0])
    >>> parameter, velocity = sgd_step(one, one, zero, lr=0.5, momentum=0.5)
    >>> parameter, velocity
    (array([0.5]), array([1.]))
    >>> sgd_step(parameter, one, velocity, lr=0.5, momentum=0.5)
    (array([-0.25]), array([1.5]))

    Raises:
        ValueError: a rate, a momentum or a decay is negative.
    """
    check_sgd(lr, momentum, weight_decay)

    # 1. Weight decay: the gradient of ½ λ ‖parameter‖², added to that of the loss.
    total_gradient = gradient + weight_decay * parameter

    # 2. Velocity: what is left of the last one, and the gradient.
    velocity = momentum * velocity + total_gradient

    # 3. Update: downhill, by the rate.
    parameter = parameter - lr * velocity
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
