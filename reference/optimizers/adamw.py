"""AdamW: every number moves by its own mean gradient, in units of the gradient's size.

Source: Kingma and Ba 2015, https://arxiv.org/abs/1412.6980, algorithm 1; decoupled
        weight decay: Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101.
Twin:   torch_impl/optimizers/adamw.py
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from jaxtyping import Float


def adamw_step(
    parameter: Float[np.ndarray, "..."],
    gradient: Float[np.ndarray, "..."],
    first_moment: Float[np.ndarray, "..."],
    second_moment: Float[np.ndarray, "..."],
    *,
    step: int,
    lr: float,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.01,
) -> tuple[
    Float[np.ndarray, "..."], Float[np.ndarray, "..."], Float[np.ndarray, "..."]
]:
    """Return parameter and moments after one step; the moments begin at zero.

    `step` counts from 1. eps is added to the root after its bias is corrected, as in
    PyTorch and in the paper's algorithm.

    >>> one, zero = np.array([1.0]), np.array([0.0])
    >>> half = {"step": 1, "lr": 0.5, "betas": (0.5, 0.5), "eps": 0.0}
    >>> adamw_step(one, -4 * one, zero, zero, **half, weight_decay=0.5)
    (array([1.25]), array([-2.]), array([8.]))

    Raises:
        ValueError: the step is below 1, a beta not in [0, 1), or a number negative.
    """
    check_adamw(step, lr, betas, eps, weight_decay)
    beta1, beta2 = betas

    # 1. Weight decay: of the parameter itself, decoupled from the gradient.
    decayed = parameter * (1 - lr * weight_decay)

    # 2. First moment: the running mean of gradients.
    first_moment = beta1 * first_moment + (1 - beta1) * gradient

    # 3. Second moment: the running mean of their squares.
    second_moment = beta2 * second_moment + (1 - beta2) * gradient * gradient

    # 4. Bias correction: means that began at zero are too small by 1 - βᵗ.
    mean = first_moment / (1 - beta1**step)
    root_mean_square = np.sqrt(second_moment) / (1 - beta2**step) ** 0.5

    # 5. Update: about lr in each number, less where gradients change their sign.
    parameter = decayed - lr * mean / (root_mean_square + eps)
    return parameter, first_moment, second_moment


class AdamW:
    """Steps of many parameters, in place; `lr` may be set before each one.

    `groups` are in the form of PyTorch's, `decay_groups` makes them. What is in
    `state_dict` is all there is: a run that is resumed goes on to the last bit.

    >>> weight = np.ones((1, 2))
    >>> optimizer = AdamW(decay_groups([("weight", weight)], weight_decay=0.1), lr=0.5)
    >>> optimizer.step({"weight": np.array([[2.0, 0.0]])})
    >>> weight.round(6)
    array([[0.45, 0.95]])
    """

    def __init__(
        self,
        groups: Iterable[Mapping[str, Any]],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ):
        self.groups, self.lr, self.betas, self.eps = [*groups], lr, betas, eps
        self.steps = 0
        self.moments = {
            name: (np.zeros_like(parameter), np.zeros_like(parameter))
            for group in self.groups
            for name, parameter in group["params"]
        }

    def step(self, gradients: Mapping[str, Float[np.ndarray, "..."]]) -> None:
        """Change every parameter in place by its gradient, which goes by its name."""
        self.steps += 1
        for group in self.groups:
            for name, parameter in group["params"]:
                parameter[...], *moments = adamw_step(
                    parameter,
                    gradients[name],
                    *self.moments[name],
                    step=self.steps,
                    lr=self.lr,
                    betas=self.betas,
                    eps=self.eps,
                    weight_decay=group["weight_decay"],
                )
                self.moments[name] = (moments[0], moments[1])

    def state_dict(self) -> dict[str, Any]:
        """Copy the number of steps and, by name, both moments."""
        copies = {n: (m.copy(), v.copy()) for n, (m, v) in self.moments.items()}
        return {"steps": self.steps, "moments": copies}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state of the same parameters.

        Raises:
            ValueError: the state is that of other parameters.
        """
        if (got := sorted(state["moments"])) != sorted(self.moments):
            rule = f"the state must be that of {sorted(self.moments)}"
            raise ValueError(f"{rule}, got that of {got}")
        self.steps = state["steps"]
        for name, (first, second) in state["moments"].items():
            self.moments[name] = (first.copy(), second.copy())


def decay_groups(
    named_parameters: Iterable[tuple[str, Float[np.ndarray, "..."]]],
    weight_decay: float,
) -> list[dict[str, Any]]:
    """Let matrices and embeddings decay, and what has one axis, norms and biases, not.

    A parameter with two names must come once, as `named_parameters` yields it.

    >>> both = [("weight", np.ones((2, 2))), ("bias", np.ones(2))]
    >>> [(g["params"][0][0], g["weight_decay"]) for g in decay_groups(both, 0.1)]
    [('weight', 0.1), ('bias', 0.0)]
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
