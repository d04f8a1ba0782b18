"""Softmax: scores become weights that are positive and sum to one.

Source: Bridle 1990, "Probabilistic Interpretation of Feedforward Classification
        Network Outputs, with Relationships to Statistical Pattern Recognition".
Twin:   torch.nn.functional.softmax
"""

import numpy as np
from jaxtyping import Float


def softmax(scores: Float[np.ndarray, "*B S"]) -> Float[np.ndarray, "*B S"]:
    """Turn the last axis into weights. A row whose scores are all -inf has weights 0.

    Differs from PyTorch there: its softmax of such a row is NaN.

    >>> softmax(np.array([0.0, np.log(3.0), -np.inf]))
    array([0.25, 0.75, 0.  ])
    """
    # 1. Exponentials: of the scores less the row's maximum, so that none overflows.
    # Subtracting the same number from a whole row changes no weight.
    row_max = scores.max(axis=-1, keepdims=True, initial=-np.inf)
    exps = np.exp(scores - np.where(np.isfinite(row_max), row_max, 0.0))

    # 2. Normalize: divide by the row's sum, so that weights sum to one.
    row_sum = exps.sum(axis=-1, keepdims=True)
    weights = exps / np.where(row_sum == 0, 1.0, row_sum)
    return weights


def softmax_backward(
    grad_weights: Float[np.ndarray, "*B S"], weights: Float[np.ndarray, "*B S"]
) -> Float[np.ndarray, "*B S"]:
    """Return the gradient of the scores: ds = w (dw - Σ w dw), row by row.

    >>> softmax_backward(np.array([1.0, 0.0]), weights=np.array([0.5, 0.5]))
    array([ 0.25, -0.25])
    """
    weighted_mean = (weights * grad_weights).sum(axis=-1, keepdims=True)
    return weights * (grad_weights - weighted_mean)
