"""Gradient clipping: gradients that are too long together are shortened together.

Source: Pascanu et al. 2013, https://arxiv.org/abs/1211.5063, norm clipping.
Twin:   reference/optimizers/clip.py
"""

from collections.abc import Mapping

from jaxtyping import Float
from torch import Tensor, nn


def clip_gradients(
    gradients: Mapping[str, Float[Tensor, "..."]], max_norm: float
) -> tuple[dict[str, Float[Tensor, "..."]], Float[Tensor, ""]]:
    """Scale all gradients so that their common norm is at most `max_norm`.

    Returned beside them is the norm that they had before; nothing waits for it on the
    host. `nn.utils.clip_grad_norm_` does the same in place, on `parameter.grad`.

    >>> import torch
    >>> gradients = {"weight": torch.tensor([[3.0, 0.0]]), "bias": torch.tensor([4.0])}
    >>> clipped, norm = clip_gradients(gradients, max_norm=1.0)
    >>> norm, clipped["bias"]
    (tensor(5.), tensor([0.8000]))

    Raises:
        ValueError: max_norm is not above 0.
    """
    if not max_norm > 0:
        raise ValueError(f"max_norm must be above 0, got {max_norm}")

    # 1. Norm: of all gradients as one vector.
    norm = nn.utils.get_total_norm(gradients.values())

    # 2. Factor: below 1 only if the norm is above the limit.
    factor = (max_norm / (norm + 1e-6)).clamp(max=1.0)

    # 3. Scale: every gradient by the same factor, so that the direction stays.
    clipped = {name: gradient * factor for name, gradient in gradients.items()}
    return clipped, norm
