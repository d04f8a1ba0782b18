"""Cross-entropy: how surprised the model is by the token that really comes next.

Source: Raschka, *Build a Large Language Model (From Scratch)*, section 5.1;
        Shannon 1948, "A Mathematical Theory of Communication".
Twin:   reference/losses/cross_entropy.py
"""

import torch.nn.functional as F
from jaxtyping import Float, Integer
from torch import Tensor


def cross_entropy(
    logits: Float[Tensor, "*B T V"],
    targets: Integer[Tensor, "*B T"],
    ignore_index: int = -100,
) -> Float[Tensor, ""]:
    """Average -log p(target), in nats, over the tokens whose target is not ignored.

    The mean is over *tokens*, whichever text they are in: PyTorch takes them below each
    other, as (N, V) and (N,). Where none counts, it is NaN, and the gradient is 0.

    >>> import torch
    >>> logits = torch.tensor([[0.25, 0.75], [0.5, 0.5]]).log()
    >>> cross_entropy(logits, torch.tensor([0, -100])).exp()
    tensor(4.)

    Raises:
        IndexError: a target is neither ignored nor in 0..V - 1.
    """
    # 1-3. Fused call: the logarithms of all probabilities, and the mean of those of
    # the targets. In low precision it sums in float32.
    rows, row_targets = logits.flatten(0, -2), targets.flatten().long()
    loss = F.cross_entropy(rows, row_targets, ignore_index=ignore_index)
    return loss
