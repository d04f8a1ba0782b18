"""Gradient clipping: gradients that are too long together are shortened together.

Source: Pascanu et al. 2013, https://arxiv.org/abs/1211.5063, norm clipping.
Twin:   torch_impl/optimizers/clip.py
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float


def clip_gradients(
    gradients: Mapping[str, Float[np.ndarray, "..."]], max_norm: float
) -> tuple[dict[str, Float[np.ndarray, "..."]], np.floating[Any]]:
    """Scale all gradients so that their common norm is at most `max_norm`.

    Returned beside them is the norm that they had before. An infinite `max_norm` only
    measures it.

    >>> gradients = {"weight": np.array([[3.0, 0.0]]), "bias": np.array([4.0])}
    >>> clipped, norm = clip_gradients(gradients, max_norm=1.0)
    >>> float(norm), clipped["bias"].round(4)
    (5.0, array([0.8]))

    Raises:
        ValueError: max_norm is not above 0.
    """
    if not max_norm > 0:
        raise ValueError(f"max_norm must be above 0, got {max_norm}")

    # 1. Norm: of all gradients as one vector.
    sums = [(gradient * gradient).sum() for gradient in gradients.values()]
    norm = np.sqrt(np.stack(sums).sum())

    # 2. Factor: below 1 only if the norm is above the limit.
    factor = np.minimum(max_norm / (norm + 1e-6), 1.0)

    # 3. Scale: every gradient by the same factor, so that the direction stays.
    clipped = {name: gradient * factor for name, gradient in gradients.items()}
    return clipped, norm
