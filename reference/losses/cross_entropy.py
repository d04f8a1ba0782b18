"""Cross-entropy: how surprised the model is by the token that really comes next.

Source: Raschka, *Build a Large Language Model (From Scratch)*, section 5.1;
        Shannon 1948, "A Mathematical Theory of Communication".
Twin:   torch_impl/losses/cross_entropy.py
"""

from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Integer


def cross_entropy(
    logits: Float[np.ndarray, "*B T V"],
    targets: Integer[np.ndarray, "*B T"],
    ignore_index: int = -100,
) -> np.floating[Any]:
    """Average -log p(target), in nats, over the tokens whose target is not ignored.

    The mean is over *tokens*, whichever text they are in. Where none counts, it is NaN,
    as PyTorch's is, and the gradient is 0.

    >>> logits = np.log([[0.25, 0.75], [0.5, 0.5]])
    >>> round(float(np.exp(cross_entropy(logits, np.array([0, -100])))), 12)
    4.0

    Raises:
        IndexError: a target is neither ignored nor in 0..V - 1.
    """
    counted = check_targets(logits, targets, ignore_index)  # (*B, T)

    # 1. Log-sum-exp: of the logits less their maximum, so that none overflows.
    # Subtracting the same number from all logits of a token changes no probability.
    shifted = logits - logits.max(axis=-1, keepdims=True)  # (*B, T, V)
    log_sum_exp = np.log(np.exp(shifted).sum(axis=-1))  # (*B, T)

    # 2. Token losses: log Σ exp(logits) - logits[target], 0 for one that is ignored.
    index = np.where(counted, targets, 0)[..., None]
    target_logits = np.take_along_axis(shifted, index, axis=-1)[..., 0]  # (*B, T)
    token_losses = np.where(counted, log_sum_exp - target_logits, 0.0)  # (*B, T)

    # 3. Mean: over the tokens that count.
    with np.errstate(invalid="ignore"):  # 0 / 0
        loss = token_losses.sum() / int(counted.sum())
    return loss


def cross_entropy_backward(
    grad_loss: np.floating[Any] | Float[np.ndarray, ""] | float,
    logits: Float[np.ndarray, "*B T V"],
    targets: Integer[np.ndarray, "*B T"],
    ignore_index: int = -100,
) -> Float[np.ndarray, "*B T V"]:
    """Return the gradient of the logits; a token that is ignored has none.

    >>> cross_entropy_backward(1.0, np.log([[0.25, 0.75]]), np.array([0]))
    array([[-0.75,  0.75]])
    """
    counted = check_targets(logits, targets, ignore_index)  # (*B, T)

    # 3. loss = Σ token_losses / n: each of the n tokens that count has an equal share.
    grad_loss = np.asanyarray(grad_loss, logits.dtype)
    share = grad_loss / max(int(counted.sum()), 1)
    grad_token_losses = np.where(counted, share, 0.0)  # (*B, T)

    # 1-2. token_losses = log Σ exp(logits) - logits[target]: softmax less the one-hot
    # vector of the target.
    exps = np.exp(logits - logits.max(axis=-1, keepdims=True))  # (*B, T, V)
    probabilities = exps / exps.sum(axis=-1, keepdims=True)  # (*B, T, V)
    one_hot = np.arange(logits.shape[-1]) == targets[..., None]  # (*B, T, V)
    grad_logits = grad_token_losses[..., None] * (probabilities - one_hot)
    return grad_logits  # (*B, T, V)


def check_targets(
    logits: Float[np.ndarray, "*B T V"],
    targets: Integer[np.ndarray, "*B T"],
    ignore_index: int,
) -> Bool[np.ndarray, "*B T"]:
    """Check that every target that counts is in the vocabulary; return which count.

    The words are PyTorch's.
    """
    counted = targets != ignore_index  # (*B, T)
    outside = targets[counted & ((targets < 0) | (targets >= logits.shape[-1]))]
    if outside.size:
        raise IndexError(f"Target {outside[0]} is out of bounds.")
    return counted
